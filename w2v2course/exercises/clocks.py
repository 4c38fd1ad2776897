"""Exercises of the notebook `clocks`."""

import math

import torch
from torch import Generator, Tensor

from w2v2course.exercises.make import integer, normal
from w2v2course.exercises.mistakes.clocks import MISTAKES
from w2v2course.exercises.specification import Case, Exercise
from w2v2course.experiments import offset_share as shares
from w2v2course.positions import rotate, sinusoids


def _clock_periods(dim: int, base: float) -> Tensor:
    # The clocks' speeds, read off the second row of the package's own table.
    sine, cosine = sinusoids(2, dim, base, dtype=torch.float64)[1].unflatten(0, (-1, 2)).unbind(-1)
    return 2 * math.pi / torch.atan2(sine, cosine)


def _sinusoid_table(frames: int, dim: int, base: float) -> Tensor:
    return sinusoids(frames, dim, base, dtype=torch.float64)


def _offset_dot(offset: int, dim: int, base: float) -> float:
    codes = sinusoids(abs(offset) + 1, dim, base, dtype=torch.float64)
    return (codes[0] @ codes[-1]).item()


def _rotation(offset: int, dim: int, base: float) -> Tensor:
    # rotate() turns (cosine, sine) forwards by position: row `offset`, for each unit vector; ours are (sine, cosine).
    units = torch.eye(dim, dtype=torch.float64)[:, None].expand(dim, offset + 1, dim)
    return rotate(units, base)[:, offset]


def _offset_share(scores: Tensor) -> float:
    return shares.offset_share(scores).share


def _scores(g: Generator, frames: int, noise: float) -> Tensor:
    """Scores that are partly a matter of offset, with a preference of rows and of columns on top."""
    profile = normal(g, 2 * frames - 1)
    time = torch.arange(frames)
    pattern = profile[time - time[:, None] + frames - 1]
    return pattern + noise * normal(g, frames, frames) + normal(g, frames, 1) + normal(g, frames) + 0.7


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        "clock_periods",
        (
            Case("one clock", lambda g: (2, 100.0)),
            Case("two clocks", lambda g: (4, 100.0)),
            Case("eight clocks", lambda g: (16, 10_000.0)),
            Case("other clocks", lambda g: (2 * integer(g, 3, 40), float(integer(g, 50, 5_000))), hidden=True),
        ),
        _clock_periods,
        rtol=1e-4,
        mistakes=MISTAKES["clock_periods"],
    ),
    Exercise(
        "sinusoid_table",
        (
            Case("one frame", lambda g: (1, 2, 10_000.0)),
            Case("two frames, one clock", lambda g: (2, 2, 10_000.0)),
            Case("three frames, two clocks", lambda g: (3, 4, 100.0)),
            Case("ten frames, eight clocks", lambda g: (10, 16, 10_000.0)),
            Case("a second and more", lambda g: (integer(g, 50, 300), 64, 10_000.0)),
            Case("other clocks", lambda g: (integer(g, 20, 60), 2 * integer(g, 3, 20), 500.0), hidden=True),
        ),
        _sinusoid_table,
        rtol=1e-4,
        atol=2e-4,
        points=2,
        mistakes=MISTAKES["sinusoid_table"],
    ),
    Exercise(
        "offset_dot",
        (
            Case("no offset, one clock", lambda g: (0, 2, 10_000.0)),
            Case("one frame, one clock", lambda g: (1, 2, 10_000.0)),
            Case("three frames, two clocks", lambda g: (3, 4, 100.0)),
            Case("to the left", lambda g: (-3, 4, 100.0)),
            Case("far away", lambda g: (integer(g, 50, 100), 64, 10_000.0)),
            Case("any offset", lambda g: (integer(g, -40, 40), 32, 1_000.0), hidden=True),
        ),
        _offset_dot,
        rtol=1e-4,
        atol=1e-4,
        mistakes=MISTAKES["offset_dot"],
    ),
    Exercise(
        "rotation",
        (
            Case("no offset", lambda g: (0, 2, 10_000.0)),
            Case("one frame, one clock", lambda g: (1, 2, 10_000.0)),
            Case("two frames, two clocks", lambda g: (2, 4, 100.0)),
            Case("any offset, eight clocks", lambda g: (integer(g, 5, 50), 16, 10_000.0)),
            Case("other clocks", lambda g: (integer(g, 1, 30), 12, 300.0), hidden=True),
        ),
        _rotation,
        rtol=1e-4,
        atol=1e-5,
        points=2,
        mistakes=MISTAKES["rotation"],
    ),
    Exercise(
        "offset_share",
        (
            Case("two frames", lambda g: (torch.tensor([[1.0, 0.0], [0.0, 0.5]]),)),
            Case("three frames", lambda g: (_scores(g, 3, 0.5),)),
            Case("ten frames, mostly offset", lambda g: (_scores(g, 10, 0.2),)),
            Case("ten frames, mostly noise", lambda g: (_scores(g, 10, 2.0),)),
            Case("thirty frames", lambda g: (_scores(g, 30, 1.0),), hidden=True),
        ),
        _offset_share,
        rtol=1e-3,
        atol=1e-4,
        points=3,
        mistakes=MISTAKES["offset_share"],
    ),
)
