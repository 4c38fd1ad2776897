import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from w2v2course.explorers.lab import Lab

CHOICES = {"taps": [3, 5], "base": [10_000, 100], "scheme": ["none", "<i>"]}


def double(taps, base, scheme):
    if scheme == "<i>":
        raise RuntimeError("no such <scheme>")
    return f"{taps} taps are {2 * taps}\nbase {base}"


def make():
    return Lab(double, CHOICES, "count with other taps", "a second")


def test_one_object_two_views():
    bundle = make()._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert bundle["text/plain"] == "taps = 3, base = 10,000, scheme = none\n3 taps are 6\nbase 10000"


def test_the_page_says_the_first_result_and_how_to_run_it():
    page = make()._html()
    assert page == make()._html()
    assert "3 taps are 6" in page and "5 taps" not in page
    assert make().invitation() == (
        "Open this chapter as a notebook, in Jupyter or Colab, to count with other taps (a second). "
        "To choose: taps: 3, 5; base: 10,000, 100; scheme: none, <i>."
    )
    assert "&lt;i&gt;" in page and "<i>" not in page and "<script" not in page


def test_the_form_runs_what_is_chosen():
    taps, _, scheme, button, shown = make()._live().children
    assert "3 taps are 6" in shown.value
    taps.value = 5
    assert "10" not in shown.value.split("base")[0], "nothing runs before the button"
    button.click()
    assert shown.value.index("5 taps are 10") < shown.value.index("3 taps are 6"), "newest first, older ones stay"
    assert not button.disabled and button.description == "Run"
    scheme.value = "<i>"
    button.click()
    assert "RuntimeError: no such &lt;scheme&gt;" in shown.value and not button.disabled


def test_a_page_says_the_band_and_the_form_the_number():
    def errors(steps):
        return {"in range": 4.04, "beyond": 20.0 + steps}

    lab = Lab(errors, {"steps": [5, 0, 50]}, "train", bands=(10, 20, 30), unit=" % wrong")
    assert repr(lab) == "steps = 5\nin range: under 10 % wrong\nbeyond: 20 to 30 % wrong"
    assert "25.0" not in lab._html()
    steps, button, shown = lab._live().children
    assert "in range: 4.0 % wrong\nbeyond: 25.0 % wrong" in shown.value
    steps.value = 50
    button.click()
    assert "beyond: 70.0 % wrong" in shown.value
    assert lab.words({"x": 70.0}, lab.bands) == "x: over 30 % wrong"


def test_without_ipywidgets_the_page_is_left(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert set(make()._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_in_a_kernel_it_stores_the_same_each_time():
    """As the chapters run it: the outputs without the live view are the same twice."""

    def outputs():
        code = "from w2v2course.explorers.lab import Lab\nLab(lambda taps: f'{taps}', {'taps': [3, 5]}, 'count')"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
        NotebookClient(notebook, kernel_name="python3", record_timing=False, store_widget_state=False).execute()
        (output,) = notebook.cells[0].outputs
        assert output.data.pop("application/vnd.jupyter.widget-view+json")["model_id"]
        return output

    assert outputs() == outputs()


def test_it_costs_nothing_at_import():
    code = "import sys, w2v2course.explorers.lab; sys.exit(any(m in sys.modules for m in ('ipywidgets', 'torch')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("run", "choices", "error", "message"),
    [
        ("run", CHOICES, TypeError, "run must be a function of the choices, but is a str"),
        (double, {}, ValueError, "choices must give every name"),
        (double, {"taps": []}, ValueError, "choices must give every name"),
    ],
)
def test_bad_input_gets_a_sentence(run, choices, error, message):
    with pytest.raises(error, match=message):
        Lab(run, choices, "x")
