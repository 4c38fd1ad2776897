"""Which label when (chapter `spans`): the single best alignment of a known target. The recursion with max for sum."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from w2v2course.ctc.alignments import minimum_frames
from w2v2course.ctc.arguments import check_log_probs, pad_targets, real_frames
from w2v2course.ctc.batched import expand_batch
from w2v2course.lengths import check_lengths


@dataclass(frozen=True, slots=True)
class Span:
    """The frames that emit one label (chapter `spans`).

    Attributes:
        label: which.
        start, end: its first frame, and the one after its last.
        score: mean log-probability of the label in these frames.
    """

    label: int
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """A target laid along an utterance (chapter `spans`).

    Attributes:
        path: the symbol of each frame, blanks included; it collapses to the target.
        log_prob: log-probability of the path; no alignment of this target has a larger one.
        spans: one for each label of the target, in order. Frames between spans are blank.
    """

    path: tuple[int, ...]
    log_prob: float
    spans: tuple[Span, ...]


def forced_align(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | None = None,
    target_lengths: Tensor | None = None,
    blank: int = 0,
) -> list[Alignment]:
    """The likeliest of all alignments of each target (chapter `spans`), by Viterbi's recursion in float64.

    Args:
        log_probs: (B, T, C), natural log-probabilities of each frame's classes.
        targets: labels, padded (B, S), or concatenated (sum of target_lengths,).
        input_lengths: (B,), real frames of each row; None: all. What stands past them is not looked at.
        target_lengths: (B,), real labels of each row, 0 included; None: all of padded targets.
        blank: the class that stands for no label.

    Returns:
        An alignment for each row. Among equally good ones, read from the end, that which stays in its state wins.

    Raises:
        TypeError, ValueError: an argument is not as said above; a target that needs more frames than there are, or
            that has probability zero; not-a-number in a real frame.

    Source: Viterbi (1967); for CTC Kürzinger et al. (2020), arXiv 2007.09127, with the blank optional.
    """
    check_log_probs(log_probs, blank)
    B, T, C = log_probs.shape  # utterances, frames, classes
    targets, target_lengths = pad_targets(targets, target_lengths, B, C, blank, log_probs.device)
    input_lengths = check_lengths(input_lengths, B, T, log_probs.device, name="input_lengths")
    log_probs, frames = real_frames(log_probs, input_lengths)
    targets, target_lengths = targets.to(log_probs.device), target_lengths.to(log_probs.device)
    for b, (target, size) in enumerate(zip(targets.tolist(), target_lengths.tolist(), strict=True)):
        _check_fits(target[:size], frames[b], b)
    if B == 0 or T == 0:
        return [Alignment((), 0.0, ()) for _ in range(B)]

    states, may_skip = expand_batch(targets, target_lengths, blank, padding=C)
    back, ends = _best_ways(log_probs, states, may_skip, frames)
    aligned = []
    for b, real in enumerate(frames):
        last = 2 * int(target_lengths[b])  # the blank after the last label; the path may end a state earlier
        state = last - int(last > 0 and ends[b, last - 1] >= ends[b, last])
        if real and ends[b, state] == -math.inf:
            raise ValueError(f"targets[{b}] has probability zero under log_probs[{b}]; no alignment is any better")
        way = _walk_back(back[:real, b], state)
        aligned.append(_describe(log_probs[b], states[b], way))
    return aligned


def _check_fits(target: list[int], frames: int, row: int) -> None:
    needed = minimum_frames(target)
    if needed > frames:
        raise ValueError(
            f"targets[{row}] needs at least {needed} frames ({len(target)} labels + {needed - len(target)} repeats), "
            f"but input_lengths[{row}] is {frames}; check that text and sound belong together"
        )


def _best_ways(log_probs: Tensor, states: Tensor, may_skip: Tensor, frames: list[int]) -> tuple[Tensor, Tensor]:
    """How many states back the best way into each state came from, (T, B, L), and each row's last scores, (B, L)."""
    (B, T, _), L = log_probs.shape, states.shape[1]  # utterances, frames; states
    emission = torch.nn.functional.pad(log_probs, (0, 1), value=-math.inf)  # padding's class is impossible
    score = torch.full(
        (B, L + 2), -math.inf, dtype=torch.double, device=log_probs.device
    )  # two states before the first
    score[:, 2:4] = emission[:, 0].gather(1, states[:, :2])
    back = torch.zeros(T, B, L, dtype=torch.int8, device=log_probs.device)
    real = torch.tensor(frames, device=log_probs.device)[:, None]
    for t in range(1, T):
        stay, step = score[:, 2:], score[:, 1:-1]
        skip = score[:, :-2].masked_fill(~may_skip, -math.inf)
        best = torch.maximum(stay, step)
        back[t] = torch.where(skip > best, 2, step > stay)
        best = torch.maximum(best, skip)
        score[:, 2:] = torch.where(t < real, best + emission[:, t].gather(1, states), stay)
    return back, score[:, 2:]


def _walk_back(back: Tensor, state: int) -> list[int]:
    """The states of the best path, from the end to the beginning and turned round."""
    way = []
    for row in reversed(back.tolist()):
        way.append(state)
        state -= row[state]
    return way[::-1]


def _describe(log_probs: Tensor, states: Tensor, way: list[int]) -> Alignment:
    path = states[way].tolist()
    values = log_probs[range(len(way)), path].tolist()
    spans = []
    for state in range(1, max(way, default=0) + 1, 2):
        start = way.index(state)
        end = start + way.count(state)
        spans.append(Span(path[start], start, end, sum(values[start:end]) / (end - start)))
    return Alignment(tuple(path), sum(values), tuple(spans))
