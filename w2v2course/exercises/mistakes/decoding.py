"""Wrong ways to do the exercises of chapter `decoding`, and what to say to each."""

import math
from collections import defaultdict
from collections.abc import Callable, Collection
from itertools import groupby

import torch
from torch import Tensor

from w2v2course.ctc.forced import forced_align
from w2v2course.ctc.loss import ctc_loss
from w2v2course.exercises.specification import Mistake

Beam = list[tuple[str, float, float]]
Readings = list[list[int]]
Pair = tuple[int, int]  # a label and the one after it

# greedy_labels


def drop_before_merge(log_probs: Tensor, blank: int = 0) -> list[int]:
    return [label for label, _ in groupby(c for c in log_probs.argmax(dim=1).tolist() if c != blank)]


def not_merged(log_probs: Tensor, blank: int = 0) -> list[int]:
    return [c for c in log_probs.argmax(dim=1).tolist() if c != blank]


def only_first_blanks_dropped(log_probs: Tensor, blank: int = 0) -> list[int]:
    merged = [label for label, _ in groupby(log_probs.argmax(dim=1).tolist())]
    return merged[1:] if merged[:1] == [blank] else merged


def each_once(log_probs: Tensor, blank: int = 0) -> list[int]:
    return sorted(set(log_probs.argmax(dim=1).tolist()) - {blank})


def blanks_kept(log_probs: Tensor, blank: int = 0) -> list[int]:
    return [label for label, _ in groupby(log_probs.argmax(dim=1).tolist())]


def blank_is_zero(log_probs: Tensor, blank: int = 0) -> list[int]:
    return [label for label in blanks_kept(log_probs) if label != 0]


def over_frames(log_probs: Tensor, blank: int = 0) -> list[int]:
    return [label for label in blanks_kept(log_probs.T) if label != blank]


# edit_distance


def _table(truth: str, written: str, substitution: int = 1, equal: int = 0, first: int = 1) -> int:
    """The usual table, with other prices."""
    row = [first * j for j in range(len(written) + 1)]
    for i, said in enumerate(truth, start=1):
        above, row = row, [first * i]
        for j, read in enumerate(written, start=1):
            same = equal if said == read else substitution
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + same))
    return row[-1]


def place_by_place(truth: str, written: str) -> int:
    return sum(a != b for a, b in zip(truth, written, strict=False)) + abs(len(truth) - len(written))


def substitution_costs_two(truth: str, written: str) -> int:
    return _table(truth, written, substitution=2)


def equal_letters_cost(truth: str, written: str) -> int:
    return _table(truth, written, equal=1)


def borders_free(truth: str, written: str) -> int:
    return _table(truth, written, first=0)


def lengths_only(truth: str, written: str) -> int:
    return abs(len(truth) - len(written))


# character_error_rate


def mean_of_rates(truths: list[str], written: list[str]) -> float:
    rates = [_table(a, b) / len(a) for a, b in zip(truths, written, strict=True)]
    return sum(rates) / len(rates)


def over_written(truths: list[str], written: list[str]) -> float:
    edits = sum(_table(a, b) for a, b in zip(truths, written, strict=True))
    return edits / max(sum(map(len, written)), 1)


def over_longer(truths: list[str], written: list[str]) -> float:
    edits = sum(_table(a, b) for a, b in zip(truths, written, strict=True))
    return edits / sum(max(len(a), len(b)) for a, b in zip(truths, written, strict=True))


def accuracy(truths: list[str], written: list[str]) -> float:
    return 1 - sum(_table(a, b) for a, b in zip(truths, written, strict=True)) / sum(map(len, truths))


def edits_a_text(truths: list[str], written: list[str]) -> float:
    return sum(_table(a, b) for a, b in zip(truths, written, strict=True)) / len(truths)


# fused_scores


def _fused(
    readings: Readings,
    log_probs: list[float],
    bigram: Tensor,
    lm_weight: float,
    length_bonus: float,
    start: bool = True,
    before: Callable[[Pair], Pair] = lambda pair: pair,
) -> list[float]:
    scores = []
    for labels, log_prob in zip(readings, log_probs, strict=True):
        pairs = list(zip([0, *labels], labels, strict=False))[0 if start else 1 :]
        spoken = sum(float(bigram[before(pair)]) for pair in pairs)
        scores.append(log_prob + lm_weight * spoken + length_bonus * len(labels))
    return scores


def start_forgotten(
    readings: Readings, log_probs: list[float], bigram: Tensor, lm_weight: float, length_bonus: float
) -> list[float]:
    return _fused(readings, log_probs, bigram, lm_weight, length_bonus, start=False)


def indices_swapped(
    readings: Readings, log_probs: list[float], bigram: Tensor, lm_weight: float, length_bonus: float
) -> list[float]:
    return _fused(readings, log_probs, bigram, lm_weight, length_bonus, before=lambda pair: (pair[1], pair[0]))


def bonus_once(
    readings: Readings, log_probs: list[float], bigram: Tensor, lm_weight: float, length_bonus: float
) -> list[float]:
    without = _fused(readings, log_probs, bigram, lm_weight, 0.0)
    return [score + length_bonus for score in without]


def bonus_taken_off(
    readings: Readings, log_probs: list[float], bigram: Tensor, lm_weight: float, length_bonus: float
) -> list[float]:
    return _fused(readings, log_probs, bigram, lm_weight, -length_bonus)


def weights_share_out_one(
    readings: Readings, log_probs: list[float], bigram: Tensor, lm_weight: float, length_bonus: float
) -> list[float]:
    shared = [(1 - lm_weight) * log_prob for log_prob in log_probs]
    return _fused(readings, shared, bigram, lm_weight, length_bonus)


def weight_forgotten(
    readings: Readings, log_probs: list[float], bigram: Tensor, lm_weight: float, length_bonus: float
) -> list[float]:
    return _fused(readings, log_probs, bigram, 1.0, length_bonus)


# whose_error


def _losses(log_probs: Tensor, truth: list[int], answer: list[int], blank: int, reduction: str = "sum") -> list[float]:
    return [
        ctc_loss(
            log_probs[None], torch.tensor([labels], dtype=torch.long), None, None, blank, reduction, backend="torch"
        ).item()
        for labels in (truth, answer)
    ]


def larger_loss_wins(log_probs: Tensor, truth: list[int], answer: list[int], blank: int = 0) -> str:
    losses = _losses(log_probs, truth, answer, blank)
    return "right" if truth == answer else "search error" if losses[0] > losses[1] else "model error"


def divided_by_labels(log_probs: Tensor, truth: list[int], answer: list[int], blank: int = 0) -> str:
    losses = _losses(log_probs, truth, answer, blank, "mean")
    return "right" if truth == answer else "search error" if losses[0] < losses[1] else "model error"


def best_paths_compared(log_probs: Tensor, truth: list[int], answer: list[int], blank: int = 0) -> str:
    def best(labels: list[int]) -> float:
        try:
            return forced_align(log_probs[None], torch.tensor([labels], dtype=torch.long), blank=blank)[0].log_prob
        except ValueError:
            return -math.inf

    return "right" if truth == answer else "search error" if best(truth) > best(answer) else "model error"


def always_the_model(log_probs: Tensor, truth: list[int], answer: list[int], blank: int = 0) -> str:
    return "right" if truth == answer else "model error"


def right_forgotten(log_probs: Tensor, truth: list[int], answer: list[int], blank: int = 0) -> str:
    losses = _losses(log_probs, truth, answer, blank)
    return "search error" if losses[0] < losses[1] else "model error"


# beam_step


def _step(
    beam: Beam,
    probs: list[float],
    symbols: str,
    repeat_from: Collection[str] = ("blank",),
    stay: bool = True,
    blank_from_both: bool = True,
    merge: bool = True,
) -> Beam:
    """One frame, with the rules of the two masses as options."""
    blanks: defaultdict[str, float] = defaultdict(float)
    labels: defaultdict[str, float] = defaultdict(float)

    def put(masses: defaultdict[str, float], prefix: str, mass: float) -> None:
        masses[prefix] = masses[prefix] + mass if merge else (mass if mass > 0 else masses[prefix])

    for prefix, blank_mass, label_mass in beam:
        put(blanks, prefix, (blank_mass + label_mass * blank_from_both) * probs[0])
        for symbol, p in zip(symbols[1:], probs[1:], strict=True):
            if prefix and symbol == prefix[-1]:
                if stay:
                    put(labels, prefix, label_mass * p)
                again = blank_mass * ("blank" in repeat_from) + label_mass * ("label" in repeat_from)
                put(labels, prefix + symbol, again * p)
            else:
                put(labels, prefix + symbol, (blank_mass + label_mass) * p)
    return sorted((x, blanks[x], labels[x]) for x in blanks.keys() | labels.keys() if blanks[x] + labels[x] > 0)


def repeat_from_both(beam: Beam, probs: list[float], symbols: str) -> Beam:
    return _step(beam, probs, symbols, repeat_from=("blank", "label"))


def repeat_grows_only(beam: Beam, probs: list[float], symbols: str) -> Beam:
    return _step(beam, probs, symbols, repeat_from=("blank", "label"), stay=False)


def repeat_never_grows(beam: Beam, probs: list[float], symbols: str) -> Beam:
    return _step(beam, probs, symbols, repeat_from=())


def repeat_does_not_stay(beam: Beam, probs: list[float], symbols: str) -> Beam:
    return _step(beam, probs, symbols, stay=False)


def blank_after_blank_only(beam: Beam, probs: list[float], symbols: str) -> Beam:
    return _step(beam, probs, symbols, blank_from_both=False)


def overwritten(beam: Beam, probs: list[float], symbols: str) -> Beam:
    return _step(beam, probs, symbols, merge=False)


def masses_merged(beam: Beam, probs: list[float], symbols: str) -> Beam:
    total: defaultdict[str, float] = defaultdict(float)
    for prefix, blank_mass, label_mass in beam:
        mass = blank_mass + label_mass
        total[prefix] += mass * probs[0]
        for symbol, p in zip(symbols[1:], probs[1:], strict=True):
            total[prefix if prefix.endswith(symbol) else prefix + symbol] += mass * p
    return sorted((prefix, mass, 0.0) for prefix, mass in total.items())


def without_mass(beam: Beam, probs: list[float], symbols: str) -> Beam:
    reached = {prefix: (prefix, 0.0, 0.0) for prefix, *_ in beam}
    reached |= {prefix + symbol: (prefix + symbol, 0.0, 0.0) for prefix in reached for symbol in symbols[1:]}
    return sorted((reached | {one[0]: one for one in _step(beam, probs, symbols)}).values())


def masses_swapped(beam: Beam, probs: list[float], symbols: str) -> Beam:
    return [(prefix, label_mass, blank_mass) for prefix, blank_mass, label_mass in _step(beam, probs, symbols)]


def likeliest_first(beam: Beam, probs: list[float], symbols: str) -> Beam:
    return sorted(_step(beam, probs, symbols), key=lambda one: -one[1] - one[2])


def blank_extends(beam: Beam, probs: list[float], symbols: str) -> Beam:
    masses = [(prefix + symbols[0], 0.0, (blank + label) * probs[0]) for prefix, blank, label in beam]
    return sorted(_step(beam, probs, symbols) + [one for one in masses if one[2] > 0])


MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "greedy_labels": (
        Mistake(
            "drop before merge",
            drop_before_merge,
            "Blanks are dropped first, and then a label that comes again melts into the one before. Merge, then drop.",
        ),
        Mistake(
            "not merged",
            not_merged,
            "A label that wins two frames in a row is written twice. Merge equal neighbours first.",
        ),
        Mistake(
            "blanks kept inside",
            only_first_blanks_dropped,
            "Equal neighbours are merged, but a blank that stands between or behind labels is still in your list. Each "
            "one is dropped, wherever it stands.",
        ),
        Mistake(
            "each label once",
            each_once,
            "You give each label once, in order of its number. A label may be said several times: only equal "
            "*neighbours* merge, and the order is that of the frames.",
        ),
        Mistake(
            "blanks kept",
            blanks_kept,
            "The blank still stands among the labels. It is dropped after merging.",
        ),
        Mistake(
            "the blank is always class 0",
            blank_is_zero,
            "It works as long as the blank is class 0. The function is told which class it is: use its second "
            "argument.",
        ),
        Mistake(
            "over the wrong axis",
            over_frames,
            "You look for the best frame of each class. The best class of each frame is wanted: the other axis.",
        ),
    ),
    "edit_distance": (
        Mistake(
            "place by place",
            place_by_place,
            "You compare the texts place by place. A letter lost at the front shifts all that follow; the distance "
            "allows for that by inserting and deleting.",
        ),
        Mistake(
            "a substitution costs two",
            substitution_costs_two,
            "A changed letter costs you two, as a deletion and an insertion. It is one edit.",
        ),
        Mistake(
            "equal letters cost",
            equal_letters_cost,
            "You charge for going along the diagonal even if the two letters are the same. Then nothing is to be "
            "edited.",
        ),
        Mistake(
            "borders are free",
            borders_free,
            "The first row and column of your table are zero. To make a text of i letters into nothing takes i "
            "deletions.",
        ),
        Mistake(
            "lengths only",
            lengths_only,
            "You compare how long the texts are. They may be of one length and share no letter.",
        ),
    ),
    "character_error_rate": (
        Mistake(
            "mean of rates",
            mean_of_rates,
            "You average the rates of the texts, so a slip in a short one counts for more. Add up all edits, add up "
            "all letters, and divide once.",
        ),
        Mistake(
            "divided by what was written",
            over_written,
            "You divide by the length of what was written. Then one who writes a lot looks better; divide by what "
            "should have been written.",
        ),
        Mistake(
            "divided by the longer one",
            over_longer,
            "You divide by the longer of the two texts. That keeps the rate below one, but the usual rate does not do "
            "so: it divides by what should have been written.",
        ),
        Mistake("accuracy", accuracy, "This is one minus the rate: what is right. What is wrong was asked for."),
        Mistake(
            "edits a text",
            edits_a_text,
            "You divide by the number of texts. A rate of *characters* divides by the number of characters.",
        ),
    ),
    "fused_scores": (
        Mistake(
            "beginning forgotten",
            start_forgotten,
            "The first label's probability is missing. Row 0 of the table says what a text begins with.",
        ),
        Mistake(
            "row and column swapped",
            indices_swapped,
            "You read the table the wrong way round: bigram[i, j] is the label j *after* i. The label before chooses "
            "the row.",
        ),
        Mistake(
            "one bonus a text",
            bonus_once,
            "The bonus is added once a text. It is there for each label, to make up for what each label costs.",
        ),
        Mistake(
            "bonus taken off",
            bonus_taken_off,
            "You subtract the bonus. Every new label lowers the language model's score; the bonus works against that.",
        ),
        Mistake(
            "weights share out one",
            weights_share_out_one,
            "You weigh the acoustic score by one minus the weight. Here it counts in full; only the language model's "
            "is weighed.",
        ),
        Mistake(
            "weight forgotten",
            weight_forgotten,
            "The language model counts in full whatever its weight is. With weight 0 it should have no say.",
        ),
    ),
    "whose_error": (
        Mistake(
            "the wrong way round",
            larger_loss_wins,
            "You have search and model the wrong way round. If the model finds the truth *likelier* than the answer, a "
            "better search would have found it. (A loss is minus a log-probability.)",
        ),
        Mistake(
            "loss a label",
            divided_by_labels,
            'You compare losses divided by their number of labels, which reduction="mean" does. That favours long '
            "texts; compare the probabilities themselves.",
        ),
        Mistake(
            "best paths compared",
            best_paths_compared,
            "You compare the best alignments of the two. The probability of a text is the sum over all its alignments, "
            "and that is what a search should look for.",
        ),
        Mistake(
            "always the model",
            always_the_model,
            "You always blame the model. It may have found the truth likelier and the search have lost it: compare.",
        ),
        Mistake(
            "nobody erred",
            right_forgotten,
            "If the answer is the truth nobody made an error. Look at that before you compare.",
        ),
    ),
    "beam_step": (
        Mistake(
            "a repeat grows from both masses",
            repeat_from_both,
            "The last label once more makes a new label only on paths that ended in ε; on the others it merges. Yours "
            "grows from both, so that mass is counted twice.",
        ),
        Mistake(
            "a repeat always grows",
            repeat_grows_only,
            "You treat the last label like any other: the prefix grows. On paths that end in that label it merges, and "
            "the prefix stays.",
        ),
        Mistake(
            "a repeat never grows",
            repeat_never_grows,
            "The last label once more never makes a new one. Behind an ε it does, or nobody could write a double "
            "letter.",
        ),
        Mistake(
            "a repeat does not stay",
            repeat_does_not_stay,
            "Paths that end in a label and go on with it have disappeared. They say the same as before: their mass "
            "stays on the prefix, as label mass.",
        ),
        Mistake(
            "ε only after ε",
            blank_after_blank_only,
            "An ε may follow a label as well as another ε. The blank mass of a prefix comes from both of its masses.",
        ),
        Mistake(
            "overwritten, not added",
            overwritten,
            "Two prefixes can lead to the same one, and the second overwrites the first. Add what arrives.",
        ),
        Mistake(
            "prefixes without mass",
            without_mass,
            "Your beam also holds prefixes that no path can say: both of their masses are 0. Leave them out.",
        ),
        Mistake(
            "the two masses swapped",
            masses_swapped,
            "The numbers are right, but their order is not: first the mass of paths that end in ε, then that of paths "
            "that end in a label.",
        ),
        Mistake(
            "sorted by mass",
            likeliest_first,
            "All the masses are right. The beam is asked for in the order of its prefixes; yours begins with the "
            "likeliest.",
        ),
        Mistake(
            "ε written",
            blank_extends,
            "You let ε extend a prefix like a letter. It writes nothing: its mass stays on the prefix, and the loop "
            "over new letters begins behind it.",
        ),
        Mistake(
            "one mass for both",
            masses_merged,
            "You keep one mass a prefix. Then you cannot know whether the same label merges or begins anew: keep paths "
            "that end in ε apart from those that do not.",
        ),
    ),
}
