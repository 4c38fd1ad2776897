"""Wrong ways to do the exercises of chapter `trellis`, and what to say to each."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from w2v2course.exercises.specification import Mistake

Skip = Callable[[list[int], int], bool]  # may a state be skipped to: (states, s)

# expand


def no_last_blank(target: list[int], blank: int = 0) -> list[int]:
    return [symbol for label in target for symbol in (blank, label)] or [blank]


def no_first_blank(target: list[int], blank: int = 0) -> list[int]:
    return [symbol for label in target for symbol in (label, blank)]


def only_between(target: list[int], blank: int = 0) -> list[int]:
    return no_first_blank(target, blank)[:-1]


def only_between_repeats(target: list[int], blank: int = 0) -> list[int]:
    states = []
    for place, label in enumerate(target):
        states += [blank, label] if place and target[place - 1] == label else [label]
    return states


def zero_for_blank(target: list[int], blank: int = 0) -> list[int]:
    return [*no_last_blank(target, 0), 0] if target else [0]


# next_states


def _next(states: list[int], s: int, skip: Callable[[int], bool]) -> list[int]:
    ways = [s, s + 1] + [s + 2] * (s + 2 < len(states) and skip(s))
    return [way for way in ways if way < len(states)]


def skips_between_equal(states: list[int], s: int, blank: int = 0) -> list[int]:
    return _next(states, s, lambda s: states[s] != blank)


def skips_from_blank(states: list[int], s: int, blank: int = 0) -> list[int]:
    return _next(states, s, lambda s: states[s] == blank or states[s] != states[s + 2])


def never_skips(states: list[int], s: int, blank: int = 0) -> list[int]:
    return _next(states, s, lambda s: False)


def never_stays(states: list[int], s: int, blank: int = 0) -> list[int]:
    return _next(states, s, lambda s: states[s] not in (blank, states[s + 2]))[1:]


def zero_is_blank(states: list[int], s: int, blank: int = 0) -> list[int]:
    return _next(states, s, lambda s: states[s] not in (0, states[s + 2]))


def past_the_end(states: list[int], s: int, blank: int = 0) -> list[int]:
    skip = s + 2 < len(states) and states[s] not in (blank, states[s + 2])
    return [s, s + 1] + [s + 2] * skip


def where_it_came_from(states: list[int], s: int, blank: int = 0) -> list[int]:
    skip = s >= 2 and states[s] not in (blank, states[s - 2])
    return [s - 2] * skip + [s - 1] * (s >= 1) + [s]


# forward_probabilities


def _alpha(probs: Tensor, target: list[int], blank: int, skip: Skip, begin: int = 2, emit: bool = True) -> Tensor:
    """The recursion with a rule for skipping, in plain loops."""
    states = [blank]
    for label in target:
        states += [label, blank]
    alpha = probs.new_zeros(len(probs), len(states))
    alpha[0, :begin] = probs[0, states[:begin]]
    for t in range(1, len(probs)):
        for s, symbol in enumerate(states):
            ways = alpha[t - 1, s] + (alpha[t - 1, s - 1] if s >= 1 else 0)
            if s >= 2 and skip(states, s):
                ways = ways + alpha[t - 1, s - 2]
            alpha[t, s] = ways * (probs[t, symbol] if emit else 1)
    return alpha


def _right(states: list[int], s: int) -> bool:
    return s % 2 == 1 and states[s] != states[s - 2]


def repeat_rule_missing(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _alpha(probs, target, blank, lambda states, s: s % 2 == 1)


def no_skip(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _alpha(probs, target, blank, lambda states, s: False)


def blanks_skip_too(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _alpha(probs, target, blank, lambda states, s: s % 2 == 0 or _right(states, s))


def begins_in_blank(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _alpha(probs, target, blank, _right, begin=1)


def begins_anywhere(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _alpha(probs, target, blank, _right, begin=2 * len(target) + 1)


def emission_forgotten(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _alpha(probs, target, blank, _right, emit=False)


def _all_in_one(probs: Tensor, target: list[int], blank: int, wraps: bool = False, same_row: bool = False) -> Tensor:
    """The recursion with the slips of indices: before the first state, and in the row that is being filled."""
    states = [blank]
    for label in target:
        states += [label, blank]
    alpha = probs.new_zeros(len(probs), len(states))
    alpha[0, :2] = probs[0, states[:2]]
    for t in range(1, len(probs)):
        before = alpha[t] if same_row else alpha[t - 1]
        for s, symbol in enumerate(states):
            ways = alpha[t - 1, s] + (before[s - 1] if s >= 1 or wraps else 0)
            if s >= 2 and _right(states, s):
                ways = ways + before[s - 2]
            alpha[t, s] = ways * probs[t, symbol]
    return alpha


def wraps_round(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _all_in_one(probs, target, blank, wraps=True)


def within_one_frame(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _all_in_one(probs, target, blank, same_row=True)


# loss_from_table


def last_blank_only(log_alpha: Tensor) -> Tensor:
    return -log_alpha[-1, -1]


def last_label_only(log_alpha: Tensor) -> Tensor:
    return -log_alpha[-1, max(log_alpha.shape[1] - 2, 0)]


def better_of_two(log_alpha: Tensor) -> Tensor:
    return -log_alpha[-1, -2:].max()


def logs_added(log_alpha: Tensor) -> Tensor:
    return -log_alpha[-1, -2:].sum()


def minus_forgotten(log_alpha: Tensor) -> Tensor:
    return log_alpha[-1, -2:].logsumexp(dim=0)


def whole_last_frame(log_alpha: Tensor) -> Tensor:
    return -log_alpha[-1].logsumexp(dim=0)


def through_probabilities(log_alpha: Tensor) -> Tensor:
    return -log_alpha[-1, -2:].exp().sum().log()


# final_losses


def _final(log_alpha: Tensor, frame: Tensor, last: Tensor, two: bool = True) -> Tensor:
    """For each row a frame and a last state."""
    rows = torch.arange(len(log_alpha))
    ends = log_alpha[rows, frame, last]
    before = log_alpha[rows, frame, (last - 1).clamp(min=0)].masked_fill(last == 0, -math.inf)
    return -torch.logaddexp(ends, before) if two else -ends


def last_frame_of_batch(log_alpha: Tensor, input_lengths: Tensor, target_lengths: Tensor) -> Tensor:
    return _final(log_alpha, torch.full_like(input_lengths, log_alpha.shape[1] - 1), 2 * target_lengths)


def last_states_of_batch(log_alpha: Tensor, input_lengths: Tensor, target_lengths: Tensor) -> Tensor:
    return _final(log_alpha, input_lengths - 1, torch.full_like(target_lengths, log_alpha.shape[2] - 1))


def corner_of_batch(log_alpha: Tensor, input_lengths: Tensor, target_lengths: Tensor) -> Tensor:
    return -log_alpha[:, -1, -2:].logsumexp(dim=1)


def labels_not_states(log_alpha: Tensor, input_lengths: Tensor, target_lengths: Tensor) -> Tensor:
    return _final(log_alpha, input_lengths - 1, target_lengths)


def index_minus_one(log_alpha: Tensor, input_lengths: Tensor, target_lengths: Tensor) -> Tensor:
    rows, frame = torch.arange(len(log_alpha)), input_lengths - 1
    return -torch.logaddexp(log_alpha[rows, frame, 2 * target_lengths], log_alpha[rows, frame, 2 * target_lengths - 1])


def only_the_blank(log_alpha: Tensor, input_lengths: Tensor, target_lengths: Tensor) -> Tensor:
    return _final(log_alpha, input_lengths - 1, 2 * target_lengths, two=False)


# forward_table


def _log_alpha(
    log_probs: Tensor, target: list[int], blank: int, add: Callable[[Tensor], Tensor], skip: Skip = _right
) -> Tensor:
    """The recursion in log space, with a rule for adding the ways into a state: (ways, L) to (L,)."""
    states = [blank]
    for label in target:
        states += [label, blank]
    may_skip = torch.tensor([s >= 2 and skip(states, s) for s in range(len(states))])
    emission = log_probs[:, states]
    alpha = torch.full_like(emission, -math.inf)
    alpha[0, :2] = emission[0, :2]
    nowhere = alpha.new_full((2,), -math.inf)
    for t in range(1, len(emission)):
        before = torch.cat([nowhere, alpha[t - 1]])
        skips = before[:-2].masked_fill(~may_skip, -math.inf)
        alpha[t] = add(torch.stack([before[2:], before[1:-1], skips])) + emission[t]
    return alpha


def plain_products(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _alpha(log_probs.exp(), target, blank, _right).log()


def plain_products_in_double(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return plain_products(log_probs.double(), target, blank)


def best_way_only(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _log_alpha(log_probs, target, blank, lambda ways: ways.max(dim=0).values)


def repeat_rule_missing_in_logs(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _log_alpha(log_probs, target, blank, lambda ways: ways.logsumexp(dim=0), lambda states, s: s % 2 == 1)


def logarithms_of_ways_added(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _log_alpha(log_probs, target, blank, lambda ways: ways.sum(dim=0))


def zero_for_impossible(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    states = [blank]
    for label in target:
        states += [label, blank]
    emission = log_probs[:, states]
    alpha = torch.zeros_like(emission)
    alpha[0, :2] = emission[0, :2]
    for t in range(1, len(emission)):
        for s in range(len(states)):
            back = 2 if s >= 2 and _right(states, s) else min(s, 1)
            alpha[t, s] = alpha[t - 1, s - back : s + 1].logsumexp(dim=0) + emission[t, s]
    return alpha


MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "expand": (
        Mistake(
            "no blank after the last label",
            no_last_blank,
            "The last state is a label. A path may also end in ε, so there must be a state for it after the last "
            "label.",
        ),
        Mistake(
            "no blank before the first label",
            no_first_blank,
            "The first state is a label. A path may also begin with ε, so there must be a state for it before the "
            "first label (and one for saying nothing at all).",
        ),
        Mistake(
            "blanks only between labels",
            only_between,
            "Blanks stand between the labels, but none stands before the first and none after the last. S labels make "
            "2 S + 1 states.",
        ),
        Mistake(
            "blanks only between equal labels",
            only_between_repeats,
            "You put a blank only where it is *needed*. The states list where a path *may* be, and ε is allowed "
            "before, between and after all labels.",
        ),
        Mistake(
            "the blank is always 0",
            zero_for_blank,
            "It works as long as the blank is class 0. The function is told which class it is: use its second "
            "argument.",
        ),
    ),
    "next_states": (
        Mistake(
            "repeat rule missing",
            skips_between_equal,
            "From a letter you skip to the next letter even if it is the same. Without an ε between them they would "
            "merge: that is the one skip which is forbidden.",
        ),
        Mistake(
            "skips a letter",
            skips_from_blank,
            "From an ε you skip to the next ε. The letter between them would be missing from the text.",
        ),
        Mistake(
            "never skips",
            never_skips,
            "You stay and you step, but never skip. Between two letters that differ the ε may be left out.",
        ),
        Mistake(
            "never stays",
            never_stays,
            "A path may also remain where it is: the same letter goes on, or another ε. The state itself is missing "
            "from your list.",
        ),
        Mistake(
            "the blank is always 0",
            zero_is_blank,
            "It works as long as the blank is class 0. Here it is another, and 0 a label that may be skipped from: use "
            "the third argument, or that labels stand in the odd states.",
        ),
        Mistake(
            "past the last state",
            past_the_end,
            "You name a state that does not exist. The states are 0 … len(states) − 1: look at what happens near the "
            "end.",
        ),
        Mistake(
            "looks back",
            where_it_came_from,
            "These are the states from which a path may have *come*. Asked for are those to which it may *go*.",
        ),
    ),
    "forward_probabilities": (
        Mistake(
            "repeat rule missing",
            repeat_rule_missing,
            "You skip the ε between any two letters, equal ones included. Paths that merge AA into A are counted for "
            "AA then. Look at the condition under which α_{t−1}(s−2) is added.",
        ),
        Mistake(
            "never skips",
            no_skip,
            "Two terms of three are there: stay and step. Between two letters that differ a path may also leave out "
            "the ε and come from s − 2.",
        ),
        Mistake(
            "skips a letter",
            blanks_skip_too,
            "You add α_{t−1}(s−2) in the blank states too. Coming from ε to the next ε a path would leave out the "
            "letter between them.",
        ),
        Mistake(
            "begins only in ε",
            begins_in_blank,
            "In the first frame only the blank state is open. A path may begin with the first letter as well.",
        ),
        Mistake(
            "begins anywhere",
            begins_anywhere,
            "In the first frame every state is open. A path that begins in the middle has not said what comes before: "
            "only two states can be first.",
        ),
        Mistake(
            "emission forgotten",
            emission_forgotten,
            "From the second frame on the ways into a state are added, but not multiplied by the probability of the "
            "state's symbol in this frame.",
        ),
        Mistake(
            "wraps round to the last state",
            wraps_round,
            "State 0 has no state before it, but index −1 is the *last* one to Python, so what has arrived at the end "
            "flows back into the beginning. Add α_{t−1}(s−1) only where s is at least 1.",
        ),
        Mistake(
            "moves within one frame",
            within_one_frame,
            "You step and skip from the row that you are filling, so a path says several symbols in one frame. All "
            "ways come from the row above, t − 1.",
        ),
    ),
    "loss_from_table": (
        Mistake(
            "only the last blank",
            last_blank_only,
            "You read the very last state alone. Paths that end in the last letter say the target too.",
        ),
        Mistake(
            "only the last label",
            last_label_only,
            "You read the last letter's state alone. Paths that end in the ε after it say the target too.",
        ),
        Mistake(
            "the better of the two",
            better_of_two,
            "You take the larger of the two last states. Paths may end in one *or* the other: what arrives in both "
            "counts, so their probabilities are to be added.",
        ),
        Mistake(
            "logarithms added",
            logs_added,
            "You add two logarithms: that multiplies the probabilities. They are to be added, which in log space is a "
            "log-sum-exp.",
        ),
        Mistake(
            "minus forgotten",
            minus_forgotten,
            "This is the log-probability. The loss is minus that: certainty costs nothing, and everything else more.",
        ),
        Mistake(
            "the whole last frame",
            whole_last_frame,
            "You add all states of the last frame. Those before the last two belong to paths that have not said the "
            "whole target.",
        ),
        Mistake(
            "underflow",
            through_probabilities,
            "Right on paper, but in a long clip the exponential of log α is too small for a float and becomes 0, so "
            "the loss becomes inf. Stay in log space.",
        ),
    ),
    "final_losses": (
        Mistake(
            "last frame of the batch",
            last_frame_of_batch,
            "Every row is read in the last frame of the tensor. For shorter clips that is padding: row b ends in frame "
            "input_lengths[b] − 1.",
        ),
        Mistake(
            "last states of the batch",
            last_states_of_batch,
            "Every row is read in the last two states of the tensor. For shorter targets those are padding: row b has "
            "2 · target_lengths[b] + 1 states.",
        ),
        Mistake(
            "the corner of the batch",
            corner_of_batch,
            "Every row is read in the corner of the tensor, last frame and last states. For all but the longest that "
            "is padding. Each row has its own last frame and its own last states.",
        ),
        Mistake(
            "labels taken for states",
            labels_not_states,
            "You use target_lengths as the number of a state. S labels make 2 S + 1 states, so the last blank is state "
            "2 S and the last label state 2 S − 1.",
        ),
        Mistake(
            "state −1",
            index_minus_one,
            "A row with an empty target has one state, 0. The state before it would be −1, and that index means the "
            "*last* one: padding. Count that term as −∞ where the target is empty.",
        ),
        Mistake(
            "only the last blank",
            only_the_blank,
            "Each row is read at the right frame, but in one state. Paths may end in the last letter or in the ε after "
            "it.",
        ),
    ),
    "forward_table": (
        Mistake(
            "underflow",
            plain_products,
            "Short clips are right; in long ones products of probabilities become too small for a float, turn into 0, "
            "and their logarithm into −∞. Taking the logarithm at the end is too late: keep α itself in log space.",
        ),
        Mistake(
            "underflow in double precision",
            plain_products_in_double,
            "Double precision holds out longer, but not for ever: after some hundred frames its products are 0, too, "
            "and their logarithm −∞. Keep α itself in log space.",
        ),
        Mistake(
            "max in place of log-sum-exp",
            best_way_only,
            "You keep the best way into each state. That is Viterbi's recursion and finds the best path; α is the sum "
            "over all ways, in log space a log-sum-exp.",
        ),
        Mistake(
            "repeat rule missing",
            repeat_rule_missing_in_logs,
            "You skip the ε between any two letters, equal ones included. Between equal letters it is what keeps them "
            "apart: set that way to −∞.",
        ),
        Mistake(
            "logarithms added",
            logarithms_of_ways_added,
            "You add the logarithms of the ways into a state. That multiplies their probabilities; they are to be "
            "added.",
        ),
        Mistake(
            "zero for the impossible",
            zero_for_impossible,
            "States that cannot be reached yet hold 0 in your table. In log space 0 means *certain*; what cannot "
            "happen is −∞.",
        ),
    ),
}
