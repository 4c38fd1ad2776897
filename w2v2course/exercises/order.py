"""Exercises of the notebook `order`."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor

from w2v2course import attention
from w2v2course.exercises import fixtures
from w2v2course.exercises.make import normal, permutation
from w2v2course.exercises.mistakes.order import MISTAKES
from w2v2course.exercises.specification import Case, Exercise


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return attention.attention(query, key, value)[0]


def _split_heads(x: Tensor, heads: int) -> Tensor:
    return torch.stack(x.chunk(heads, dim=-1), dim=1)


def _masked_softmax(scores: Tensor, lengths: Tensor) -> Tensor:
    # attention() with an identity for keys: queries times it are the scores, √D made up for.
    T = scores.shape[-1]
    key = torch.eye(T).expand(len(scores), T, T)
    return attention.attention(scores * math.sqrt(T), key, key, lengths)[1]


def _equivariance_gap(module: Callable[[Tensor], Tensor], x: Tensor, permutation: Tensor) -> float:
    return attention.equivariance_gap(module, x, permutation)


def _fewest_blind_errors(frames: Sequence[str], labels: Sequence[int], mirrored: Sequence[int]) -> int:
    errors = 0
    for heard in set(frames):
        wanted = [label for side in (labels, mirrored) for f, label in zip(frames, side, strict=True) if f == heard]
        errors += len(wanted) - max(wanted.count(label) for label in set(wanted))
    return errors


def _qkv(g: Generator, frames: int, width: int, values: int) -> tuple[Tensor, ...]:
    return normal(g, frames, width), normal(g, frames, width), normal(g, frames, values)


def _clip(g: Generator, frames: int) -> tuple[list[str], list[int], list[int]]:
    letters = [("s", "t", "a", "r")[i] for i in torch.randint(4, (frames,), generator=g).tolist()]
    labels, mirrored = torch.randint(3, (2, frames), generator=g).tolist()
    return letters, labels, mirrored


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        "attend",
        (
            Case("one frame", lambda g: _qkv(g, 1, 2, 2)),
            Case("two frames", lambda g: _qkv(g, 2, 2, 2)),
            Case("five frames, wider values", lambda g: _qkv(g, 5, 4, 6)),
            Case("as wide as a head of wav2vec 2.0", lambda g: _qkv(g, 30, 64, 64)),
            Case("many frames", lambda g: _qkv(g, 120, 32, 16), hidden=True),
        ),
        _attend,
        rtol=1e-4,
        atol=1e-5,
        mistakes=MISTAKES["attend"],
    ),
    Exercise(
        "split_heads",
        (
            Case("one head", lambda g: (normal(g, 1, 2, 2), 1)),
            Case("two heads", lambda g: (normal(g, 1, 2, 4), 2)),
            Case("as many heads as frames", lambda g: (normal(g, 2, 3, 12), 3)),
            Case("four heads", lambda g: (normal(g, 3, 7, 32), 4)),
            Case("twelve heads", lambda g: (normal(g, 2, 20, 48), 12), hidden=True),
        ),
        _split_heads,
        rtol=0.0,
        atol=0.0,
        mistakes=MISTAKES["split_heads"],
    ),
    Exercise(
        "masked_softmax",
        (
            Case("one frame, real", lambda g: (normal(g, 1, 1, 1), torch.tensor([1]))),
            Case("three frames, two real", lambda g: (normal(g, 1, 3, 3), torch.tensor([2]))),
            Case("a batch", lambda g: (normal(g, 3, 5, 5, scale=3), torch.tensor([5, 3, 1]))),
            Case("a row with nothing real", lambda g: (normal(g, 2, 4, 4), torch.tensor([4, 0]))),
            Case("a larger batch", lambda g: (normal(g, 5, 20, 20), torch.tensor([20, 0, 7, 19, 1])), hidden=True),
        ),
        _masked_softmax,
        rtol=1e-4,
        atol=1e-6,
        points=2,
        mistakes=MISTAKES["masked_softmax"],
    ),
    Exercise(
        "equivariance_gap",
        (
            Case("a module of each frame alone", lambda g: (fixtures.double, normal(g, 1, 3, 2), permutation(g, 3))),
            Case(
                "a module with a left side",
                lambda g: (fixtures.add_left, normal(g, 1, 4, 2), torch.tensor([1, 2, 0, 3])),
            ),
            Case("attention", lambda g: (fixtures.mix_alike, normal(g, 2, 6, 4), permutation(g, 6))),
            Case("a batch", lambda g: (fixtures.add_left, normal(g, 3, 9, 4), permutation(g, 9))),
            Case("other frames", lambda g: (fixtures.add_left, normal(g, 2, 12, 3), permutation(g, 12)), hidden=True),
        ),
        _equivariance_gap,
        rtol=1e-4,
        atol=1e-5,
        points=2,
        mistakes=MISTAKES["equivariance_gap"],
    ),
    Exercise(
        "fewest_blind_errors",
        (
            Case("one frame", lambda g: (["s"], [0], [1])),
            Case("two sounds", lambda g: (["s", "t"], [0, 1], [0, 0])),
            Case("the same sound twice", lambda g: (["a", "t", "a"], [0, 1, 1], [0, 0, 1])),
            Case("star, twice", lambda g: (list("starstar"), [0, 1, 0, 1, 1, 1, 0, 0], [1, 0, 0, 1, 1, 1, 1, 0])),
            Case("a longer clip", lambda g: _clip(g, 12)),
            Case("any clip", lambda g: _clip(g, 30), hidden=True),
        ),
        _fewest_blind_errors,
        points=3,
        mistakes=MISTAKES["fewest_blind_errors"],
    ),
)
