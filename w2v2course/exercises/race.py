"""Exercises of the notebook `race`."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from w2v2course import positions
from w2v2course.attention import attention
from w2v2course.exercises.make import integer, normal
from w2v2course.exercises.mistakes.race import MISTAKES
from w2v2course.exercises.specification import Case, Exercise


def _window_mask(frames: int, radius: int) -> Tensor:
    return torch.ones(frames, frames).triu(-radius).tril(radius).bool()


def _offset_codes(codes: Tensor, starts: Tensor, frames: int) -> Tensor:
    return codes.unfold(0, frames, 1).mT[starts]


def _rotate_pairs(x: Tensor, base: float) -> Tensor:
    return positions.rotate(x.double(), base)


def _windowed_attention(query: Tensor, key: Tensor, value: Tensor, radius: int) -> Tensor:
    rows = []
    for t in range(len(query)):  # each query alone with the keys that it sees
        near = slice(max(0, t - radius), t + radius + 1)
        rows.append(attention(query[t : t + 1], key[near], value[near])[0])
    return torch.cat(rows)


def _informative_error(predictions: Tensor, labels: Tensor, mirrored: Tensor, lengths: Tensor) -> float:
    wrong, scored = 0, 0
    for row, length in enumerate(lengths.tolist()):
        contested = labels[row, :length] != mirrored[row, :length]
        wrong += int((predictions[row, :length] != labels[row, :length])[contested].sum())
        scored += int(contested.sum())
    return wrong / scored


def _frames_reached(radii: Sequence[int], frames: int) -> int:
    # Multiply the layers' windows: which frames does the middle one hear of?
    heard = torch.zeros(frames, dtype=torch.float64)
    heard[frames // 2] = 1
    for radius in radii:
        heard = (_window_mask(frames, radius).double() @ heard).clamp(max=1)
    return int((heard > 0).sum())


def _codes(g: Generator, B: int, T: int, rows: int = 12, D: int = 2) -> tuple[Tensor, Tensor, int]:
    starts = torch.randperm(rows - T + 1, generator=g)[:B].sort(descending=True).values
    return normal(g, rows, D), starts, T


def _qkv(g: Generator, T: int, D: int, radius: int) -> tuple:
    return normal(g, T, D), normal(g, T, D), normal(g, T, D), radius


def _judged(g: Generator, lengths: list[int]) -> tuple[Tensor, ...]:
    """Predictions and labels, also behind the clips' ends."""
    shape = len(lengths), max(lengths)
    labels, mirrored, guess = (torch.randint(3, shape, generator=g) for _ in range(3))
    know = torch.rand(shape, generator=g) < torch.linspace(0.2, 0.9, shape[0])[:, None]
    labels[:, 0], mirrored[:, 0] = 0, 1  # one contested frame in each clip at least
    return torch.where(know, labels, guess), labels, mirrored, torch.tensor(lengths)


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        "window_mask",
        (
            Case("one frame", lambda g: (1, 0)),
            Case("three frames, itself only", lambda g: (3, 0)),
            Case("four frames, one to each side", lambda g: (4, 1)),
            Case("a window as wide as the clip", lambda g: (5, 9)),
            Case("the race's window", lambda g: (60, 24)),
            Case("another window", lambda g: (integer(g, 20, 40), integer(g, 2, 10)), hidden=True),
        ),
        _window_mask,
        mistakes=MISTAKES["window_mask"],
    ),
    Exercise(
        "offset_codes",
        (
            Case("one clip of one frame", lambda g: (normal(g, 3, 1), torch.tensor([2]), 1)),
            Case("two clips", lambda g: (normal(g, 6, 2), torch.tensor([3, 1]), 3)),
            Case("a batch", lambda g: _codes(g, 4, 5)),
            Case("a larger batch", lambda g: _codes(g, 8, 30, rows=200, D=16), hidden=True),
        ),
        _offset_codes,
        rtol=0.0,
        atol=0.0,
        mistakes=MISTAKES["offset_codes"],
    ),
    Exercise(
        "rotate_pairs",
        (
            Case("one frame", lambda g: (normal(g, 1, 2), 10_000.0)),
            Case("two frames, one pair", lambda g: (torch.tensor([[1.0, 0.0], [1.0, 0.0]]), 10_000.0)),
            Case("three frames, two pairs", lambda g: (normal(g, 3, 4), 100.0)),
            Case("as wide as a head", lambda g: (normal(g, 20, 64), 10_000.0)),
            Case("other speeds", lambda g: (normal(g, 30, 12), 400.0), hidden=True),
        ),
        _rotate_pairs,
        rtol=1e-3,
        atol=1e-4,
        points=2,
        mistakes=MISTAKES["rotate_pairs"],
    ),
    Exercise(
        "windowed_attention",
        (
            Case("one frame", lambda g: _qkv(g, 1, 2, 0)),
            Case("three frames, itself only", lambda g: _qkv(g, 3, 2, 0)),
            Case("four frames, one to each side", lambda g: _qkv(g, 4, 2, 1)),
            Case("a window as wide as the clip", lambda g: _qkv(g, 5, 4, 10)),
            Case("forty frames", lambda g: _qkv(g, 40, 8, 6)),
            Case("a longer clip", lambda g: _qkv(g, 100, 16, integer(g, 3, 24)), hidden=True),
        ),
        _windowed_attention,
        rtol=1e-3,
        atol=1e-5,
        points=2,
        mistakes=MISTAKES["windowed_attention"],
    ),
    Exercise(
        "informative_error",
        (
            Case(
                "one clip",
                lambda g: (
                    torch.tensor([[0, 1, 0]]),
                    torch.tensor([[0, 0, 1]]),
                    torch.tensor([[0, 1, 0]]),
                    torch.tensor([3]),
                ),
            ),
            Case("two clips, one padded", lambda g: _judged(g, [6, 4])),
            Case("a batch", lambda g: _judged(g, [20, 11, 3, 16])),
            Case("a larger batch", lambda g: _judged(g, [50, 23, 8, 41, 30, 2]), hidden=True),
        ),
        _informative_error,
        points=2,
        mistakes=MISTAKES["informative_error"],
    ),
    Exercise(
        "frames_reached",
        (
            Case("no window at all", lambda g: ([0], 9)),
            Case("one layer", lambda g: ([2], 9)),
            Case("two layers", lambda g: ([1, 2], 101)),
            Case("a short clip", lambda g: ([3, 3], 7)),
            Case("twelve layers", lambda g: ([24] * 12, 1_001)),
            Case("other layers", lambda g: ([integer(g, 0, 6) for _ in range(5)], 501), hidden=True),
        ),
        _frames_reached,
        points=2,
        mistakes=MISTAKES["frames_reached"],
    ),
)
