"""Exercises for the grader's tests: few, quick, of every kind of value, independent of the course's own."""

import torch
from torch import Tensor

from w2v2course.attention import attention as package_attention
from w2v2course.ctc import alignments
from w2v2course.exercises.specification import Case, Exercise, Mistake


def attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """What the package's attention gives, without the weights."""
    return package_attention(query, key, value)[0]


def count_paths(target: list[int], frames: int) -> int:
    """How many alignments there are."""
    return alignments.count_alignments(target, frames)


def collapse(path: str) -> str:
    """Merge repeats, drop blanks."""
    return "".join(alignments.collapse(path, blank="-"))


def unscaled(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention that forgot to divide."""
    return (query @ key.mT).softmax(-1) @ value


def _inputs(generator: torch.Generator, frames: int, dim: int) -> tuple[Tensor, ...]:
    return tuple(torch.randn(frames, dim, generator=generator) for _ in range(3))


def _path(generator: torch.Generator, frames: int) -> tuple[str]:
    return ("".join("-ab"[i] for i in torch.randint(0, 3, (frames,), generator=generator).tolist()),)


EXERCISES = {
    exercise.function: exercise
    for exercise in (
        Exercise(
            "attention",
            cases=(
                Case("one frame", lambda g: _inputs(g, 1, 2)),
                Case("three frames", lambda g: _inputs(g, 3, 4)),
                Case("seven frames", lambda g: _inputs(g, 7, 8), hidden=True),
                Case("eight frames", lambda g: _inputs(g, 8, 16), hidden=True),
            ),
            reference=attention,
            rtol=1e-4,
            atol=1e-5,
            points=4,
            mistakes=(Mistake("no scaling", unscaled, "The scores are not divided by the root of the width."),),
        ),
        Exercise(
            "count_paths",
            cases=(
                Case("CAB in four frames", lambda _: ([3, 1, 2], 4)),
                Case("too long to list", lambda _: ([1, 2] * 100, 999), hidden=True),
            ),
            reference=count_paths,
            points=2,
        ),
        Exercise(
            "collapse",
            cases=(
                Case("one letter", lambda _: ("a",)),
                Case("two frames", lambda g: _path(g, 2)),
                Case("twenty frames", lambda g: _path(g, 20), hidden=True),
            ),
            reference=collapse,
            points=3,
        ),
    )
}
