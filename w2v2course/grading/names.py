"""Which functions a notebook makes, by its syntax: only these are run, and only their references are hidden."""

import ast
import re
from collections.abc import Iterable

from IPython.core.inputtransformer2 import TransformerManager

MAGIC = re.compile(r"^([ \t]*)(?:[%!?].*|.*\?)$", re.M)  # a line that is a magic, a shell command or a question
ASSIGNED = re.compile(r"=[ \t]*[%!].*$", re.M)
SHORT = 10_000


def parse(source: str) -> ast.Module:
    """The tree of a cell, which may hold magics.

    Raises:
        SyntaxError, or whatever the parser raises: this is no Python.
    """
    try:
        return _tree(source)
    except SyntaxError:
        pass
    try:
        return _tree(MAGIC.sub(r"\1pass", ASSIGNED.sub("= None", source)))
    except SyntaxError:
        if len(source) > SHORT:  # IPython's own way takes minutes for a long cell made to that end
            raise
    return _tree(TransformerManager().transform_cell(source))


def _tree(source: str) -> ast.Module:
    return compile(source, "<cell>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


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
