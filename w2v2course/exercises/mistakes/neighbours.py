"""Mistakes of the notebook `neighbours`."""

import torch
import torch.nn.functional as F
from torch import Tensor

from w2v2course.exercises.specification import Mistake


def _slide_padded(x: Tensor, taps: Tensor, left: int, right: int) -> Tensor:
    padded = F.pad(x, (left, right))
    return padded.unfold(0, len(taps), 1) @ taps


def _slide_flipped(x: Tensor, taps: Tensor) -> Tensor:
    return _slide_padded(x, taps.flip(0), len(taps) // 2, len(taps) // 2)


def _slide_only_left(x: Tensor, taps: Tensor) -> Tensor:
    return _slide_padded(x, taps, len(taps) - 1, 0)


def _slide_only_right(x: Tensor, taps: Tensor) -> Tensor:
    return _slide_padded(x, taps, 0, len(taps) - 1)


def _slide_inside(x: Tensor, taps: Tensor) -> Tensor:
    return x.unfold(0, len(taps), 1) @ taps


def _slide_round(x: Tensor, taps: Tensor) -> Tensor:
    reach = len(taps) // 2
    return torch.cat([x[-reach:], x, x[:reach]] if reach else [x]).unfold(0, len(taps), 1) @ taps


def _gain_by_channel(v: Tensor, g: Tensor) -> Tensor:
    return g * v / v.flatten(1).norm(dim=1)[:, None, None]


def _gain_of_all(v: Tensor, g: Tensor) -> Tensor:
    return g * v / v.norm()


def _gain_without_length(v: Tensor, g: Tensor) -> Tensor:
    return v / v.flatten(0, 1).norm(dim=0)


def _gain_times_length(v: Tensor, g: Tensor) -> Tensor:
    return g * v


def _gain_of_columns(v: Tensor, g: Tensor) -> Tensor:
    return g * v / v.norm(dim=1, keepdim=True)


def _blank_multiplied(x: Tensor, lengths: Tensor) -> Tensor:
    return x * (torch.arange(x.shape[1]) < lengths[:, None])[..., None]


def _blank_one_late(x: Tensor, lengths: Tensor) -> Tensor:
    return x.masked_fill((torch.arange(x.shape[1]) > lengths[:, None])[..., None], 0.0)


def _blank_one_early(x: Tensor, lengths: Tensor) -> Tensor:
    return x.masked_fill((torch.arange(x.shape[1]) >= lengths[:, None] - 1)[..., None], 0.0)


def _blank_the_real(x: Tensor, lengths: Tensor) -> Tensor:
    return x.masked_fill((torch.arange(x.shape[1]) < lengths[:, None])[..., None], 0.0)


def _blank_shortest(x: Tensor, lengths: Tensor) -> Tensor:
    return x.masked_fill((torch.arange(x.shape[1]) >= lengths.min())[:, None], 0.0)


def _convolve(x: Tensor, weight: Tensor, bias: Tensor, groups: int) -> Tensor:
    return F.conv1d(x.mT, weight, bias, padding=weight.shape[-1] // 2, groups=groups)


def _layer_first_trimmed(x: Tensor, weight: Tensor, bias: Tensor, groups: int) -> Tensor:
    y = _convolve(x, weight, bias, groups)
    return F.gelu(y[..., y.shape[-1] - x.shape[1] :]).mT


def _layer_not_trimmed(x: Tensor, weight: Tensor, bias: Tensor, groups: int) -> Tensor:
    return F.gelu(_convolve(x, weight, bias, groups)).mT


def _layer_always_trimmed(x: Tensor, weight: Tensor, bias: Tensor, groups: int) -> Tensor:
    return F.gelu(_convolve(x, weight, bias, groups)[..., :-1]).mT


def _layer_without_activation(x: Tensor, weight: Tensor, bias: Tensor, groups: int) -> Tensor:
    return _convolve(x, weight, bias, groups)[..., : x.shape[1]].mT


def _layer_added(x: Tensor, weight: Tensor, bias: Tensor, groups: int) -> Tensor:
    return x + F.gelu(_convolve(x, weight, bias, groups)[..., : x.shape[1]]).mT


def _layer_relu(x: Tensor, weight: Tensor, bias: Tensor, groups: int) -> Tensor:
    return F.relu(_convolve(x, weight, bias, groups)[..., : x.shape[1]]).mT


def _leak_alike(frames: int, taps: int) -> list[int]:
    reach = taps // 2
    return [t for t in range(frames) if t < reach or t >= frames - reach]


def _leak_left_only(frames: int, taps: int) -> list[int]:
    return list(range(min(frames, taps // 2)))


def _leak_a_kernel(frames: int, taps: int) -> list[int]:
    return [t for t in range(frames) if t < taps - 1 or t > frames - taps]


def _leak_twice(frames: int, taps: int) -> list[int]:
    left, right = taps // 2, taps - 1 - taps // 2
    return [*range(min(left, frames)), *range(max(0, frames - right), frames)]


def _leak_mirrored(frames: int, taps: int) -> list[int]:
    left, right = taps - 1 - taps // 2, taps // 2
    return [t for t in range(frames) if t < left or t >= frames - right]


MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "slide": (
        Mistake(
            "taps turned round",
            _slide_flipped,
            "Your taps are turned round: the first tap belongs to the frame farthest to the *left*. (Mathematicians "
            "flip the kernel; networks do not.)",
        ),
        Mistake(
            "only what came before",
            _slide_only_left,
            "Your window ends at frame t and looks back only. The middle tap should lie on frame t.",
        ),
        Mistake(
            "only what comes after",
            _slide_only_right,
            "Your window begins at frame t and looks ahead only. The middle tap should lie on frame t.",
        ),
        Mistake(
            "no padding",
            _slide_inside,
            "The ends are missing: frames near them count zeros past the edge, so that T frames give T numbers.",
        ),
        Mistake(
            "round the corner",
            _slide_round,
            "Past the end you see the beginning again. There is nothing there: zeros.",
        ),
    ),
    "tap_gain": (
        Mistake(
            "a gain each channel",
            _gain_by_channel,
            "You divide each *output channel* by its length, which is PyTorch's default (dim=0). Here it is each tap: "
            "the length over both channel axes.",
        ),
        Mistake("one length for all", _gain_of_all, "You divide everything by one length. Each tap has its own."),
        Mistake("no gain", _gain_without_length, "Every tap has length 1 now; the gains g are still to come."),
        Mistake(
            "not normalised",
            _gain_times_length,
            "You multiply by the gains, but v keeps its own lengths: divide each tap by its length first.",
        ),
        Mistake(
            "over input channels only",
            _gain_of_columns,
            "You take the length over the input channels only. A tap is a whole matrix: output channels, too.",
        ),
    ),
    "zero_past_the_end": (
        Mistake(
            "multiplied by zero",
            _blank_multiplied,
            "You multiply the padding by 0. That is not enough where it holds NaN or ∞: 0 · NaN is NaN. Replace it.",
        ),
        Mistake(
            "one frame too late",
            _blank_one_late,
            "One frame too many survives: with length n, frames 0 … n − 1 are real, and frame n is not.",
        ),
        Mistake(
            "one frame too early",
            _blank_one_early,
            "The last real frame is gone, too: with length n, frames 0 … n − 1 are real.",
        ),
        Mistake("the real ones", _blank_the_real, "The wrong way round: you emptied the real frames and kept padding."),
        Mistake(
            "the shortest row's length",
            _blank_shortest,
            "All rows end where the shortest one does. Each row has a length of its own: `lengths[:, None]`.",
        ),
    ),
    "convolutional_positions": (
        Mistake(
            "first frame trimmed",
            _layer_first_trimmed,
            "You drop the *first* frame of an even kernel's result. It is the last one: as it is, every frame sees a "
            "neighbourhood one step to the right of its own.",
        ),
        Mistake(
            "not trimmed",
            _layer_not_trimmed,
            "With an even kernel, this padding gives one frame too many. The last is dropped.",
        ),
        Mistake(
            "trimmed always",
            _layer_always_trimmed,
            "You drop a frame for an odd kernel, too, where none is too many.",
        ),
        Mistake("no activation", _layer_without_activation, "The GELU is missing. It comes after the trim."),
        Mistake(
            "frames added",
            _layer_added,
            "You have added the frames already. The layer gives the *term*; whoever calls it adds.",
        ),
        Mistake("ReLU", _layer_relu, "Negative numbers are cut off at 0: that is a ReLU. wav2vec 2.0 has a GELU."),
    ),
    "leaky_frames": (
        Mistake(
            "both sides alike",
            _leak_alike,
            "You give both sides the same reach. With an even kernel they differ: half the taps lie to the left, one "
            "less to the right.",
        ),
        Mistake(
            "the start only",
            _leak_left_only,
            "These are the frames that see past the start. There is an end as well.",
        ),
        Mistake(
            "a whole kernel's reach",
            _leak_a_kernel,
            "You let a frame see a whole kernel to each side. The kernel stands with its middle on the frame: about "
            "half to each side.",
        ),
        Mistake(
            "frames named twice",
            _leak_twice,
            "In a short clip some frames see past *both* ends; you name them twice. Each once, rising.",
        ),
        Mistake(
            "left and right changed over",
            _leak_mirrored,
            "Left and right have changed over: with K/2 zeros in front and the last result dropped, an even kernel "
            "reaches K/2 frames to the left and one less to the right.",
        ),
    ),
}
