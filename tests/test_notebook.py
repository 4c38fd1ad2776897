import subprocess
import sys

import pytest
import torch

from w2v2course import notebook
from w2v2course.attention import SelfAttention, attention


def test_shown_source_is_the_code_less_its_docstring():
    shown = notebook.show_source(attention)
    assert repr(shown).startswith("def attention(query: Tensor") and '"""' not in repr(shown)
    assert "softmax(dim=-1)" in repr(shown)
    assert '"""Scaled dot-product attention' in repr(notebook.show_source(attention, docstrings=True))


def test_shown_source_still_compiles():
    for thing in (attention, SelfAttention, SelfAttention.forward, notebook.Source):
        compile(repr(notebook.show_source(thing)), "shown", "exec")


def test_shown_source_has_colours_on_a_page():
    page = notebook.show_source(attention)._repr_html_()
    assert page.startswith('<div class="highlight') and '<span class="k">def</span>' in page


def test_what_has_no_source_gets_a_sentence():
    with pytest.raises(TypeError, match="has no Python source to show"):
        notebook.show_source(torch.add)


def test_device_is_the_best_there_is():
    best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert notebook.device == torch.device(best)


def test_importing_the_package_draws_nothing_in():
    """Matplotlib, numba, transformers and the like are imported by what needs them, not by the package."""
    code = (
        "import sys, torch; before = set(sys.modules); import w2v2course, w2v2course.attention, w2v2course.speech; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"matplotlib", "numba", "transformers", "IPython", "ipywidgets", "soundfile"} & set(found)
