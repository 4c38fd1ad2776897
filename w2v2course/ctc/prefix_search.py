"""Prefix beam search with a dictionary (chapter `decoding`): the readable level.

Many paths say the same, so paths are summed as soon as they agree in what they have said: the beam holds prefixes, not
paths. What may happen next depends on how a path ends, so each prefix keeps two masses apart.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from w2v2course.ctc.hypothesis import Hypothesis
from w2v2course.ctc.language_model import LanguageModel

Prefix = tuple[int, ...]
Way = tuple[float, tuple[int, ...]]  # log-probability of a single path, and where it begins each label
NO_WAY: Way = (-math.inf, ())


@dataclass(slots=True)
class Mass:
    """All kept paths that say one prefix, by how they end; and the best single path of either kind."""

    blank: float = -math.inf
    label: float = -math.inf
    best_blank: Way = NO_WAY
    best_label: Way = NO_WAY

    @property
    def total(self) -> float:
        return log_add(self.blank, self.label)

    @property
    def best(self) -> Way:
        return self.best_label if self.best_label[0] >= self.best_blank[0] else self.best_blank

    def add_label(self, mass: float, way: Way) -> None:
        """More paths that end in the label. Of two equally good ways the one that began the label earlier is kept."""
        self.label = log_add(self.label, mass)
        tied = way[0] == self.best_label[0] > -math.inf
        if way[0] > self.best_label[0] or (tied and way[1][-1] < self.best_label[1][-1]):
            self.best_label = way


def prefix_search(
    log_probs: Sequence[Sequence[float]],
    extensions: Sequence[Sequence[int]],
    blank: int,
    beam_width: int,
    language_model: LanguageModel | None,
    lm_weight: float,
    length_bonus: float,
) -> list[Hypothesis]:
    """Decode one utterance (chapter `decoding`).

    Args:
        log_probs: T rows of C natural log-probabilities.
        extensions: for each frame the labels that may extend a prefix.
        blank, beam_width, language_model, lm_weight, length_bonus: as for ``beam_search_decode``.

    Returns:
        What is in the beam at the end, best first.

    Source: Hannun et al. (2014), arXiv 1408.2873, algorithm 1; Graves (2012), chapter 7.5.
    """
    spoken: dict[Prefix, float] = {(): 0.0}  # log-probability under the language model, asked once for each new label

    def score(prefix: Prefix, mass: Mass) -> float:
        if language_model is None:
            return mass.total + length_bonus * len(prefix)
        if prefix not in spoken:
            spoken[prefix] = spoken[prefix[:-1]] + language_model.score(prefix[:-1], prefix[-1])
        return mass.total + lm_weight * spoken[prefix] + length_bonus * len(prefix)

    beam: dict[Prefix, Mass] = {(): Mass(blank=0.0, best_blank=(0.0, ()))}
    scores: dict[Prefix, float] = {(): 0.0}
    for t, (emission, labels) in enumerate(zip(log_probs, extensions, strict=True)):
        candidates: dict[Prefix, Mass] = defaultdict(Mass)
        for prefix, mass in beam.items():
            extend(candidates, prefix, mass, emission, labels, blank, t)
        scores = {prefix: score(prefix, mass) for prefix, mass in candidates.items() if mass.total > -math.inf}
        kept = sorted(scores, key=lambda prefix: (-rounded(scores[prefix]), prefix))[:beam_width]
        beam = {prefix: candidates[prefix] for prefix in kept if scores[prefix] > -math.inf}
    answers = [Hypothesis(prefix, mass.total, scores[prefix], mass.best[1]) for prefix, mass in beam.items()]
    return answers or [Hypothesis((), -math.inf, -math.inf, ())]  # nothing at all is possible


def extend(
    candidates: dict[Prefix, Mass],
    prefix: Prefix,
    mass: Mass,
    emission: Sequence[float],
    labels: Sequence[int],
    blank: int,
    t: int,
) -> None:
    """One prefix, one frame further: three things can happen."""
    last = prefix[-1] if prefix else None
    total, (value, frames) = mass.total, mass.best

    # A blank: the prefix stays, however its paths ended.
    stay = candidates[prefix]
    stay.blank = total + emission[blank]
    stay.best_blank = (value + emission[blank], frames)

    # The last label once more, on paths that end in it: it merges, the prefix stays.
    if last is not None:
        stay.add_label(mass.label + emission[last], (mass.best_label[0] + emission[last], mass.best_label[1]))

    # A new label: the prefix grows. If it equals the last, only after a blank, or else it would have merged.
    for label in labels:
        new = candidates[(*prefix, label)]
        if label == last:
            value_before, frames_before = mass.best_blank
            new.add_label(mass.blank + emission[label], (value_before + emission[label], (*frames_before, t)))
        else:
            new.add_label(total + emission[label], (value + emission[label], (*frames, t)))


def log_add(a: float, b: float) -> float:
    """log(eᵃ + eᵇ), also where both are −inf."""
    a, b = max(a, b), min(a, b)
    return a if b == -math.inf else a + math.log1p(math.exp(b - a))


def rounded(score: float) -> float:
    """Scores that agree to nine decimals are equal: rounding errors shall not decide between them."""
    return score if math.isinf(score) else math.floor(score * 1e9 + 0.5)
