"""What the chapters' set-up cell brings in and readers need not read: device, style, the tested code as it stands."""

import ast
import inspect
import textwrap
from typing import Any

import torch

from w2v2course import plots


def _device() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


device = _device()
plots.use_style()


class Source:
    """Code that a notebook shows: coloured where the page has colours for it, plain elsewhere."""

    def __init__(self, code: str):
        self.code = code

    def __repr__(self) -> str:
        return self.code

    def _repr_html_(self) -> str:
        from pygments import highlight
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import PythonLexer

        # tabindex: a block that scrolls sideways must be reachable by keyboard.
        coloured = highlight(self.code, PythonLexer(), HtmlFormatter(nowrap=True))
        return f'<div class="highlight w2v2-source"><pre tabindex="0">{coloured}</pre></div>'


def show_source(obj: Any, docstrings: bool = False) -> Source:
    """The package's own code of a function or class, so that page and package cannot drift apart.

    Args:
        obj: a function, class or method of the package.
        docstrings: keep them; by default each is left out, to fit a screen.

    Raises:
        TypeError: obj has no Python source.
    """
    try:
        code = textwrap.dedent(inspect.getsource(obj))
    except (OSError, TypeError):
        raise TypeError(f"{obj!r} has no Python source to show; pass a function or a class of the package") from None
    return Source(code.rstrip() if docstrings else _without_docstrings(code))


def _without_docstrings(code: str) -> str:
    lines: list[str | None] = list(code.splitlines())
    for node in ast.walk(ast.parse(code)):
        if (
            isinstance(node, ast.FunctionDef | ast.ClassDef)
            and ast.get_docstring(node) is not None
            and len(node.body) > 1
        ):
            first = node.body[0]
            after = first.end_lineno or first.lineno
            for number in range(first.lineno - 1, after):
                lines[number] = None
            if isinstance(node, ast.ClassDef) and after < len(lines) and lines[after] == "":
                lines[after] = None
    return "\n".join(line for line in lines if line is not None).rstrip()
