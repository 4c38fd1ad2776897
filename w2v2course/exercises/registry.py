"""Which exercises there are, by function name, and in which notebook. Chapters are imported when first asked for."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec

from w2v2course.exercises.specification import Exercise

# In the order of the course; `context-network` is the module `context_network`.
NOTEBOOKS = (
    "frames",
    "order",
    "clocks",
    "neighbours",
    "race",
    "context-network",
    "alignments",
    "trellis",
    "learning",
    "decoding",
    "spans",
)


@cache
def notebook(name: str) -> tuple[Exercise, ...]:
    """The exercises of one notebook, in its order; none if its module is not there."""
    module = f"{__package__}.{name.replace('-', '_')}"
    return import_module(module).EXERCISES if find_spec(module) else ()


@cache
def _all() -> dict[str, tuple[Exercise, str]]:
    found: dict[str, tuple[Exercise, str]] = {}
    for name in NOTEBOOKS:
        for exercise in notebook(name):
            if exercise.function in found:
                raise ValueError(
                    f"two exercises are called {exercise.function}, in {found[exercise.function][1]} and in {name}; "
                    "exercises are known by function name, so rename one"
                )
            found[exercise.function] = exercise, name
    return found


def exercises() -> dict[str, Exercise]:
    """Every exercise of the course by function name, in the course's order."""
    return {function: exercise for function, (exercise, _) in _all().items()}


def notebook_of(function: str) -> str:
    """The notebook that asks for a function, such as ``"context-network"``.

    Raises:
        KeyError: no exercise is called so.
    """
    return _all()[function][1]
