"""Mistakes of the notebook `context-network`."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from w2v2course.exercises.specification import Mistake


def _parameters_without_biases(dim: int, ffn_dim: int) -> int:
    return 4 * dim * dim + 2 * dim * ffn_dim + 2 * dim


def _parameters_without_norms(dim: int, ffn_dim: int) -> int:
    return 4 * (dim * dim + dim) + 2 * dim * ffn_dim + ffn_dim + dim


def _parameters_with_one_norm(dim: int, ffn_dim: int) -> int:
    return _parameters_without_norms(dim, ffn_dim) + 2 * dim


def _parameters_without_output(dim: int, ffn_dim: int) -> int:
    return _parameters_without_norms(dim, ffn_dim) - dim * dim - dim + 4 * dim


def _parameters_one_way(dim: int, ffn_dim: int) -> int:
    return 4 * (dim * dim + dim) + dim * ffn_dim + ffn_dim + 4 * dim


def _spans_by_starts(starts: Sequence[int], length: int, frames: int) -> Tensor:
    mask = torch.zeros(frames, dtype=torch.bool)
    mask[list(starts)] = True
    return mask


def _spans_too_long(starts: Sequence[int], length: int, frames: int) -> Tensor:
    mask = torch.zeros(frames, dtype=torch.bool)
    for start in starts:
        mask[start : start + length + 1] = True
    return mask


def _spans_round(starts: Sequence[int], length: int, frames: int) -> Tensor:
    mask = torch.zeros(frames, dtype=torch.bool)
    for start in starts:
        mask[[(start + i) % frames for i in range(length)]] = True
    return mask


def _spans_toggled(starts: Sequence[int], length: int, frames: int) -> Tensor:
    mask = torch.zeros(frames, dtype=torch.bool)
    for start in starts:
        mask[start : start + length] = ~mask[start : start + length]
    return mask


def _spans_whole_only(starts: Sequence[int], length: int, frames: int) -> Tensor:
    mask = torch.zeros(frames, dtype=torch.bool)
    for start in starts:
        if start + length <= frames:
            mask[start : start + length] = True
    return mask


def _norm(x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:])


def _layer_the_other(x: Tensor, attention: Callable, feed_forward: Callable, norm_first: bool) -> Tensor:
    if norm_first:
        x = _norm(x + attention(x))
        return _norm(x + feed_forward(x))
    x = x + attention(_norm(x))
    return x + feed_forward(_norm(x))


def _layer_without_stream(x: Tensor, attention: Callable, feed_forward: Callable, norm_first: bool) -> Tensor:
    for block in (attention, feed_forward):
        x = block(_norm(x)) if norm_first else _norm(block(x))
    return x


def _layer_stream_normalised(x: Tensor, attention: Callable, feed_forward: Callable, norm_first: bool) -> Tensor:
    for block in (attention, feed_forward):
        if norm_first:
            x = _norm(x)
            x = x + block(x)
        else:
            x = _norm(x + block(x))
    return x


def _layer_side_by_side(x: Tensor, attention: Callable, feed_forward: Callable, norm_first: bool) -> Tensor:
    if norm_first:
        return x + attention(_norm(x)) + feed_forward(_norm(x))
    return _norm(x + attention(x) + feed_forward(x))


def _layer_normed_once(x: Tensor, attention: Callable, feed_forward: Callable, norm_first: bool) -> Tensor:
    if norm_first:
        x = x + attention(_norm(x))
        return x + feed_forward(x)
    x = x + attention(x)
    return _norm(x + feed_forward(x))


def _time_over_channels(x: Tensor, eps: float) -> Tensor:
    centred = x - x.mean(1, keepdim=True)
    return centred / (centred.square().mean(1, keepdim=True) + eps).sqrt()


def _time_over_batch(x: Tensor, eps: float) -> Tensor:
    centred = x - x.mean((0, 2), keepdim=True)
    return centred / (centred.square().mean((0, 2), keepdim=True) + eps).sqrt()


def _time_and_channels(x: Tensor, eps: float) -> Tensor:
    centred = x - x.mean((1, 2), keepdim=True)
    return centred / (centred.square().mean((1, 2), keepdim=True) + eps).sqrt()


def _time_unbiased(x: Tensor, eps: float) -> Tensor:
    return (x - x.mean(2, keepdim=True)) / (x.var(2, keepdim=True) + eps).sqrt()


def _time_eps_outside(x: Tensor, eps: float) -> Tensor:
    centred = x - x.mean(2, keepdim=True)
    return centred / (centred.square().mean(2, keepdim=True).sqrt() + eps)


def _share_added(frames: int, rate: float, length: int) -> float:
    return sum(rate * min(t + 1, length) for t in range(frames)) / frames


def _share_without_start(frames: int, rate: float, length: int) -> float:
    return 1 - (1 - rate) ** length


def _share_unmasked(frames: int, rate: float, length: int) -> float:
    return sum((1 - rate) ** min(t + 1, length) for t in range(frames)) / frames


def _share_all_hit(frames: int, rate: float, length: int) -> float:
    return sum(rate ** min(t + 1, length) for t in range(frames)) / frames


def _share_of_starts(frames: int, rate: float, length: int) -> float:
    return rate


MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "layer_parameters": (
        Mistake("no biases", _parameters_without_biases, "The biases are missing: every linear map has one, too."),
        Mistake(
            "no norms",
            _parameters_without_norms,
            "The two norms are missing: each has a scale and a shift for every channel.",
        ),
        Mistake("one norm", _parameters_with_one_norm, "You count one norm; a layer has two, one for each block."),
        Mistake(
            "no output projection",
            _parameters_without_output,
            "You count three matrices in the attention. There is a fourth, which mixes what the heads bring.",
        ),
        Mistake(
            "feed-forward one way",
            _parameters_one_way,
            "The feed-forward goes to its wide middle *and back*: two linear maps.",
        ),
    ),
    "span_mask": (
        Mistake(
            "starts only",
            _spans_by_starts,
            "You mask the starts only. From each of them, a whole span is masked.",
        ),
        Mistake(
            "one frame too long",
            _spans_too_long,
            "Your spans are one frame too long: one that starts at s ends with frame s + length − 1.",
        ),
        Mistake(
            "round the corner",
            _spans_round,
            "A span that runs over the end comes out at the beginning. It should just stop.",
        ),
        Mistake(
            "toggled",
            _spans_toggled,
            "Where spans overlap, yours cancel each other. Masked twice is masked.",
        ),
        Mistake(
            "whole spans only",
            _spans_whole_only,
            "A span that runs over the end is left out altogether. Its frames inside the clip are masked.",
        ),
    ),
    "layer_forward": (
        Mistake(
            "layouts changed over",
            _layer_the_other,
            "The two layouts have changed over: norm_first normalises what goes *into* a block.",
        ),
        Mistake(
            "no stream",
            _layer_without_stream,
            "The blocks replace the frames. Each *adds* to them: that sum is the residual stream.",
        ),
        Mistake(
            "stream normalised",
            _layer_stream_normalised,
            "With norm_first you add to the *normalised* frames. Only the block gets them so; the stream itself goes "
            "on untouched.",
        ),
        Mistake(
            "side by side",
            _layer_side_by_side,
            "Both blocks see the same frames here. The feed-forward comes second and sees what attention has added.",
        ),
        Mistake(
            "one norm",
            _layer_normed_once,
            "One norm is missing: each of the two blocks has its own.",
        ),
    ),
    "norm_over_time": (
        Mistake(
            "over channels",
            _time_over_channels,
            "You average over channels, for each frame: that is the *layer* norm of the other layout. Here it is over "
            "time, for each channel.",
        ),
        Mistake(
            "over the batch",
            _time_over_batch,
            "You average over the batch as well: that is batch norm. Each row by itself.",
        ),
        Mistake(
            "channels together",
            _time_and_channels,
            "You average over channels and time together. With as many groups as channels, each channel is its own.",
        ),
        Mistake(
            "divided by T − 1",
            _time_unbiased,
            "Your variance divides by T − 1 (torch.var does so by itself); a norm divides by T.",
        ),
        Mistake(
            "eps outside the root",
            _time_eps_outside,
            "You add eps to the root; it belongs under it, to the variance.",
        ),
    ),
    "masked_share": (
        Mistake(
            "overlaps counted twice",
            _share_added,
            "You add the chances up, so that frames under two spans count twice. With many starts that exceeds 1. Ask "
            "the opposite question: when is a frame *not* masked?",
        ),
        Mistake(
            "the clip's start forgotten",
            _share_without_start,
            "Right for frames inside. The first ones have fewer starts before them that could reach them: frame 0 has "
            "only itself.",
        ),
        Mistake("the unmasked share", _share_unmasked, "That is the share of frames that stay *un*masked."),
        Mistake(
            "every start at once",
            _share_all_hit,
            "You ask for *all* possible starts to be drawn. One is enough to mask a frame.",
        ),
        Mistake("share of starts", _share_of_starts, "That is the share of frames where a span *starts*."),
    ),
}
