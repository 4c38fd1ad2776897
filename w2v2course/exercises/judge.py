"""From the values of all cases to one finding, with the named mistake behind it where one is recognised."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from w2v2course.exercises.compare import Finding, changed, compare, difference
from w2v2course.exercises.plain import Plain, attempt
from w2v2course.exercises.specification import Exercise, Mistake


@dataclass(frozen=True)
class Try:
    """One case, run.

    Attributes:
        case: its id.
        arguments: what the function was called with, as it was before.
        expected: the reference's plain value.
        got: the candidate's plain value, or what it raised (`Raised`).
        after: the arguments as they were after the call; None: not known.
    """

    case: str
    arguments: Sequence
    expected: Plain
    got: Plain
    after: Sequence | None = None


def judge(exercise: Exercise, tries: Sequence[Try]) -> tuple[int, Finding] | None:
    """The first try that went wrong, and what went wrong; None if every one is right.

    A mistake is recognised where it gives what the candidate gave in *every* try; small inputs alone can be alike.

    Args:
        exercise: what was asked.
        tries: cases that were run, from the smallest on; they may end with the first that raised.

    Returns:
        The index into ``tries`` and the finding.
    """
    for index, one in enumerate(tries):
        found = compare(exercise, one.arguments, one.expected, one.got)
        if found is None and one.after is not None:
            found = changed(exercise, one.arguments, one.after)
        if found is not None:
            mistake = None if found.kind == "changed" else recognise(exercise, tries)
            return index, replace(found, mistake=mistake.name, advice=mistake.message) if mistake else found
    return None


def recognise(exercise: Exercise, tries: Sequence[Try]) -> Mistake | None:
    """The named mistake that gives what the candidate gave in every try and not always the reference's value."""
    for mistake in exercise.mistakes:
        differs = False
        for one in tries:
            value = attempt(mistake.function, one.arguments)
            if difference(value, one.got, exercise.rtol, exercise.atol) is not None:
                break
            differs |= difference(one.expected, value, exercise.rtol, exercise.atol) is not None
        else:
            if differs:
                return mistake
    return None
