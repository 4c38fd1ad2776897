"""A copy of the package for the sandbox: without what gives the exercises away that are being graded.

Left out: the exercises' cases, references and mistakes, the grader except for its worker, and the body of each function
of the package that a reference uses. All else works, so that a notebook's other cells run; `check` is there and inert.
"""

import ast
import compileall
import dis
import inspect
import shutil
import types
from collections.abc import Callable, Iterable
from pathlib import Path

from torch import nn

import w2v2course
from w2v2course.exercises.specification import Exercise

PACKAGE = Path(w2v2course.__file__).parent
# What the sandbox sees of the exercises (how values become plain, and an inert check) and of the grader.
EXERCISES = (
    *("__init__", "card", "checking", "compare", "fixtures", "judge", "nan", "plain", "registry", "say"),
    *("specification", "trouble"),
)
GRADING = ("__init__", "syscalls", "wire", "worker")
Named = tuple[str, str]  # module, function or class


def hidden_functions(exercises: Iterable[Exercise]) -> frozenset[Named]:
    """What of the package the sandbox must not have: references, less what exercises give and what that needs."""
    asked = list(exercises)
    needed: set[Named] = set()
    for exercise in asked:
        for function in exercise.given:
            _needs(function, needed)
    return reference_functions(asked) - needed


def reference_functions(exercises: Iterable[Exercise]) -> frozenset[Named]:
    """The package's functions that the references of these exercises are, or call by name."""
    found: set[Named] = set()
    for exercise in exercises:
        _collect(exercise.reference, found, set())
    return frozenset(found)


def _needs(function: Callable, found: set[Named]) -> None:
    """Add a function of the package, and those of the package that it calls by name, theirs too."""
    function = inspect.unwrap(function)
    if not isinstance(function, types.FunctionType) or not _of_package(function.__module__):
        return
    name = (function.__module__, function.__qualname__)
    if name in found:
        return
    found.add(name)
    for used in _names(function.__code__)[0]:
        value = function.__globals__.get(used)
        if callable(value):
            _needs(value, found)


# Used by everything, and no exercise: a wrapper that calls a validator does not hide it.
COMMON = ("config", "exercises", "grading", "lengths", "notebook", "plots", "speech", "vocabulary")


def _collect(function: Callable, found: set[Named], seen: set[int]) -> None:
    function = inspect.unwrap(function)
    module = getattr(function, "__module__", None) or ""
    if id(function) in seen:
        return
    seen.add(id(function))
    if _of_package(module):
        if isinstance(function, types.FunctionType) or (isinstance(function, type) and issubclass(function, nn.Module)):
            found.add((module, function.__qualname__.split(".")[0]))
        return
    if not isinstance(function, types.FunctionType):
        return
    # A wrapper written for the exercise: look through it at what it calls, `table.forward_table` too.
    names, attributes = _names(function.__code__)
    values = [function.__globals__[name] for name in names if name in function.__globals__]
    values += [cell.cell_contents for cell in function.__closure__ or ()]
    modules = [value for value in values if isinstance(value, types.ModuleType)]
    values += [getattr(one, name) for one in modules for name in attributes if hasattr(one, name)]
    for value in values:
        home = str(getattr(value, "__module__", None))
        if callable(value) and (home.startswith("w2v2course.") or home == module):
            _collect(value, found, seen)


def _names(code: types.CodeType) -> tuple[set[str], set[str]]:
    """The global names and the attributes that a function uses, those of functions inside it too."""
    names, attributes = set(), set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            names.add(instruction.argval)
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            attributes.add(instruction.argval)
        elif isinstance(instruction.argval, types.CodeType):
            inner = _names(instruction.argval)
            names, attributes = names | inner[0], attributes | inner[1]
    return names, attributes


def _of_package(module: str) -> bool:
    root, _, rest = module.partition(".")
    return root == "w2v2course" and rest.split(".")[0] not in COMMON


def masked_package(folder: Path, hidden: Iterable[Named]) -> Path:
    """Write the copy below a folder; its path, which bears the package's name."""
    copy = folder / "w2v2course"

    def left_out(place: str, names: list[str]) -> set[str]:
        path = Path(place)
        allowed = {PACKAGE / "exercises": EXERCISES, PACKAGE / "grading": GRADING}.get(path)
        if allowed is not None:
            return {name for name in names if name not in {f"{stem}.py" for stem in allowed}}
        return {"__pycache__"}

    shutil.copytree(PACKAGE, copy, ignore=left_out)
    for module in {module for module, _ in hidden}:
        path = copy.joinpath(*module.split(".")[1:])
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        path.write_text(without_bodies(path.read_text("utf-8"), {name for m, name in hidden if m == module}), "utf-8")
    compileall.compile_dir(copy, quiet=2, workers=1)
    return copy


def without_bodies(source: str, names: set[str]) -> str:
    """Source in which the named functions, and the methods of the named classes, only raise."""
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in names:
            functions: list[ast.stmt] = node.body if isinstance(node, ast.ClassDef) else [node]
            for function in functions:
                if isinstance(function, ast.FunctionDef):
                    words = f"{node.name} cannot be used in this notebook: it is the exercise that is being graded"
                    function.body = ast.parse(f"raise RuntimeError({words!r})").body
    return ast.unparse(tree)
