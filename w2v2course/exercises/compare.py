"""Is an answer right, and if not, what would a teacher say? One comparison for notebook and grader.

It works on plain values (`w2v2course.exercises.plain`) in float64 NumPy: whatever a candidate did to torch or to
its own classes, it has no part in it.
"""

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2v2course.exercises.nan import likely_cause
from w2v2course.exercises.plain import Array, Foreign, Plain, Raised, plain
from w2v2course.exercises.say import number, shape_of, show
from w2v2course.exercises.specification import Exercise


@dataclass(frozen=True)
class Finding:
    """What is wrong with an answer.

    Attributes:
        kind: "none", "type", "shape", "length", "value", "nan", "changed", "raised" or "not attempted".
        message: the sentence for the learner.
        mistake: name of the mistake that was recognised (`judge`), or nothing.
        advice: what that mistake's message says.
    """

    kind: str
    message: str
    mistake: str = ""
    advice: str = ""


def compare(exercise: Exercise, arguments: Sequence, expected: object, got: object) -> Finding | None:
    """None if the answer is right, else what is wrong with it.

    Numbers are right within ``exercise.rtol`` and ``atol``, integers exactly, whatever their size. The dtype is free
    (float32 for float64, a 0-dimensional tensor for a number), except that a mask must be boolean.

    Args:
        exercise: what was asked.
        arguments: what the function was called with, for the sentence.
        expected, got: values of any kind, plain ones or not.
    """
    expected, got = plain(expected), plain(got)
    found = difference(expected, got, exercise.rtol, exercise.atol)
    if found is None:
        return None
    kind, place, said = found
    call = describe(exercise, arguments)
    if kind == "nan":
        said += f": {likely_cause(arguments)}"
    if kind == "value":
        return Finding(kind, f"{call}{', ' * bool(call and place)}{place}{': ' * bool(call or place)}{said}")
    said = f"{place}: {said}" if place else said
    return Finding(kind, f"{said} (for {call})" if call else said)


def changed(exercise: Exercise, before: Sequence, after: Sequence) -> Finding | None:
    """Whether a function wrote to what it was handed.

    Args:
        exercise: what was asked.
        before, after: the arguments as they were, and as they are.
    """
    names = _names(exercise, before)
    for name, old, new in zip(names, before, after, strict=True):
        if not callable(old) and difference(plain(old), plain(new), 0.0, 0.0) is not None:
            return Finding(
                "changed",
                f"the function changed its input {name} in place: whoever called it loses it. "
                f"Work on a copy ({name}.clone() for a tensor), or use operations that give a new one",
            )
    return None


def describe(exercise: Exercise, arguments: Sequence) -> str:
    """``T=1, d=2``: the call in a few words, by the reference's parameter names; values where they are short."""
    words = []
    for name, value in zip(_names(exercise, arguments), arguments, strict=True):
        text = getattr(value, "__name__", "a function") if callable(value) else show(plain(value))
        size = re.fullmatch(r"a (?:tensor|list) (of (?:shape \(.*\)|\d+ items?))", text)
        words.append(f"{name} {size[1]}" if size else f"{name}={text}")
    return ", ".join(words)


def _names(exercise: Exercise, arguments: Sequence) -> list[str]:
    names = list(inspect.signature(exercise.reference).parameters)
    return names[: len(arguments)] + [f"argument {i + 1}" for i in range(len(names), len(arguments))]


def difference(expected: Plain, got: Plain, rtol: float, atol: float) -> tuple[str, str, str] | None:
    """The first difference of two plain values: its kind, its place, what there is to say; None if there is none."""
    if isinstance(got, Raised) or isinstance(expected, Raised):
        same = isinstance(got, Raised) and isinstance(expected, Raised) and got.name == expected.name
        return None if same else ("raised", "", _raised(expected, got))
    if expected is None:
        return None if got is None else ("type", "", f"expected None, got {show(got)}")
    if got is None:
        return "none", "", "returned None (forgot return?)"
    if isinstance(got, Foreign):
        return "type", "", f"expected {_kind(expected)}, got {got.name}" + (f" ({got.advice})" if got.advice else "")
    if isinstance(expected, str) or isinstance(got, str):
        return _strings(expected, got)
    if isinstance(expected, list):
        return _sequences(expected, got, rtol, atol)
    if isinstance(expected, Array) and expected.values.ndim:
        return _arrays(expected, got, rtol, atol)
    return _numbers(expected, got, rtol, atol)


def _strings(expected: Plain, got: Plain) -> tuple[str, str, str] | None:
    if isinstance(expected, str) and isinstance(got, str):
        return None if expected == got else ("value", "", f"expected {show(expected)}, got {show(got)}")
    return "type", "", f"expected {_kind(expected)}, got {_kind(got)}: {show(got)}"


def _sequences(expected: list, got: Plain, rtol: float, atol: float) -> tuple[str, str, str] | None:
    if isinstance(got, Array) and got.values.ndim:  # a tensor where a list was asked for: its rows are the items
        got = [Array(row, got.dtype) if np.ndim(row) else row.item() for row in got.values]
    if not isinstance(got, list):
        return "type", "", f"expected {_kind(expected)}, got {_kind(got)}"
    if len(expected) != len(got):
        return "length", "", f"expected {_kind(expected)}, got {_kind(got)}: {show(got)}"
    for index, (theirs, ours) in enumerate(zip(got, expected, strict=True)):
        found = difference(ours, theirs, rtol, atol)
        if found is not None:
            kind, place, said = found
            if kind == "none":
                said = "is None"
            order = ""
            if kind == "value" and not place and sorted(map(show, expected)) == sorted(map(show, got)):
                order = " (the same items, in another order)"
            return kind, f"item {index}{', ' * bool(place)}{place}", said + order
    return None


def _arrays(expected: Array, got: Plain, rtol: float, atol: float) -> tuple[str, str, str] | None:
    if isinstance(got, list):
        return "type", "", f"expected {_kind(expected)}, got {_kind(got)} (torch.stack makes a tensor of several)"
    if not isinstance(got, Array):
        got = Array(np.asarray(got, dtype=np.float64), "number")
    ours, theirs = expected.values, got.values
    if ours.shape != theirs.shape:
        hint = ""
        if ours.ndim > 1 and sorted(ours.shape) == sorted(theirs.shape):
            hint = "; the same sizes in another order: look at transpose and reshape"
        return "shape", "", f"shape: expected {shape_of(ours)}, got {shape_of(theirs)}{hint}"
    if (ours.dtype == np.bool_) != (theirs.dtype == np.bool_):
        return "type", "", f"dtype: expected {expected.dtype}, got {got.dtype}"
    if ours.dtype.kind == theirs.dtype.kind == "i":
        wrong = ours != theirs
    else:
        ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
        news = np.isnan(theirs) & ~np.isnan(ours)
        if news.any():
            place = _place(np.argwhere(news)[0])
            if news.all():
                return "nan", "", "every number is NaN"
            return "nan", "", f"{news.sum()} of {news.size} numbers are NaN, the first {place}"
        wrong = ~_close(ours, theirs, rtol, atol)
    if not wrong.any():
        return None
    first = tuple(np.argwhere(wrong)[0])
    said = _pair(ours[first].item(), theirs[first].item())
    return "value", _place(first), said + (f" ({wrong.sum()} of {wrong.size} numbers differ)" if wrong.size > 1 else "")


def _numbers(expected: Plain, got: Plain, rtol: float, atol: float) -> tuple[str, str, str] | None:
    if isinstance(got, list) or (isinstance(got, Array) and got.values.ndim):
        return "type", "", f"expected a number, got {_kind(got)}"
    exact = isinstance(expected, int)
    ours, theirs = (v.values.item() if isinstance(v, Array) else v for v in (expected, got))
    if exact and isinstance(theirs, int):
        return None if ours == theirs else ("value", "", _pair(ours, theirs))
    if theirs != theirs and ours == ours:
        return "nan", "", "the result is NaN"
    if exact and abs(ours) > 2**53:
        return "value", "", f"expected the exact integer {number(ours)}, got {number(theirs)}, which is rounded"
    try:
        ours_, theirs_ = np.float64(ours), np.float64(theirs)
    except OverflowError:
        return "value", "", _pair(ours, theirs)
    close = ours_ == theirs_ if exact else bool(_close(ours_, theirs_, rtol, atol))
    return None if close else ("value", "", _pair(ours, theirs))


def _close(expected: np.ndarray, got: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(got - expected) <= atol + rtol * np.abs(expected)
        near &= np.isfinite(expected) & np.isfinite(got)
    return near | (got == expected) | (np.isnan(got) & np.isnan(expected))


def _pair(expected: float, got: float) -> str:
    ours, theirs = number(expected), number(got)
    if ours == theirs:  # they differ behind the last digit shown
        ours, theirs = number(expected, exact=True), number(got, exact=True)
    grown = got in (float("inf"), -float("inf")) and abs(expected) != float("inf")
    return f"expected {ours}, got {theirs}" + (", from a division by zero or an overflow" if grown else "")


def _place(index: Sequence[int]) -> str:
    return f"at ({', '.join(str(int(i)) for i in index)}{',' * (len(index) == 1)})"


def _kind(value: Plain) -> str:
    if isinstance(value, Array) and value.values.ndim:
        return f"a tensor of shape {shape_of(value.values)}"
    if isinstance(value, list):
        return f"a list of {len(value)} item{'s' * (len(value) != 1)}"
    if isinstance(value, str):
        return "a string"
    return "a number"


def _raised(expected: Plain, got: Plain) -> str:
    if isinstance(got, Raised):
        where = f" in {got.where}" if got.where else ""
        return f"{got.name}{where}{': ' * bool(got.message)}{got.message}"
    return f"expected a {expected.name} ({expected.message}), got {show(got)}"
