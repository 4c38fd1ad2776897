"""Wrong ways to do the exercises of chapter `alignments`, and what to say to each."""

from itertools import groupby, pairwise, product
from math import comb

import torch
from torch import Tensor

from w2v2course.exercises.specification import Mistake


def _merge(path) -> list:
    return [symbol for symbol, _ in groupby(path)]


# minimum_frames


def letters_only(target: str) -> int:
    return len(target)


def every_blank(target: str) -> int:
    return 2 * len(target) + 1


def seen_anywhere(target: str) -> int:
    return len(target) + len(target) - len(set(target))


def runs_not_pairs(target: str) -> int:
    return len(target) + sum(len(list(run)) > 1 for _, run in groupby(target))


# collapse_path


def drop_before_merge(path: str, blank: str = "ε") -> str:
    return "".join(_merge(path.replace(blank, "")))


def only_drop(path: str, blank: str = "ε") -> str:
    return path.replace(blank, "")


def only_merge(path: str, blank: str = "ε") -> str:
    return "".join(_merge(path))


def each_letter_once(path: str, blank: str = "ε") -> str:
    return "".join(dict.fromkeys(path.replace(blank, "")))


def blank_fixed(path: str, blank: str = "ε") -> str:
    return "".join(symbol for symbol in _merge(path) if symbol != "ε")


# path_log_prob


def every_pair(log_probs: Tensor, path: list[int]) -> Tensor:
    return log_probs[:, path].sum()


def logs_multiplied(log_probs: Tensor, path: list[int]) -> Tensor:
    return log_probs[torch.arange(len(path)), path].prod()


def probabilities_added(log_probs: Tensor, path: list[int]) -> Tensor:
    return log_probs[torch.arange(len(path)), path].exp().sum().log()


def mean_of_frames(log_probs: Tensor, path: list[int]) -> Tensor:
    return log_probs[torch.arange(len(path)), path].mean()


def probability_not_log(log_probs: Tensor, path: list[int]) -> Tensor:
    return log_probs[torch.arange(len(path)), path].sum().exp()


# log_sum_exp


def naive_sum(values: Tensor) -> Tensor:
    return values.exp().sum().log()


def maximum(values: Tensor) -> Tensor:
    return values.max()


def largest_not_added_back(values: Tensor) -> Tensor:
    top = values.max()
    return (values - top.clamp(min=-1e30)).exp().sum().log()


def logs_added(values: Tensor) -> Tensor:
    return values.sum()


def infinity_minus_infinity(values: Tensor) -> Tensor:
    top = values.max()
    return top + (values - top).exp().sum().log()


# target_probability


def _paths_that_say(probs: Tensor, target: list[int], blank: int, says) -> Tensor:
    """Probabilities of the paths that a rule takes for the target."""
    T, C = probs.shape
    found = [probs[range(T), path].prod() for path in product(range(C), repeat=T) if says(path) == list(target)]
    return torch.stack(found) if found else probs.new_zeros(1)


def best_alignment_only(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _paths_that_say(probs, target, blank, lambda path: [s for s in _merge(path) if s != blank]).max()


def dropped_first(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _paths_that_say(probs, target, blank, lambda path: _merge(s for s in path if s != blank)).sum()


def nothing_merged(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _paths_that_say(probs, target, blank, lambda path: [s for s in path if s != blank]).sum()


def no_blanks(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _paths_that_say(probs, target, blank, _merge).sum()


def mean_of_alignments(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _paths_that_say(probs, target, blank, lambda path: [s for s in _merge(path) if s != blank]).mean()


def blank_is_zero(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _paths_that_say(probs, target, 0, lambda path: [s for s in _merge(path) if s != 0]).sum()


# count_alignments


def repeats_forgotten(target: str, frames: int) -> int:
    return comb(frames + len(target), 2 * len(target))


def a_frame_each(target: str, frames: int) -> int:
    return comb(frames, len(target))


def _count(target: str, frames: int, one, ends: int):
    """State by state, in whole numbers or in floats."""
    states = [None]
    for letter in target:
        states += [letter, None]
    ways = [one * (s < 2) for s in range(len(states))]
    for _ in range(frames - 1):
        ways = [
            ways[s]
            + (ways[s - 1] if s >= 1 else 0)
            + (ways[s - 2] if s >= 2 and s % 2 and states[s] != states[s - 2] else 0)
            for s in range(len(states))
        ]
    return sum(ways[-ends:])


def counted_in_floats(target: str, frames: int) -> int:
    return int(_count(target, frames, 1.0, ends=2))


def must_end_in_a_letter(target: str, frames: int) -> int:
    return _count(target, frames, 1, ends=2) - _count(target, frames, 1, ends=1) if target else 1


def every_repeat_twice(target: str, frames: int) -> int:
    repeats = sum(a == b for a, b in pairwise(target))
    return comb(max(frames + len(target) - 2 * repeats, 0), 2 * len(target))


MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "minimum_frames": (
        Mistake(
            "repeats cost nothing",
            letters_only,
            "You count a frame for each letter. That will do as long as neighbours differ; but how would AA look in "
            "two frames, and what would it collapse to?",
        ),
        Mistake(
            "an ε everywhere",
            every_blank,
            "You give every letter an ε before and after it. ε is allowed there, but where may it be left out without "
            "changing what is said?",
        ),
        Mistake(
            "repeats anywhere",
            seen_anywhere,
            "You charge for a letter that stood anywhere earlier. In ABA the two A are kept apart by the B already; "
            "only neighbours merge.",
        ),
        Mistake(
            "runs in place of pairs",
            runs_not_pairs,
            "A run of equal letters costs you one extra frame however long it is. Write AAA down as a path: how many "
            "gaps between equal letters are there?",
        ),
    ),
    "collapse_path": (
        Mistake(
            "drop before merge",
            drop_before_merge,
            "You drop the blanks first. Then nothing is left to keep two equal letters apart, and AεA says A. Change "
            "the order of the two steps.",
        ),
        Mistake(
            "nothing merged",
            only_drop,
            "Blanks are dropped, but equal neighbours are still there twice. A letter that goes on for two frames is "
            "one letter.",
        ),
        Mistake(
            "nothing dropped",
            only_merge,
            "Equal neighbours are merged, but the blanks are still there. They are to be taken out after merging.",
        ),
        Mistake(
            "each letter only once",
            each_letter_once,
            "You keep each letter once in the whole text. Merging looks at *neighbours* only: ABA says ABA.",
        ),
        Mistake(
            "the blank is always ε",
            blank_fixed,
            "It works as long as the blank is written ε. The function is told which symbol it is: use its second "
            "argument.",
        ),
    ),
    "path_log_prob": (
        Mistake(
            "every frame with every symbol of the path",
            every_pair,
            "log_probs[:, path] is a T × T table: all symbols of the path in all frames. One number a frame is wanted: "
            "frame 0 with path[0], frame 1 with path[1] … Give the frames as the first index.",
        ),
        Mistake(
            "logarithms multiplied",
            logs_multiplied,
            "You multiply the logarithms. Probabilities multiply; what do their logarithms do?",
        ),
        Mistake(
            "probabilities added",
            probabilities_added,
            "You add up the probabilities of the frames. A path needs this symbol here *and* that one there: "
            "independent events that must all happen.",
        ),
        Mistake(
            "mean in place of sum",
            mean_of_frames,
            "You take the mean over the frames. That is a useful score for comparing paths of different lengths, but "
            "not the log-probability of the path.",
        ),
        Mistake(
            "a probability, not its logarithm",
            probability_not_log,
            "This is the probability itself. The logarithm was asked for: one step too many at the end.",
        ),
    ),
    "log_sum_exp": (
        Mistake(
            "overflow or underflow",
            naive_sum,
            "The formula as it stands: right on paper, but e^1000 is more than a float can hold, and e^−1000 less than "
            "one. What can you take out of the sum before you exponentiate?",
        ),
        Mistake(
            "maximum in place of the sum",
            maximum,
            "This is the largest of the numbers. It comes close when one of them towers over the rest, and loses all "
            "the others: two equal ways are worth more than one.",
        ),
        Mistake(
            "largest not added back",
            largest_not_added_back,
            "You take the largest out before exponentiating, and never put it back. Taking m out of a sum of "
            "exponentials divides it by e^m.",
        ),
        Mistake(
            "logarithms added",
            logs_added,
            "You add the logarithms: that multiplies what they stand for. Here what they stand for is to be added.",
        ),
        Mistake(
            "−∞ minus −∞",
            infinity_minus_infinity,
            "Everything is right until nothing can happen: then the largest is −∞, and −∞ − (−∞) is not a number. "
            "Treat that case by itself; the sum of nothing but zeros is zero.",
        ),
    ),
    "target_probability": (
        Mistake(
            "only the best alignment",
            best_alignment_only,
            "This is the probability of the single best alignment. All of them say the target, so all of them count.",
        ),
        Mistake(
            "drop before merge",
            dropped_first,
            "Paths are collapsed in the wrong order: blanks dropped, then neighbours merged. So no path can say AA, "
            "and A gets what belongs to AA.",
        ),
        Mistake(
            "nothing merged",
            nothing_merged,
            "You leave out paths in which a letter lasts longer than one frame. Merge equal neighbours before you "
            "compare with the target.",
        ),
        Mistake(
            "paths without ε",
            no_blanks,
            "Paths with a blank in them are never counted. Drop blanks after merging, then compare.",
        ),
        Mistake(
            "mean over the alignments",
            mean_of_alignments,
            "You take the mean over the alignments. The target is said if one of them happens *or* another: "
            "probabilities of things that exclude each other add.",
        ),
        Mistake(
            "the blank is always class 0",
            blank_is_zero,
            "It works as long as the blank is class 0. The function is told which class it is: use its third argument.",
        ),
    ),
    "count_alignments": (
        Mistake(
            "repeats forgotten",
            repeats_forgotten,
            "Right for letters that all differ from the one before. Between equal letters an ε must stand, and that "
            "leaves fewer places: AA in two frames has no alignment at all.",
        ),
        Mistake(
            "a frame for each letter",
            a_frame_each,
            "You choose one frame for each letter and fill the rest with ε. A letter may also last for several frames: "
            "A in two frames has AA, Aε and εA.",
        ),
        Mistake(
            "counted in floats",
            counted_in_floats,
            "Small counts are right, large ones are off in their last digits: a float holds about 16 digits. Count "
            "in whole numbers throughout; Python's have no limit. (A `/` makes a float, `//` does not.)",
        ),
        Mistake(
            "ends in a letter",
            must_end_in_a_letter,
            "Paths that end in ε are missing. A path may end in the last letter or in the blank after it.",
        ),
        Mistake(
            "repeats taken off twice",
            every_repeat_twice,
            "Each repeat takes away more than it should. It costs one frame, the one in which its ε must stand.",
        ),
    ),
}
