"""What is asked, once for all submissions: the inputs from the secret seed, and the values expected.

Only `task` leaves the parent, and it holds inputs alone.
"""

import hashlib
import inspect
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property

import torch

import w2v2course
from w2v2course.exercises import registry
from w2v2course.exercises.plain import Plain, attempt
from w2v2course.exercises.specification import Exercise
from w2v2course.grading.mask import Named, hidden_functions, reference_functions
from w2v2course.grading.wire import pack


@dataclass(frozen=True)
class Assignment:
    """The exercises that are graded.

    Attributes:
        exercises: in the order of the columns.
        seed: the secret from which the inputs follow.
    """

    exercises: tuple[Exercise, ...]
    seed: bytes

    def __post_init__(self) -> None:
        functions = [exercise.function for exercise in self.exercises]
        if not functions or len(set(functions)) < len(functions):
            raise ValueError(f"exercises must be there and differ in name, but their names are {functions}")
        if not self.seed.strip():
            raise ValueError("the seed is empty; put a line that nobody can guess into the seed file")

    @cached_property
    def arguments(self) -> dict[str, list[tuple]]:
        """For each function, the arguments of each case."""
        return {
            exercise.function: [
                tuple(case.make(self._generator(exercise.function, case.id))) for case in exercise.cases
            ]
            for exercise in self.exercises
        }

    @cached_property
    def expected(self) -> dict[str, list[Plain]]:
        """For each function, the reference's value in each case."""
        return {
            exercise.function: [attempt(exercise.reference, values) for values in self.arguments[exercise.function]]
            for exercise in self.exercises
        }

    def _generator(self, function: str, case: str) -> torch.Generator:
        # Each case has its own stream: another exercise more or less changes none.
        digest = hashlib.sha256(b"\0".join([self.seed.strip(), function.encode(), case.encode()])).digest()
        return torch.Generator().manual_seed(int.from_bytes(digest[:7], "little"))

    def task(self, made: Collection[str]) -> tuple[object, bytes]:
        """What the worker is told: names of the functions that the notebook makes, the arguments of their cases."""
        return pack([[name, values] for name, values in self.arguments.items() if name in made])

    def hidden(self, made: Collection[str]) -> frozenset[Named]:
        """The package's functions that the sandbox of a notebook which makes these functions must not have."""
        return hidden_functions(exercise for exercise in self.exercises if exercise.function in made)

    def references(self, made: Collection[str]) -> set[str]:
        """Names of the package's functions that do what a notebook which makes these functions was asked for."""
        return {name for _, name in reference_functions(e for e in self.exercises if e.function in made)}

    def given(self, made: Collection[str]) -> set[str]:
        """Names of the package's functions that a notebook which makes these functions is meant to use."""
        return {function.__name__ for e in self.exercises if e.function in made for function in e.given}

    @cached_property
    def digest(self) -> bytes:
        """Changes when seed, cases, tolerances, points, a reference or the package's version do."""
        said = [
            [e.function, e.points, e.rtol, e.atol, [[case.id, case.hidden] for case in e.cases], _source(e.reference)]
            + [[mistake.name, mistake.message] for mistake in e.mistakes]
            for e in self.exercises
        ]
        text, tensors = self.task(list(self.arguments))
        told = json.dumps([w2v2course.__version__, said, text]).encode()
        return hashlib.sha256(self.seed.strip() + b"\0" + told + tensors).digest()

    def fingerprint(self, name: str, data: bytes) -> str:
        """Of one submission to this assignment, for the name of its record."""
        return hashlib.sha256(b"\0".join([self.digest, name.encode(), data])).hexdigest()[:16]


def _source(function: Callable) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return repr(getattr(function, "__qualname__", type(function).__name__))


def choose(wanted: str, exercises: dict[str, Exercise] | None = None) -> tuple[Exercise, ...]:
    """Exercises by function name or by notebook, separated by commas; all of the course if nothing is named.

    Raises:
        ValueError: a name is neither.
    """
    known = registry.exercises() if exercises is None else exercises
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    chosen: dict[str, Exercise] = {}
    for name in names or known:
        if name in known:
            chosen[name] = known[name]
        elif name in registry.NOTEBOOKS and registry.notebook(name):
            chosen |= {exercise.function: exercise for exercise in registry.notebook(name)}
        else:
            raise ValueError(f"no exercise and no notebook of exercises is called {name}; there are {', '.join(known)}")
    return tuple(chosen.values())
