"""Exercises of the notebook `frames`."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from w2v2course import features
from w2v2course.config import Wav2Vec2Config
from w2v2course.exercises.make import integer, normal
from w2v2course.exercises.mistakes.frames import MISTAKES
from w2v2course.exercises.specification import Case, Exercise

KERNELS, STRIDES = [10, 3, 3, 3, 3, 2, 2], [5, 2, 2, 2, 2, 2, 2]


def _config(kernels: Sequence[int], strides: Sequence[int]) -> Wav2Vec2Config:
    return Wav2Vec2Config(conv_dim=(1,) * len(kernels), conv_kernel=tuple(kernels), conv_stride=tuple(strides))


def _frame_count(samples: int, kernels: Sequence[int], strides: Sequence[int]) -> int:
    return features.frame_count(samples, _config(kernels, strides))


def _receptive_field(kernels: Sequence[int], strides: Sequence[int]) -> int:
    return features.receptive_field(_config(kernels, strides))


def _frame_samples(waveform: Tensor, t: int, field: int, hop: int) -> Tensor:
    return waveform.unfold(0, field, hop)[t]


def _normalize_batch(waveforms: Tensor, lengths: Tensor) -> Tensor:
    return features.normalize(waveforms, lengths)


def _frames_that_hear(n: int, samples: int, field: int, hop: int) -> list[int]:
    windows = torch.arange(samples).unfold(0, field, hop)  # (T, field), the samples of each frame
    return (windows == n).any(dim=1).nonzero()[:, 0].tolist()


def _padded(generator: Generator, *lengths: int) -> tuple[Tensor, Tensor]:
    waveforms = torch.zeros(len(lengths), max(lengths))
    for row, length in enumerate(lengths):
        waveforms[row, :length] = normal(generator, length, scale=0.1 + row, shift=0.3 - 0.2 * row)
    return waveforms, torch.tensor(lengths)


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        "frame_count",
        (
            Case("one layer, one place", lambda g: (3, [3], [2])),
            Case("one layer", lambda g: (8, [5], [2])),
            Case("two layers", lambda g: (30, [4, 3], [3, 2])),
            Case("one second", lambda g: (16_000, KERNELS, STRIDES)),
            Case("a clip", lambda g: (integer(g, 20_000, 200_000), KERNELS, STRIDES)),
            Case("other sizes", lambda g: (integer(g, 900, 2_000), [7, 5, 4], [3, 3, 2]), hidden=True),
            Case("a long clip", lambda g: (integer(g, 10**6, 10**7), KERNELS, STRIDES), hidden=True),
        ),
        _frame_count,
        mistakes=MISTAKES["frame_count"],
    ),
    Exercise(
        "receptive_field",
        (
            Case("one layer", lambda g: ([3], [2])),
            Case("two layers", lambda g: ([3, 2], [2, 2])),
            Case("three layers", lambda g: ([4, 3, 2], [3, 2, 2])),
            Case("wav2vec 2.0", lambda g: (KERNELS, STRIDES)),
            Case(
                "five layers",
                lambda g: ([integer(g, 2, 9) for _ in range(5)], [integer(g, 1, 4) for _ in range(5)]),
                hidden=True,
            ),
        ),
        _receptive_field,
        mistakes=MISTAKES["receptive_field"],
    ),
    Exercise(
        "frame_samples",
        (
            Case("the first frame", lambda g: (normal(g, 8), 0, 3, 2)),
            Case("the second frame", lambda g: (normal(g, 8), 1, 3, 2)),
            Case("a frame of wav2vec 2.0", lambda g: (normal(g, 2_000), 3, 400, 320)),
            Case("the last frame of a second", lambda g: (normal(g, 16_000), 48, 400, 320)),
            Case("any frame", lambda g: (normal(g, 9_000), integer(g, 1, 20), 400, 320), hidden=True),
        ),
        _frame_samples,
        mistakes=MISTAKES["frame_samples"],
    ),
    Exercise(
        "normalize_batch",
        (
            Case("one clip", lambda g: _padded(g, 4)),
            Case("two clips, one padded", lambda g: _padded(g, 6, 3)),
            Case("three clips", lambda g: _padded(g, 50, 80, 20)),
            Case("many clips", lambda g: _padded(g, *(integer(g, 10, 200) for _ in range(8))), hidden=True),
        ),
        _normalize_batch,
        rtol=1e-4,
        atol=1e-5,
        points=2,
        mistakes=MISTAKES["normalize_batch"],
    ),
    Exercise(
        "frames_that_hear",
        (
            Case("one frame", lambda g: (0, 3, 3, 2)),
            Case("where two overlap", lambda g: (2, 9, 3, 2)),
            Case("beyond the last frame", lambda g: (9, 10, 3, 2)),
            Case("one after a window", lambda g: (400, 16_000, 400, 320)),
            Case("in the middle of a second", lambda g: (integer(g, 3, 40) * 320 + 30, 16_000, 400, 320)),
            Case("small hops", lambda g: (57, 100, 25, 5)),
            Case("near the end", lambda g: (97, 100, 25, 4)),
            Case("any sample", lambda g: (integer(g, 0, 15_999), 16_000, 400, 320), hidden=True),
            Case("any sample, small hops", lambda g: (integer(g, 0, 499), 500, 33, 4), hidden=True),
        ),
        _frames_that_hear,
        points=2,
        mistakes=MISTAKES["frames_that_hear"],
    ),
)
