"""Wrong ways to do the exercises of chapter `learning`, and what to say to each."""

import math

import torch
from torch import Tensor

from w2v2course.ctc.alignments import expand
from w2v2course.ctc.forced import forced_align
from w2v2course.ctc.loss import ctc_loss
from w2v2course.ctc.table import occupancy
from w2v2course.exercises.specification import Mistake

# state_shares


def shared_over_frames(log_alpha: Tensor, log_beta: Tensor) -> Tensor:
    return (log_alpha + log_beta).softmax(dim=0).nan_to_num(nan=0.0)


def not_divided(log_alpha: Tensor, log_beta: Tensor) -> Tensor:
    return (log_alpha + log_beta).exp()


def past_alone(log_alpha: Tensor, log_beta: Tensor) -> Tensor:
    return log_alpha.softmax(dim=1)


def tables_multiplied(log_alpha: Tensor, log_beta: Tensor) -> Tensor:
    return (log_alpha * log_beta).softmax(dim=1)


def still_logarithms(log_alpha: Tensor, log_beta: Tensor) -> Tensor:
    return (log_alpha + log_beta).log_softmax(dim=1)


def zero_over_zero(log_alpha: Tensor, log_beta: Tensor) -> Tensor:
    return (log_alpha + log_beta).softmax(dim=1)


# class_shares


def last_state_wins(shares: Tensor, states: list[int], classes: int) -> Tensor:
    by_class = shares.new_zeros(len(shares), classes)
    for s, symbol in enumerate(states):
        by_class[:, symbol] = shares[:, s]
    return by_class


def mean_over_states(shares: Tensor, states: list[int], classes: int) -> Tensor:
    by_class = shares.new_zeros(len(shares), classes)
    for symbol in set(states):
        by_class[:, symbol] = shares[:, [s for s, other in enumerate(states) if other == symbol]].mean(dim=1)
    return by_class


def only_classes_of_target(shares: Tensor, states: list[int], classes: int) -> Tensor:
    kinds = sorted(set(states))
    return torch.stack([shares[:, [s == kind for s in states]].sum(dim=1) for kind in kinds], dim=1)


def blanks_left_out(shares: Tensor, states: list[int], classes: int) -> Tensor:
    by_class = shares.new_zeros(len(shares), classes)
    for s, symbol in enumerate(states):
        if symbol != states[0]:
            by_class[:, symbol] += shares[:, s]
    return by_class


# remove_prior


def mean_of_logs(log_probs: Tensor, prior_scale: float) -> Tensor:
    return log_probs - prior_scale * log_probs.mean(dim=0)


def prior_added(log_probs: Tensor, prior_scale: float) -> Tensor:
    return log_probs + prior_scale * (log_probs.logsumexp(dim=0) - math.log(len(log_probs)))


def over_classes(log_probs: Tensor, prior_scale: float) -> Tensor:
    C = log_probs.shape[1]
    return log_probs - prior_scale * (log_probs.logsumexp(dim=1, keepdim=True) - math.log(C))


def sum_not_mean(log_probs: Tensor, prior_scale: float) -> Tensor:
    return log_probs - prior_scale * log_probs.logsumexp(dim=0)


def scale_forgotten(log_probs: Tensor, prior_scale: float) -> Tensor:
    return log_probs - (log_probs.logsumexp(dim=0) - math.log(len(log_probs)))


def prior_underflows(log_probs: Tensor, prior_scale: float) -> Tensor:
    return log_probs - prior_scale * log_probs.exp().mean(dim=0).log()


def prior_not_log(log_probs: Tensor, prior_scale: float) -> Tensor:
    return log_probs - prior_scale * log_probs.exp().mean(dim=0)


# central_differences


def _loss(logits: Tensor, target: list[int], blank: int = 0) -> Tensor:
    targets = torch.tensor([target], dtype=torch.long)
    return ctc_loss(logits.log_softmax(dim=1)[None], targets, None, None, blank, "sum", backend="torch")


def _differences(logits: Tensor, quotient) -> Tensor:
    """A quotient for each entry, given a tensor of zeros with a one there."""
    slopes = torch.zeros_like(logits)
    for place in range(logits.numel()):
        here = torch.zeros_like(logits)
        here.view(-1)[place] = 1.0
        slopes.view(-1)[place] = quotient(here)
    return slopes


def one_sided(logits: Tensor, target: list[int], step: float) -> Tensor:
    return _differences(logits, lambda e: (_loss(logits + step * e, target) - _loss(logits, target)) / step)


def divided_by_one_step(logits: Tensor, target: list[int], step: float) -> Tensor:
    return 2 * _differences(
        logits, lambda e: (_loss(logits + step * e, target) - _loss(logits - step * e, target)) / (2 * step)
    )


def downhill(logits: Tensor, target: list[int], step: float) -> Tensor:
    return _differences(
        logits, lambda e: (_loss(logits - step * e, target) - _loss(logits + step * e, target)) / (2 * step)
    )


def not_put_back(logits: Tensor, target: list[int], step: float) -> Tensor:
    moved = logits.clone()

    def quotient(here: Tensor) -> Tensor:
        moved.add_(step * here)
        above = _loss(moved, target)
        moved.sub_(2 * step * here)
        return (above - _loss(moved, target)) / (2 * step)

    return _differences(logits, quotient)


def whole_frame_moved(logits: Tensor, target: list[int], step: float) -> Tensor:
    return torch.zeros_like(logits)


# backward_table


def _log_beta(log_probs: Tensor, target: list[int], blank: int, skip, ends: int = 2, most: bool = False) -> Tensor:
    """The recursion with a rule for skipping and a number of last states."""
    states = expand(target, blank)
    beta = log_probs.new_full((len(log_probs), len(states)), -math.inf)
    beta[-1, -ends:] = 0.0
    for t in range(len(log_probs) - 2, -1, -1):
        onward = beta[t + 1] + log_probs[t + 1, list(states)]
        for s in range(len(states)):
            ways = onward[s : s + (3 if s + 2 < len(states) and skip(states, s) else 2)]
            beta[t, s] = ways.max() if most else ways.logsumexp(dim=0)
    return beta


def _right(states: tuple[int, ...], s: int) -> bool:
    return s % 2 == 1 and states[s] != states[s + 2]


def own_emission_counted(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _log_beta(log_probs, target, blank, _right) + log_probs[:, list(expand(target, blank))]


def repeat_rule_missing(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _log_beta(log_probs, target, blank, lambda states, s: s % 2 == 1)


def forward_condition(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _log_beta(log_probs, target, blank, lambda states, s: s % 2 == 1 and (s < 2 or states[s] != states[s - 2]))


def skips_a_letter(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _log_beta(log_probs, target, blank, lambda states, s: s % 2 == 0 or _right(states, s))


def ends_in_blank(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _log_beta(log_probs, target, blank, _right, ends=1)


def best_way_only(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _log_beta(log_probs, target, blank, _right, most=True)


def emission_of_this_frame(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _log_beta(log_probs.roll(1, dims=0), target, blank, _right)


# logit_gradient


def _occupancy(log_probs: Tensor, target: list[int], blank: int) -> Tensor:
    """Shares by class, (T, C)."""
    shares = occupancy(log_probs, target, blank)
    index = torch.tensor(expand(target, blank))
    return shares.new_zeros(log_probs.shape).index_add_(1, index, shares)


def sign_swapped(logits: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return _occupancy(logits, target, blank) - logits.softmax(dim=1)


def gradient_of_log_probs(logits: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return -_occupancy(logits, target, blank)


def softmax_forgotten(logits: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return logits - _occupancy(logits, target, blank)


def exponential_not_softmax(logits: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return logits.exp() - _occupancy(logits, target, blank)


def one_alignment(logits: Tensor, target: list[int], blank: int = 0) -> Tensor:
    targets = torch.tensor([target], dtype=torch.long)
    path = forced_align(logits.log_softmax(dim=1)[None], targets, blank=blank)[0].path
    return logits.softmax(dim=1) - torch.nn.functional.one_hot(torch.tensor(path), logits.shape[1])


def states_overwritten(logits: Tensor, target: list[int], blank: int = 0) -> Tensor:
    return logits.softmax(dim=1) - last_state_wins(
        occupancy(logits, target, blank), list(expand(target, blank)), logits.shape[1]
    )


MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "state_shares": (
        Mistake(
            "normalised over frames",
            shared_over_frames,
            "The columns sum to one, not the rows. In each frame the path is in *some* state: shares are to sum to one "
            "over the states of a frame.",
        ),
        Mistake(
            "not divided by P(target)",
            not_divided,
            "This is α · β, the probability of all paths through the state. Its share of all paths that say the target "
            "is asked for: divide by P(target), the sum over the states of a frame.",
        ),
        Mistake(
            "only the past",
            past_alone,
            "You use α alone, what leads to a state. A state also needs a future in which the rest of the target is "
            "said: that is β.",
        ),
        Mistake(
            "logarithms multiplied",
            tables_multiplied,
            "You multiply the two tables, but they hold logarithms. α · β in log space is a sum.",
        ),
        Mistake(
            "still logarithms",
            still_logarithms,
            "These are the logarithms of the shares. Shares themselves, between 0 and 1, are asked for.",
        ),
        Mistake(
            "nothing divided by nothing",
            zero_over_zero,
            "All is right as long as the target can be said. If it cannot, every entry is −∞ and a softmax of those is "
            "0/0. No path, no shares: give zeros.",
        ),
    ),
    "class_shares": (
        Mistake(
            "overwritten, not added",
            last_state_wins,
            "Each class gets the share of the last state that bears it. ε has several states, and so has a letter that "
            "occurs twice: they are to be added up.",
        ),
        Mistake(
            "mean over states",
            mean_over_states,
            "You take the mean over the states of a class. To be in one of them *or* another: shares of things that "
            "exclude each other add.",
        ),
        Mistake(
            "only classes of the target",
            only_classes_of_target,
            "There is a column for each class that occurs. The gradient needs one for *every* class, zero for those "
            "that the target does not have.",
        ),
        Mistake(
            "ε left out",
            blanks_left_out,
            "The letters are right, but ε has no share. It is a class like the others here, and usually has the most.",
        ),
    ),
    "remove_prior": (
        Mistake(
            "mean of logarithms",
            mean_of_logs,
            "You average the log-probabilities. The prior is the mean *probability* of each class; take the logarithm "
            "after averaging.",
        ),
        Mistake(
            "prior added",
            prior_added,
            "You multiply by the prior, which makes what is frequent more frequent still. It is to be divided out.",
        ),
        Mistake(
            "over classes in place of frames",
            over_classes,
            "You average over the classes of a frame, which gives the same number everywhere. The prior says how "
            "frequent a *class* is: average over frames.",
        ),
        Mistake(
            "sum in place of mean",
            sum_not_mean,
            "You add the frames' probabilities and do not divide by their number. A prior sums to one over the "
            "classes.",
        ),
        Mistake(
            "scale forgotten",
            scale_forgotten,
            "The whole prior is divided out whatever the scale is. With a scale of 0 nothing should change.",
        ),
        Mistake(
            "prior, not its logarithm",
            prior_not_log,
            "You subtract the prior itself from log-probabilities. Dividing by it means subtracting its logarithm.",
        ),
        Mistake(
            "underflow",
            prior_underflows,
            "Right where probabilities are not too small. Where exp(log_probs) is 0 in a float, its logarithm is −∞: "
            "average in log space.",
        ),
    ),
    "central_differences": (
        Mistake(
            "one-sided",
            one_sided,
            "You compare the point with one beside it. That is off by a term in proportion to the step; take a point "
            "on each side.",
        ),
        Mistake(
            "divided by one step",
            divided_by_one_step,
            "Everything is twice too large. How far apart are the two points?",
        ),
        Mistake(
            "sign swapped",
            downhill,
            "Every sign is the wrong way round: the loss *after* a step up minus the loss after a step down.",
        ),
        Mistake(
            "entries not put back",
            not_put_back,
            "The first entry is right and then it drifts: each entry that you moved stays moved while the next are "
            "measured. Work on a fresh copy each time.",
        ),
        Mistake(
            "the whole frame moved",
            whole_frame_moved,
            "All slopes are zero. Adding the same number to all logits of a frame changes no probability: move one "
            "entry at a time.",
        ),
    ),
    "backward_table": (
        Mistake(
            "own emission counted",
            own_emission_counted,
            "Your β holds this frame's emission. α holds it already, so α · β would count it twice. (Graves and "
            "colleagues define β so and divide it out again.) Take the emission of frame t + 1, and begin with 0.",
        ),
        Mistake(
            "repeat rule missing",
            repeat_rule_missing,
            "You skip the ε between any two letters, equal ones included. The rule is the forward table's, looked at "
            "from the other side.",
        ),
        Mistake(
            "condition looks back",
            forward_condition,
            "You ask whether the letter of s differs from the one *before* it. Going on from s you skip to s + 2: it "
            "must differ from that one.",
        ),
        Mistake(
            "skips a letter",
            skips_a_letter,
            "From an ε you go on to the next ε, past the letter between them, which would be missing from the text.",
        ),
        Mistake(
            "ends only in ε",
            ends_in_blank,
            "In the last frame only the last state is open. A path may end in the last letter as well.",
        ),
        Mistake(
            "max in place of log-sum-exp",
            best_way_only,
            "You keep the best way to go on. β is the sum over all of them, in log space a log-sum-exp.",
        ),
        Mistake(
            "emission of the wrong frame",
            emission_of_this_frame,
            "You go from frame t to t + 1 with the emission of frame t. What follows is emitted in frame t + 1.",
        ),
    ),
    "logit_gradient": (
        Mistake(
            "sign swapped",
            sign_swapped,
            "Every sign is the wrong way round. Where the model says *more* of a class than the target wants, its "
            "logit should fall, so its gradient is positive.",
        ),
        Mistake(
            "with respect to log-probabilities",
            gradient_of_log_probs,
            "This is the gradient with respect to log_probs. The log-softmax stands between them and the logits, and "
            "brings in a second term.",
        ),
        Mistake(
            "logits taken for probabilities",
            softmax_forgotten,
            "You subtract shares from the logits themselves. Logits are not probabilities yet.",
        ),
        Mistake(
            "exponential without its sum",
            exponential_not_softmax,
            "You take the exponential of the logits, but do not divide by its sum over the classes. Rows of the "
            "gradient should sum to zero.",
        ),
        Mistake(
            "one alignment only",
            one_alignment,
            "You pull towards the single best alignment. CTC pulls towards all of them, each with its share.",
        ),
        Mistake(
            "states overwritten",
            states_overwritten,
            "Classes with several states get the share of one of them. Add up the states of each class; ε has most.",
        ),
    ),
}
