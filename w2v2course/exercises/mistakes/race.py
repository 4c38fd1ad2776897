"""Mistakes of the notebook `race`."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from w2v2course.exercises.specification import Mistake


def _offsets(frames: int) -> Tensor:
    return torch.arange(frames) - torch.arange(frames)[:, None]


def _window_open(frames: int, radius: int) -> Tensor:
    return _offsets(frames).abs() < radius


def _window_hidden(frames: int, radius: int) -> Tensor:
    return _offsets(frames).abs() > radius


def _window_left(frames: int, radius: int) -> Tensor:
    return (_offsets(frames) <= 0) & (_offsets(frames) >= -radius)


def _window_one_sided(frames: int, radius: int) -> Tensor:
    return _offsets(frames) <= radius


def _codes_one_start(codes: Tensor, starts: Tensor, frames: int) -> Tensor:
    return codes[starts[0] : starts[0] + frames].expand(len(starts), -1, -1)


def _codes_from_zero(codes: Tensor, starts: Tensor, frames: int) -> Tensor:
    return codes[:frames].expand(len(starts), -1, -1)


def _codes_plus_start(codes: Tensor, starts: Tensor, frames: int) -> Tensor:
    return codes[:frames] + starts[:, None, None]


def _codes_stretched(codes: Tensor, starts: Tensor, frames: int) -> Tensor:
    return codes[starts[:, None].expand(-1, frames)]


def _turned(x: Tensor, base: float, back: bool = False, shift: int = 0, alike: bool = False) -> Tensor:
    T, D = x.shape
    speed = base ** (-torch.arange(0, D, 2, dtype=torch.float64) / D)
    angle = (torch.arange(T)[:, None] + shift) * (torch.ones_like(speed) if alike else speed)
    c, s = angle.cos(), angle.sin() * (-1 if back else 1)
    first, second = x.double()[:, 0::2], x.double()[:, 1::2]
    return torch.stack([first * c - second * s, first * s + second * c], -1).flatten(1)


def _rotate_back(x: Tensor, base: float) -> Tensor:
    return _turned(x, base, back=True)


def _rotate_from_one(x: Tensor, base: float) -> Tensor:
    return _turned(x, base, shift=1)


def _rotate_alike(x: Tensor, base: float) -> Tensor:
    return _turned(x, base, alike=True)


def _rotate_halves(x: Tensor, base: float) -> Tensor:
    half = x.shape[-1] // 2
    paired = torch.stack([x[:, :half], x[:, half:]], -1).flatten(1)
    turned = _turned(paired, base)
    return torch.cat([turned[:, 0::2], turned[:, 1::2]], -1)


def _rotate_added(x: Tensor, base: float) -> Tensor:
    T, D = x.shape
    speed = base ** (-torch.arange(0, D, 2, dtype=torch.float64) / D)
    angle = torch.arange(T)[:, None] * speed
    return x + torch.stack([angle.sin(), angle.cos()], -1).flatten(1)


def _scores(query: Tensor, key: Tensor) -> Tensor:
    return query @ key.mT / math.sqrt(query.shape[-1])


def _hidden(query: Tensor, radius: int) -> Tensor:
    return _offsets(len(query)).abs() > radius


def _windowed_after(query: Tensor, key: Tensor, value: Tensor, radius: int) -> Tensor:
    return _scores(query, key).softmax(-1).masked_fill(_hidden(query, radius), 0.0) @ value


def _windowed_with_zero(query: Tensor, key: Tensor, value: Tensor, radius: int) -> Tensor:
    return _scores(query, key).masked_fill(_hidden(query, radius), 0.0).softmax(-1) @ value


def _windowed_unscaled(query: Tensor, key: Tensor, value: Tensor, radius: int) -> Tensor:
    return (query @ key.mT).masked_fill(_hidden(query, radius), -math.inf).softmax(-1) @ value


def _windowed_not(query: Tensor, key: Tensor, value: Tensor, radius: int) -> Tensor:
    return _scores(query, key).softmax(-1) @ value


def _windowed_causal(query: Tensor, key: Tensor, value: Tensor, radius: int) -> Tensor:
    hidden = _hidden(query, radius) | (_offsets(len(query)) > 0)
    return _scores(query, key).masked_fill(hidden, -math.inf).softmax(-1) @ value


def _real(labels: Tensor, lengths: Tensor) -> Tensor:
    return torch.arange(labels.shape[1]) < lengths[:, None]


def _error_everywhere(predictions: Tensor, labels: Tensor, mirrored: Tensor, lengths: Tensor) -> float:
    return (predictions != labels)[_real(labels, lengths)].double().mean().item()


def _error_with_padding(predictions: Tensor, labels: Tensor, mirrored: Tensor, lengths: Tensor) -> float:
    return (predictions != labels)[labels != mirrored].double().mean().item()


def _error_right(predictions: Tensor, labels: Tensor, mirrored: Tensor, lengths: Tensor) -> float:
    return 1 - _error_wanted(predictions, labels, mirrored, lengths)


def _error_wanted(predictions: Tensor, labels: Tensor, mirrored: Tensor, lengths: Tensor) -> float:
    scored = _real(labels, lengths) & (labels != mirrored)
    return (predictions != labels)[scored].double().mean().item()


def _error_of_clips(predictions: Tensor, labels: Tensor, mirrored: Tensor, lengths: Tensor) -> float:
    scored = _real(labels, lengths) & (labels != mirrored)
    clips = [(p != y)[s].double().mean() for p, y, s in zip(predictions, labels, scored, strict=True) if s.any()]
    return torch.stack(clips).mean().item()


def _error_of_all_frames(predictions: Tensor, labels: Tensor, mirrored: Tensor, lengths: Tensor) -> float:
    scored = _real(labels, lengths) & (labels != mirrored)
    return ((predictions != labels) & scored).sum().item() / lengths.sum().item()


def _reach_widest(radii: Sequence[int], frames: int) -> int:
    return 2 * max(radii) + 1


def _reach_one_side(radii: Sequence[int], frames: int) -> int:
    return min(frames, sum(radii) + 1)


def _reach_product(radii: Sequence[int], frames: int) -> int:
    return min(frames, math.prod(2 * radius + 1 for radius in radii))


def _reach_past_the_end(radii: Sequence[int], frames: int) -> int:
    return 2 * sum(radii) + 1


def _reach_without_self(radii: Sequence[int], frames: int) -> int:
    return min(frames, 2 * sum(radii))


MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "window_mask": (
        Mistake(
            "border left out",
            _window_open,
            "A frame exactly `radius` away belongs to the window; and with radius 0 a frame still sees itself.",
        ),
        Mistake("the hidden ones", _window_hidden, "The wrong way round: True is for the frames that *are* seen."),
        Mistake("left side only", _window_left, "Your window looks to the left only. It reaches to both sides."),
        Mistake(
            "no left border",
            _window_one_sided,
            "Far to the left everything is seen: the offset is negative there. It is its size that counts.",
        ),
    ),
    "offset_codes": (
        Mistake(
            "one start for all",
            _codes_one_start,
            "Every clip gets the first one's start. Each has its own, or the batch learns one stretch at a time.",
        ),
        Mistake(
            "starts ignored",
            _codes_from_zero,
            "All clips begin at position 0: that is what made far positions untrained in the first place.",
        ),
        Mistake(
            "start added to the code",
            _codes_plus_start,
            "You add the start to the *code*. It belongs to the position, the row of the table.",
        ),
        Mistake(
            "one code a clip",
            _codes_stretched,
            "Every frame of a clip has the same code. It starts there and goes on, frame by frame.",
        ),
    ),
    "rotate_pairs": (
        Mistake(
            "turned back",
            _rotate_back,
            "You turn the other way round. A network trained so would learn as well; one trained with the usual turn "
            "would take every left for a right.",
        ),
        Mistake(
            "counted from one",
            _rotate_from_one,
            "Your first frame is turned already. Positions are counted from 0.",
        ),
        Mistake("all pairs alike", _rotate_alike, "Every pair turns at the same speed. Pair i has base^(−2i/D)."),
        Mistake(
            "halves paired",
            _rotate_halves,
            "You pair channel i with channel i + D/2, as some models do. Here pairs are neighbours, 2i and 2i + 1.",
        ),
        Mistake(
            "codes added",
            _rotate_added,
            "You add sinusoids to the vector. Rotary positions *turn* it: its length must not change.",
        ),
    ),
    "windowed_attention": (
        Mistake(
            "windowed after the softmax",
            _windowed_after,
            "You close the window after the softmax: far frames have had their share by then, and rows no longer sum "
            "to one.",
        ),
        Mistake(
            "score zero outside",
            _windowed_with_zero,
            "Outside the window you set the score to 0. exp(0) is 1: far frames still get weight. No weight is −∞.",
        ),
        Mistake("not scaled", _windowed_unscaled, "The window is right; the scores are not divided by √D."),
        Mistake("no window", _windowed_not, "That is plain attention: every frame sees the whole clip."),
        Mistake("left side only", _windowed_causal, "Your window looks to the left only. It reaches to both sides."),
    ),
    "informative_error": (
        Mistake(
            "every frame",
            _error_everywhere,
            "You score every real frame. Where both directions want the same, a frame tells nothing about order.",
        ),
        Mistake(
            "padding scored",
            _error_with_padding,
            "Some of the frames that you score are padding: look at the lengths as well.",
        ),
        Mistake("share of right answers", _error_right, "That is the share of *right* answers; errors are asked for."),
        Mistake(
            "mean of clips",
            _error_of_clips,
            "You take the mean of the clips' means: a clip with one scored frame weighs as much as one with fifty. Put "
            "all scored frames into one pot.",
        ),
        Mistake(
            "divided by all frames",
            _error_of_all_frames,
            "You count errors on scored frames and divide by *all* frames. Divide by the scored ones.",
        ),
    ),
    "frames_reached": (
        Mistake(
            "widest window only",
            _reach_widest,
            "That is one layer's window. What a frame takes over in the next layer has seen further already.",
        ),
        Mistake("one side only", _reach_one_side, "You count one side only; windows reach to both."),
        Mistake(
            "windows multiplied",
            _reach_product,
            "Windows do not multiply: each layer moves the edge on by its radius.",
        ),
        Mistake(
            "past the end",
            _reach_past_the_end,
            "You count frames that the clip does not have.",
        ),
        Mistake("without itself", _reach_without_self, "The frame itself counts, too."),
    ),
}
