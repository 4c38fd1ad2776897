"""Exercises of the notebook `context-network`."""

from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor, nn

from w2v2course.encoder import EncoderLayer
from w2v2course.exercises import fixtures
from w2v2course.exercises.make import integer, normal
from w2v2course.exercises.mistakes.context_network import MISTAKES
from w2v2course.exercises.specification import Case, Exercise


def _layer_parameters(dim: int, ffn_dim: int) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in EncoderLayer(dim, 1, ffn_dim).parameters())


def _span_mask(starts: Sequence[int], length: int, frames: int) -> Tensor:
    time = torch.arange(frames)[:, None]
    first = torch.tensor(starts, dtype=torch.long)
    return ((first <= time) & (time < first + length)).any(dim=1)


class _Block(nn.Module):
    """A function in a layer's place for attention or feed-forward."""

    def __init__(self, function: Callable[[Tensor], Tensor]):
        super().__init__()
        self.function = function

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        return self.function(x)


def _layer_forward(
    x: Tensor, attention: Callable[[Tensor], Tensor], feed_forward: Callable[[Tensor], Tensor], norm_first: bool
) -> Tensor:
    layer = EncoderLayer(x.shape[-1], 1, 1, norm_first=norm_first).eval()
    layer.attention, layer.feed_forward = _Block(attention), _Block(feed_forward)
    with torch.no_grad():
        return layer(x)


def _norm_over_time(x: Tensor, eps: float) -> Tensor:
    return nn.functional.group_norm(x, x.shape[1], eps=eps)


def _masked_share(frames: int, rate: float, length: int) -> float:
    # Chance by chance: a frame stays unmasked if no start that reaches it is drawn.
    unmasked = torch.ones(frames, dtype=torch.float64)
    for back in range(length):
        unmasked[back:] *= 1 - rate
    return 1 - unmasked.mean().item()


def _starts(g: Generator, count: int, frames: int) -> list[int]:
    return torch.randperm(frames, generator=g)[:count].sort().values.tolist()


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        "layer_parameters",
        (
            Case("one channel", lambda g: (1, 1)),
            Case("two channels", lambda g: (2, 3)),
            Case("our small model", lambda g: (96, 384)),
            Case("base", lambda g: (768, 3072)),
            Case("another size", lambda g: (integer(g, 10, 2_000), integer(g, 10, 5_000)), hidden=True),
        ),
        _layer_parameters,
        mistakes=MISTAKES["layer_parameters"],
    ),
    Exercise(
        "span_mask",
        (
            Case("no span", lambda g: ([], 3, 4)),
            Case("one span", lambda g: ([1], 2, 5)),
            Case("over the end", lambda g: ([0, 4], 3, 6)),
            Case("overlapping", lambda g: ([2, 3, 8], 4, 15)),
            Case("a clip", lambda g: (_starts(g, 9, 100), 10, 100)),
            Case("another clip", lambda g: (_starts(g, 20, 300), 10, 300), hidden=True),
        ),
        _span_mask,
        mistakes=MISTAKES["span_mask"],
    ),
    Exercise(
        "norm_over_time",
        (
            Case("one channel", lambda g: (normal(g, 1, 1, 3), 1e-5)),
            Case("two channels", lambda g: (normal(g, 1, 2, 3, shift=1.0), 1e-5)),
            Case("a batch", lambda g: (normal(g, 2, 3, 8, scale=4.0, shift=-1.0), 1e-5)),
            Case("a quiet clip", lambda g: (normal(g, 1, 2, 6, scale=1e-2), 1e-3)),
            Case("a larger batch", lambda g: (normal(g, 3, 8, 60, shift=2.0), 1e-5), hidden=True),
        ),
        _norm_over_time,
        rtol=1e-3,
        atol=1e-4,
        mistakes=MISTAKES["norm_over_time"],
    ),
    Exercise(
        "layer_forward",
        (
            Case("norms after", lambda g: (normal(g, 1, 2, 3), fixtures.double, fixtures.add_left, False)),
            Case("norms before", lambda g: (normal(g, 1, 2, 3), fixtures.double, fixtures.add_left, True)),
            Case("attention, after", lambda g: (normal(g, 2, 5, 4), fixtures.mix_alike, fixtures.double, False)),
            Case("attention, before", lambda g: (normal(g, 2, 5, 4), fixtures.mix_alike, fixtures.double, True)),
            Case(
                "another clip",
                lambda g: (normal(g, 3, 20, 8), fixtures.mix_alike, fixtures.add_left, True),
                hidden=True,
            ),
        ),
        _layer_forward,
        rtol=1e-3,
        atol=1e-4,
        points=2,
        mistakes=MISTAKES["layer_forward"],
    ),
    Exercise(
        "masked_share",
        (
            Case("one frame", lambda g: (1, 0.5, 3)),
            Case("two frames", lambda g: (2, 0.5, 2)),
            Case("spans of one frame", lambda g: (10, 0.2, 1)),
            Case("a short clip", lambda g: (5, 0.3, 10)),
            Case("as in pre-training", lambda g: (500, 0.065, 10)),
            Case("as in fine-tuning", lambda g: (integer(g, 100, 900), 0.005, 10), hidden=True),
        ),
        _masked_share,
        rtol=1e-4,
        points=3,
        mistakes=MISTAKES["masked_share"],
    ),
)
