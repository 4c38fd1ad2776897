"""Exercises of the notebook `neighbours`."""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from w2v2course.exercises.make import normal
from w2v2course.exercises.mistakes.neighbours import MISTAKES
from w2v2course.exercises.specification import Case, Exercise
from w2v2course.lengths import padding_mask
from w2v2course.positions import ConvolutionalPositions


def _slide(x: Tensor, taps: Tensor) -> Tensor:
    return F.conv1d(x[None, None], taps[None, None], padding=len(taps) // 2)[0, 0]


def _tap_gain(v: Tensor, g: Tensor) -> Tensor:
    conv = weight_norm(nn.Conv1d(v.shape[1], v.shape[0], v.shape[2], bias=False), dim=2)
    gains, direction = conv.parametrizations.weight.original0, conv.parametrizations.weight.original1
    with torch.no_grad():
        gains.copy_(g)
        direction.copy_(v)
        return conv.weight.clone()


def _zero_past_the_end(x: Tensor, lengths: Tensor) -> Tensor:
    return x.masked_fill(padding_mask(lengths, x.shape[1])[..., None], 0.0)


def _convolutional_positions(x: Tensor, weight: Tensor, bias: Tensor, groups: int) -> Tensor:
    layer = ConvolutionalPositions(x.shape[-1], weight.shape[-1], groups, method="direct").eval()
    norm = weight.flatten(0, 1).norm(dim=0)
    with torch.no_grad():
        layer.conv.parametrizations.weight.original0.copy_(norm)
        layer.conv.parametrizations.weight.original1.copy_(weight)
        layer.conv.bias.copy_(bias)
        return layer(x)


def _leaky_frames(frames: int, taps: int) -> list[int]:
    # Slide a kernel of ones over frames of ones: whoever sums less than all its taps has seen past an end.
    seen = F.conv1d(torch.ones(1, 1, frames), torch.ones(1, 1, taps), padding=taps // 2)[0, 0, :frames]
    return (seen < taps).nonzero()[:, 0].tolist()


def _layer(g: Generator, B: int, T: int, D: int, K: int, groups: int) -> tuple:
    return normal(g, B, T, D), normal(g, D, D // groups, K, scale=0.5), normal(g, D, scale=0.3), groups


def _batch(g: Generator, lengths: list[int], dirt: float, D: int = 3) -> tuple[Tensor, Tensor]:
    """Frames whose padding is not empty: the projection's bias, or worse."""
    x = normal(g, len(lengths), max(lengths) + 1, D)
    for row, length in enumerate(lengths):
        x[row, length:] = dirt
    return x, torch.tensor(lengths)


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        "slide",
        (
            Case("one tap", lambda g: (normal(g, 3), torch.tensor([2.0]))),
            Case("three taps", lambda g: (torch.tensor([1.0, 0.0, 2.0, 0.0]), torch.tensor([-1.0, 0.0, 1.0]))),
            Case("five taps", lambda g: (normal(g, 8), normal(g, 5))),
            Case("as many taps as frames", lambda g: (normal(g, 7), normal(g, 7))),
            Case("many frames", lambda g: (normal(g, 60), normal(g, 15)), hidden=True),
        ),
        _slide,
        rtol=1e-4,
        atol=1e-5,
        mistakes=MISTAKES["slide"],
    ),
    Exercise(
        "zero_past_the_end",
        (
            Case("one clip", lambda g: _batch(g, [2], 0.5)),
            Case("two clips", lambda g: _batch(g, [4, 2], 0.5)),
            Case("padding that holds NaN", lambda g: _batch(g, [3, 1, 2], float("nan"))),
            Case("a clip of nothing", lambda g: _batch(g, [3, 0], float("inf"))),
            Case("a larger batch", lambda g: _batch(g, [9, 17, 1, 30, 12], float("nan"), D=6), hidden=True),
        ),
        _zero_past_the_end,
        rtol=0.0,
        atol=0.0,
        mistakes=MISTAKES["zero_past_the_end"],
    ),
    Exercise(
        "tap_gain",
        (
            Case("one channel, two taps", lambda g: (normal(g, 1, 1, 2), torch.tensor([[[2.0, 3.0]]]))),
            Case("two channels", lambda g: (normal(g, 2, 2, 3), normal(g, 1, 1, 3).abs() + 0.5)),
            Case("groups", lambda g: (normal(g, 12, 3, 8), normal(g, 1, 1, 8).abs() + 0.5)),
            Case("a wide kernel", lambda g: (normal(g, 16, 4, 128), normal(g, 1, 1, 128).abs() + 0.5), hidden=True),
        ),
        _tap_gain,
        rtol=1e-4,
        atol=1e-6,
        mistakes=MISTAKES["tap_gain"],
    ),
    Exercise(
        "convolutional_positions",
        (
            Case("two frames, two taps", lambda g: _layer(g, 1, 2, 2, 2, 1)),
            Case("an odd kernel", lambda g: _layer(g, 1, 5, 2, 3, 2)),
            Case("an even kernel, two groups", lambda g: _layer(g, 2, 6, 4, 4, 2)),
            Case("wider than the clip", lambda g: _layer(g, 1, 5, 4, 16, 4)),
            Case("a real kernel's width", lambda g: _layer(g, 1, 90, 16, 128, 16)),
            Case("a batch", lambda g: _layer(g, 3, 40, 8, 31, 4), hidden=True),
            Case("another even kernel", lambda g: _layer(g, 2, 33, 12, 20, 3), hidden=True),
        ),
        _convolutional_positions,
        rtol=1e-3,
        atol=1e-4,
        points=2,
        mistakes=MISTAKES["convolutional_positions"],
    ),
    Exercise(
        "leaky_frames",
        (
            Case("one tap", lambda g: (3, 1)),
            Case("three taps", lambda g: (5, 3)),
            Case("four taps", lambda g: (7, 4)),
            Case("a clip as short as the kernel", lambda g: (6, 6)),
            Case("a clip shorter than the kernel", lambda g: (4, 6)),
            Case("wav2vec 2.0, three seconds", lambda g: (149, 128)),
            Case("an odd kernel", lambda g: (40, 15), hidden=True),
            Case("wav2vec 2.0, two seconds", lambda g: (99, 128), hidden=True),
        ),
        _leaky_frames,
        points=2,
        mistakes=MISTAKES["leaky_frames"],
    ),
)
