"""Mistakes of the notebook `order`."""

import math
from collections import Counter
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from w2v2course.exercises.specification import Mistake


def _attend_unscaled(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return (query @ key.mT).softmax(-1) @ value


def _attend_scaled_by_width(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return (query @ key.mT / query.shape[-1]).softmax(-1) @ value


def _attend_over_queries(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return (query @ key.mT / math.sqrt(query.shape[-1])).softmax(-2) @ value


def _attend_without_softmax(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return (query @ key.mT / math.sqrt(query.shape[-1])) @ value


def _attend_from_keys(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return (key @ query.mT / math.sqrt(query.shape[-1])).softmax(-1) @ value


def _split_by_reshape(x: Tensor, heads: int) -> Tensor:
    B, T, D = x.shape
    return x.reshape(B, heads, T, D // heads)


def _split_in_turn(x: Tensor, heads: int) -> Tensor:
    B, T, D = x.shape
    return x.reshape(B, T, D // heads, heads).permute(0, 3, 1, 2)


def _split_untransposed(x: Tensor, heads: int) -> Tensor:
    B, T, D = x.shape
    return x.reshape(B, T, heads, D // heads)


def _split_frames(x: Tensor, heads: int) -> Tensor:
    B, T, D = x.shape
    return x.reshape(B, T, heads, D // heads).permute(0, 2, 3, 1)


def _padding(scores: Tensor, lengths: Tensor) -> Tensor:
    return (torch.arange(scores.shape[-1]) >= lengths[:, None])[:, None]  # (B, 1, T)


def _hide_after(scores: Tensor, lengths: Tensor) -> Tensor:
    return scores.softmax(-1).masked_fill(_padding(scores, lengths), 0.0)


def _hide_with_zero(scores: Tensor, lengths: Tensor) -> Tensor:
    padding = _padding(scores, lengths)
    return scores.masked_fill(padding, 0.0).softmax(-1)


def _hide_queries(scores: Tensor, lengths: Tensor) -> Tensor:
    padding = _padding(scores, lengths).mT  # (B, T, 1)
    return scores.softmax(-1).masked_fill(padding, 0.0)


def _hide_everybody(scores: Tensor, lengths: Tensor) -> Tensor:
    return scores.masked_fill(_padding(scores, lengths), -math.inf).softmax(-1)


def _gap_of_invariance(module: Callable, x: Tensor, permutation: Tensor) -> float:
    straight = module(x)
    return ((module(x[:, permutation]) - straight).abs().max() / straight.abs().max()).item()


def _gap_the_other_way(module: Callable, x: Tensor, permutation: Tensor) -> float:
    straight = module(x)
    back = straight[:, permutation.argsort()]
    return ((module(x[:, permutation]) - back).abs().max() / straight.abs().max()).item()


def _gap_absolute(module: Callable, x: Tensor, permutation: Tensor) -> float:
    return (module(x[:, permutation]) - module(x)[:, permutation]).abs().max().item()


def _gap_of_the_batch(module: Callable, x: Tensor, permutation: Tensor) -> float:
    straight = module(x)
    gap = (module(x[:, permutation]) - straight[:, permutation]).abs().mean() / straight.abs().mean()
    return gap.item()


def _blind_contested(frames: Sequence[str], labels: Sequence[int], mirrored: Sequence[int]) -> int:
    return sum(a != b for a, b in zip(labels, mirrored, strict=True))


def _fewest(pairs: Sequence[tuple]) -> int:
    answers: dict = {}
    for heard, label in pairs:
        answers.setdefault(heard, Counter())[label] += 1
    return sum(sum(count.values()) - max(count.values()) for count in answers.values())


def _blind_one_direction(frames: Sequence[str], labels: Sequence[int], mirrored: Sequence[int]) -> int:
    return _fewest(list(zip(frames, labels, strict=True)))


def _blind_twice(frames: Sequence[str], labels: Sequence[int], mirrored: Sequence[int]) -> int:
    return _fewest(list(zip(frames, labels, strict=True))) + _fewest(list(zip(frames, mirrored, strict=True)))


def _blind_one_answer(frames: Sequence[str], labels: Sequence[int], mirrored: Sequence[int]) -> int:
    return _fewest([("all", label) for label in [*labels, *mirrored]])


MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "attend": (
        Mistake(
            "not scaled",
            _attend_unscaled,
            "The scores are not divided by √D: with wide vectors the softmax becomes all or nothing.",
        ),
        Mistake("divided by D", _attend_scaled_by_width, "You divide the scores by D; the formula says its root."),
        Mistake(
            "softmax over the wrong axis",
            _attend_over_queries,
            "Your softmax runs over the queries: columns sum to one. Each query shares out its attention over keys.",
        ),
        Mistake(
            "no softmax",
            _attend_without_softmax,
            "The scores multiply the values as they are; they should become weights first, which sum to one.",
        ),
        Mistake(
            "keys and queries changed over",
            _attend_from_keys,
            "Your rows are the keys and your columns the queries. Row t must say what *query* t takes from each frame.",
        ),
    ),
    "split_heads": (
        Mistake(
            "reshaped past the frames",
            _split_by_reshape,
            "The shape is right, the numbers are in the wrong place: a reshape to (B, H, T, D/H) lets a head have "
            "pieces of *other frames*. Split the channels first, then move the axis.",
        ),
        Mistake(
            "channels dealt in turn",
            _split_in_turn,
            "Channels are dealt out in turn here. Each head has a block of neighbouring channels: 0 … D/H − 1 the "
            "first.",
        ),
        Mistake(
            "axes not moved",
            _split_untransposed,
            "The split is right; the heads still stand behind the frames. They belong in front: (B, H, T, D/H).",
        ),
        Mistake(
            "frames last",
            _split_frames,
            "Heads are in front, but frames and channels have changed places: (B, H, T, D/H) is asked for.",
        ),
    ),
    "masked_softmax": (
        Mistake(
            "masked after the softmax",
            _hide_after,
            "You empty the padding *after* the softmax: it has taken its share by then, and rows no longer sum to one.",
        ),
        Mistake(
            "score zero for padding",
            _hide_with_zero,
            "A score of 0 is a middling score, not none: exp(0) is 1. What must get no weight needs the score −∞.",
        ),
        Mistake(
            "queries masked",
            _hide_queries,
            "You hide the padded *queries*. It is the keys that nobody may look at: columns, not rows.",
        ),
        Mistake(
            "a row with nothing real",
            _hide_everybody,
            "Right, except for a row of length 0: there every score is −∞ and the softmax is 0/0. Its weights should "
            "be 0.",
        ),
    ),
    "equivariance_gap": (
        Mistake(
            "that is invariance",
            _gap_of_invariance,
            "You compare with the output as it was. That asks for *invariance*; an equivariant module's output is "
            "shuffled, too.",
        ),
        Mistake(
            "shuffled back",
            _gap_the_other_way,
            "The output is shuffled by the *inverse* permutation. Input and output are shuffled alike.",
        ),
        Mistake(
            "not relative",
            _gap_absolute,
            "The difference is right, but not related to the size of the outputs: a module with small numbers looks "
            "equivariant.",
        ),
        Mistake(
            "mean for maximum",
            _gap_of_the_batch,
            "You take the mean where the formula takes the maximum: one frame that moves would drown in the rest.",
        ),
    ),
    "fewest_blind_errors": (
        Mistake(
            "contested frames only",
            _blind_contested,
            "Every frame that wants two answers costs one error, that is right; but two frames with the same sound "
            "must also get the same answer as *each other*.",
        ),
        Mistake(
            "one direction only",
            _blind_one_direction,
            "These are the errors of one direction; the model is asked in both.",
        ),
        Mistake(
            "an answer for each direction",
            _blind_twice,
            "You let the model answer anew when the clip is reversed. It cannot tell that it was: same frames, same "
            "answers.",
        ),
        Mistake(
            "one answer for all",
            _blind_one_answer,
            "You give one answer to the whole clip. The model is blind to order, not to what a frame sounds like.",
        ),
    ),
}
