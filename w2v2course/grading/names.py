"""Which functions a notebook makes, by its syntax: only these are run, and only their references are hidden."""

import ast
from collections.abc import Iterable

from IPython.core.inputtransformer2 import TransformerManager


def parse(source: str) -> ast.Module:
    """The tree of a cell; magics are turned into calls first, as IPython does.

    Raises:
        SyntaxError, or whatever the parser raises: this is no Python.
    """
    return ast.parse(TransformerManager().transform_cell(source))


def made(cells: Iterable[str]) -> set[str]:
    """Every name that a cell defines, assigns or imports, at any depth."""
    found: set[str] = set()
    for source in cells:
        try:
            for node in ast.walk(parse(source)):
                found |= _names(node)
        except (Exception, RecursionError):  # no Python, or nested beyond measure: it will not run either
            continue
    return found


def _names(node: ast.AST) -> set[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Name(id=name, ctx=ast.Store()):
            return {name}
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {name.asname or name.name for name in names}
    return set()
