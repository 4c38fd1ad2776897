"""`check.<function>(candidate)`: is this function right, and if not, why?"""

import difflib
import inspect
import os
from collections.abc import Callable
from functools import partial

import torch

from w2v2course.exercises import registry
from w2v2course.exercises.card import Result
from w2v2course.exercises.judge import Try, judge
from w2v2course.exercises.plain import Plain, Raised, attempt, fresh, plain
from w2v2course.exercises.specification import Case, Exercise
from w2v2course.exercises.trouble import is_stub, raised

GRADING = "W2V2COURSE_GRADING"  # set to 1 while a notebook is graded: check then says nothing


class Check:
    """One attribute for each exercise: ``check.frame_count(frame_count)`` runs its public cases.

    It shows a card, green or red, and never raises, whatever the candidate does; only an interruption passes.
    """

    def __init__(self) -> None:
        self._passed: set[str] = set()

    def __getattr__(self, name: str) -> Callable[[object], Result | None]:
        if name.startswith("_"):
            raise AttributeError(name)
        if os.environ.get(GRADING) == "1":
            return lambda *candidate: None
        known = registry.exercises()
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"; did you mean check.{near[0]}?" if near else "; dir(check) lists all"
            raise AttributeError(f"no exercise is called {name}{meant}")
        return partial(self._run, known[name])

    def __call__(self, candidate: object) -> Result | None:
        """``check(frame_count)`` is ``check.frame_count(frame_count)``: by the function's own name.

        Raises:
            TypeError: what is passed has no name.
            AttributeError: no exercise has that name.
        """
        if os.environ.get(GRADING) == "1":
            return None
        name = getattr(candidate, "__name__", None)
        if not isinstance(name, str):
            raise TypeError("pass the function itself, without calling it: check.frame_count(frame_count)")
        return getattr(self, name)(candidate)

    def __dir__(self) -> list[str]:
        return list(registry.exercises())

    def _run(self, exercise: Exercise, candidate: object = None) -> Result:
        try:
            status, lines = examine(exercise, candidate)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            status, lines = "failed", (f"could not be checked: {raised(error, None).name}. Restart the kernel.",)
        if status == "passed":
            self._passed.add(exercise.function)
        else:
            self._passed.discard(exercise.function)
        advised = lines[0] in {mistake.message for mistake in exercise.mistakes}
        return Result(exercise.function, status, lines, self._progress(exercise.function), advised)

    def _progress(self, function: str) -> str:
        names = [exercise.function for exercise in registry.notebook(registry.notebook_of(function))]
        return f"{len(self._passed.intersection(names))} of {len(names)} in this notebook"


def examine(exercise: Exercise, candidate: object) -> tuple[str, tuple[str, ...]]:
    """Run the public cases: the status and what to say."""
    if not callable(candidate):
        name = exercise.function
        return "failed", (f"pass the function itself, without calling it: check.{name}({name})",)
    cases = [case for case in exercise.cases if not case.hidden]
    # Inputs and expected values are made before the candidate runs: it may change PyTorch's settings, or PyTorch.
    given = [arguments(case, seed) for seed, case in enumerate(cases)]
    expected = [attempt(exercise.reference, values) for values in given]
    tries: list[Try] = []
    for case, values, right in zip(cases, given, expected, strict=True):
        handed = tuple(fresh(value) for value in values)
        got, stub = _call(exercise, candidate, handed)
        if stub and not tries:
            return "not attempted", ("not attempted yet",)
        tries.append(Try(case.id, values, right, got, handed))
        if isinstance(got, Raised):
            break
    found = judge(exercise, tries)
    if found is None:
        return "passed", (f"right in all {len(cases)} cases" if len(cases) > 1 else "right",)
    index, finding = found
    before = f", after {index} right one{'s' * (index > 1)}" if index else ""
    place = f"case '{tries[index].case}'{before}"
    return "failed", tuple(line for line in (finding.advice, finding.message, _signature(exercise, got), place) if line)


def _signature(exercise: Exercise, got: Plain) -> str:
    """What to say where a function could not be called with the case's arguments."""
    if isinstance(got, Raised) and got.name == "TypeError" and not got.where and "argument" in got.message:
        return f"Keep the stub's arguments: {', '.join(inspect.signature(exercise.reference).parameters)}."
    return ""


def arguments(case: Case, seed: int) -> tuple:
    """The arguments of a case, from a seed."""
    return tuple(case.make(torch.Generator().manual_seed(seed)))


def _call(exercise: Exercise, candidate: Callable, handed: tuple) -> tuple[Plain, bool]:
    """The candidate's plain value, or what it raised; and whether that is the stub's own exception."""
    try:
        return plain(candidate(*handed)), False
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return raised(error, candidate), is_stub(error, exercise.function)


check = Check()
