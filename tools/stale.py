"""When a notebook is stale: its code cells, or the package's code and data that they reach, changed."""

import ast
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "w2v2course"


def stale_key(code: Iterable[str], also: Iterable[str] = ()) -> str:
    """A hash of code cells and of every package file that they can reach by imports or by name.

    Args:
        code: the cells' code, without the set-up cell.
        also: imports that happen though no such cell says so.
    """
    code = list(code)
    digest = hashlib.sha256("\0".join(code).encode())
    for path in reached([*code, *also]):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def reached(code: list[str]) -> list[Path]:
    """Package files behind pieces of code: modules imported, theirs in turn, and data that they name in a string."""
    found, waiting = set(), list(code)
    while waiting:
        tree = ast.parse(re.sub(r"^\s*[%!].*$", "", waiting.pop(), flags=re.M))
        for path in imported(tree) | named(tree, found):
            if path not in found:
                found.add(path)
                if path.suffix == ".py":
                    waiting.append(path.read_text(encoding="utf-8"))
    return sorted(found)


def imported(tree: ast.AST) -> set[Path]:
    """Files of the package's modules that a piece of code imports."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    paths = set()
    for name in names:
        parts = name.split(".")
        if parts[0] == PACKAGE.name:
            for depth in range(1, len(parts) + 1):
                base = PACKAGE.joinpath(*parts[1:depth])
                paths |= {path for path in (base / "__init__.py", base.with_suffix(".py")) if path.is_file()}
    return paths


def named(tree: ast.AST, modules: set[Path]) -> set[Path]:
    """Data files of the package whose name, or whose folder's name, stands in a string."""
    folders = {PACKAGE, *(module.parent for module in modules)}
    paths = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[\w.-]+", node.value):
            for base in (folder / node.value for folder in folders):
                if base.is_dir() and not (base / "__init__.py").exists():
                    paths |= {path for path in base.rglob("*") if path.suffix in (".json", ".csv")}
                if base.is_file() and base.suffix != ".py":
                    paths.add(base)
                    # An explorer's script has a style sheet of its name beside it.
                    paths |= {style for style in [base.with_suffix(".css")] if base.suffix == ".js" and style.is_file()}
    return paths
