"""Mistakes of the notebook `frames`."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from w2v2course.exercises.specification import Mistake


def _count_without_the_first(samples: int, kernels: Sequence[int], strides: Sequence[int]) -> int:
    for kernel, stride in zip(kernels, strides, strict=True):
        samples = (samples - kernel) // stride
    return samples


def _count_by_strides(samples: int, kernels: Sequence[int], strides: Sequence[int]) -> int:
    for stride in strides:
        samples = samples // stride
    return samples


def _count_rounded_up(samples: int, kernels: Sequence[int], strides: Sequence[int]) -> int:
    for kernel, stride in zip(kernels, strides, strict=True):
        samples = math.ceil((samples - kernel) / stride) + 1
    return samples


def _count_of_the_first_layer(samples: int, kernels: Sequence[int], strides: Sequence[int]) -> int:
    return (samples - kernels[0]) // strides[0] + 1


def _field_of_sums(kernels: Sequence[int], strides: Sequence[int]) -> int:
    return sum(kernels)


def _field_without_hops(kernels: Sequence[int], strides: Sequence[int]) -> int:
    return 1 + sum(kernel - 1 for kernel in kernels)


def _field_with_whole_kernels(kernels: Sequence[int], strides: Sequence[int]) -> int:
    field, hop = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        field += kernel * hop
        hop *= stride
    return field


def _field_with_its_own_stride(kernels: Sequence[int], strides: Sequence[int]) -> int:
    field, hop = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        hop *= stride
        field += (kernel - 1) * hop
    return field


def _frame_a_hop_long(waveform: Tensor, t: int, field: int, hop: int) -> Tensor:
    return waveform[t * hop : t * hop + hop]


def _frame_side_by_side(waveform: Tensor, t: int, field: int, hop: int) -> Tensor:
    return waveform[t * field : (t + 1) * field]


def _frame_from_one(waveform: Tensor, t: int, field: int, hop: int) -> Tensor:
    return waveform[(t + 1) * hop : (t + 1) * hop + field]


def _moments(waveforms: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    real = torch.arange(waveforms.shape[1]) < lengths[:, None]
    mean = (waveforms * real).sum(1, keepdim=True) / lengths[:, None]
    variance = ((waveforms - mean).square() * real).sum(1, keepdim=True) / lengths[:, None]
    return real, mean, variance


def _normalize_with_padding(waveforms: Tensor, lengths: Tensor) -> Tensor:
    real = torch.arange(waveforms.shape[1]) < lengths[:, None]
    mean, variance = waveforms.mean(1, keepdim=True), waveforms.var(1, keepdim=True, unbiased=False)
    return (waveforms - mean) / (variance + 1e-7).sqrt() * real


def _normalize_the_padding(waveforms: Tensor, lengths: Tensor) -> Tensor:
    _, mean, variance = _moments(waveforms, lengths)
    return (waveforms - mean) / (variance + 1e-7).sqrt()


def _normalize_by_one_less(waveforms: Tensor, lengths: Tensor) -> Tensor:
    real, mean, variance = _moments(waveforms, lengths)
    count = lengths[:, None]
    return (waveforms - mean) / (variance * count / (count - 1) + 1e-7).sqrt() * real


def _normalize_by_variance(waveforms: Tensor, lengths: Tensor) -> Tensor:
    real, mean, variance = _moments(waveforms, lengths)
    return (waveforms - mean) / (variance + 1e-7) * real


def _normalize_together(waveforms: Tensor, lengths: Tensor) -> Tensor:
    real = torch.arange(waveforms.shape[1]) < lengths[:, None]
    together = waveforms[real]
    return (waveforms - together.mean()) / (together.var(unbiased=False) + 1e-7).sqrt() * real


def _hear_by_strides_only(n: int, samples: int, field: int, hop: int) -> list[int]:
    return [n // hop] if n // hop <= (samples - field) // hop else []


def _hear_past_the_end(n: int, samples: int, field: int, hop: int) -> list[int]:
    return [t for t in range(n // hop + 1) if t * hop <= n < t * hop + field]


def _hear_one_more(n: int, samples: int, field: int, hop: int) -> list[int]:
    return [t for t in range((samples - field) // hop + 1) if t * hop <= n <= t * hop + field]


def _hear_the_ends(n: int, samples: int, field: int, hop: int) -> list[int]:
    heard = [t for t in range((samples - field) // hop + 1) if t * hop <= n < t * hop + field]
    return [heard[0], heard[-1]] if heard else []


MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "frame_count": (
        Mistake(
            "first place not counted",
            _count_without_the_first,
            "The first place of the kernel is missing in every layer: it costs no stride, so it must be added.",
        ),
        Mistake(
            "kernel ignored",
            _count_by_strides,
            "You divide by the strides alone. A kernel must lie wholly inside: the first place needs all its samples.",
        ),
        Mistake(
            "rounded up",
            _count_rounded_up,
            "Samples at the end that do not fill a whole stride are dropped, not padded: round down.",
        ),
        Mistake(
            "only the first layer",
            _count_of_the_first_layer,
            "This is what the first convolution gives; its output is the next one's input.",
        ),
    ),
    "receptive_field": (
        Mistake(
            "sum of the kernels",
            _field_of_sums,
            "Kernels do not simply add up: neighbouring places of a layer share samples, and they lie further and "
            "further apart.",
        ),
        Mistake(
            "strides ignored",
            _field_without_hops,
            "A tap of a higher layer is worth as many samples as all the strides below it multiply to; you count one.",
        ),
        Mistake(
            "kernel instead of kernel − 1",
            _field_with_whole_kernels,
            "You add a whole kernel in each layer. The layer below has already counted one of its taps.",
        ),
        Mistake(
            "a layer's own stride",
            _field_with_its_own_stride,
            "A layer's own stride says how far apart its outputs are, not its inputs: only the layers below count.",
        ),
    ),
    "frame_samples": (
        Mistake(
            "a hop long",
            _frame_a_hop_long,
            "You return as many samples as frames are apart. A frame sees more than that: windows overlap.",
        ),
        Mistake(
            "windows side by side",
            _frame_side_by_side,
            "You lay the windows side by side. The next one starts a hop later, not a whole window later.",
        ),
        Mistake("counted from one", _frame_from_one, "This is the next frame: frames are counted from zero."),
    ),
    "normalize_batch": (
        Mistake(
            "padding counted",
            _normalize_with_padding,
            "Padding is in your mean and variance: so a clip's numbers depend on how long the *other* clips are.",
        ),
        Mistake(
            "padding not zero",
            _normalize_the_padding,
            "The padding was zero and is not any more: you shifted it with the rest.",
        ),
        Mistake(
            "divided by N − 1",
            _normalize_by_one_less,
            "Your variance divides by one less than the number of samples (torch.var does so by itself). Here the "
            "clip is all there is, not a sample of something: divide by their number.",
        ),
        Mistake(
            "divided by the variance",
            _normalize_by_variance,
            "You divide by the variance; its unit is the square of the signal's. Take the root.",
        ),
        Mistake(
            "the batch together",
            _normalize_together,
            "One mean and variance for the whole batch: a quiet clip stays quiet beside a loud one. Each row its own.",
        ),
    ),
    "frames_that_hear": (
        Mistake(
            "one frame only",
            _hear_by_strides_only,
            "You name the last frame that starts before the sample; windows overlap, earlier ones may reach it too.",
        ),
        Mistake(
            "past the last frame",
            _hear_past_the_end,
            "Some of these frames do not exist: their windows would end after the clip does.",
        ),
        Mistake(
            "one sample too many",
            _hear_one_more,
            "A frame that starts at sample s hears s … s + field − 1; you let it hear one more.",
        ),
        Mistake(
            "first and last only",
            _hear_the_ends,
            "Those are the first and the last; the list should hold the ones between as well, and each frame once.",
        ),
    ),
}
