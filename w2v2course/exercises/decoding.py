"""Exercises of chapter `decoding`: count errors, read greedily, one step of the beam, a language model, whose error."""

import math
from collections import defaultdict

import torch
from torch import Generator, Tensor

from w2v2course.ctc.decoding import greedy_decode
from w2v2course.ctc.loss import ctc_loss
from w2v2course.ctc.prefix_search import Mass, extend
from w2v2course.exercises.mistakes.decoding import MISTAKES
from w2v2course.exercises.specification import Case, Exercise

Beam = list[tuple[str, float, float]]


def greedy_labels(log_probs: Tensor, blank: int = 0) -> list[int]:
    """The best path, collapsed."""
    return list(greedy_decode(log_probs[None], blank=blank)[0][0].labels)


def edit_distance(truth: str, written: str) -> int:
    """The fewest insertions, deletions and substitutions between two texts."""
    from rapidfuzz.distance import Levenshtein  # jiwer's own

    return Levenshtein.distance(truth, written)


def character_error_rate(truths: list[str], written: list[str]) -> float:
    """Edits over all texts together, divided by the characters that should have been written."""
    edits = sum(edit_distance(truth, text) for truth, text in zip(truths, written, strict=True))
    return edits / sum(map(len, truths))


def fused_scores(
    readings: list[list[int]], log_probs: list[float], bigram: Tensor, lm_weight: float, length_bonus: float
) -> list[float]:
    """Acoustic score, weighted language model score and bonus of each reading; row 0 of bigram begins a text."""
    scores = []
    for labels, log_prob in zip(readings, log_probs, strict=True):
        spoken = sum(float(bigram[before, label]) for before, label in zip([0, *labels], labels, strict=False))
        scores.append(log_prob + lm_weight * spoken + length_bonus * len(labels))
    return scores


def whose_error(log_probs: Tensor, truth: list[int], answer: list[int], blank: int = 0) -> str:
    """Who is to blame, by exact probabilities of both."""
    if answer == truth:
        return "right"
    losses = [
        ctc_loss(
            log_probs[None], torch.tensor([labels], dtype=torch.long), None, None, blank, "sum", backend="torch"
        ).item()
        for labels in (truth, answer)
    ]
    return "search error" if losses[0] < losses[1] else "model error"


def beam_step(beam: Beam, probs: list[float], symbols: str) -> Beam:
    """One frame of prefix beam search, nothing pruned; the first symbol is the blank."""
    emission = [math.log(p) if p > 0 else -math.inf for p in probs]
    candidates: dict[tuple[int, ...], Mass] = defaultdict(Mass)
    for prefix, blank_mass, label_mass in beam:
        blank, label = (math.log(m) if m > 0 else -math.inf for m in (blank_mass, label_mass))
        places = tuple(symbols.index(symbol) for symbol in prefix)
        starts = (0,) * len(places)
        mass = Mass(blank, label, best_blank=(blank, starts), best_label=(label, starts))
        extend(candidates, places, mass, emission, range(1, len(symbols)), 0, 0)
    return sorted(
        ("".join(symbols[i] for i in places), math.exp(mass.blank), math.exp(mass.label))
        for places, mass in candidates.items()
        if max(mass.blank, mass.label) > -math.inf
    )


def _log_probs(generator: Generator, frames: int, classes: int) -> Tensor:
    return (2 * torch.randn(frames, classes, generator=generator)).log_softmax(dim=1)


def _letters(generator: Generator, size: int, alphabet: str) -> str:
    return "".join(alphabet[i] for i in torch.randint(len(alphabet), (size,), generator=generator).tolist())


def _bigram(generator: Generator, classes: int) -> Tensor:
    """Random log P(label | label before), (C, C); column 0 cannot be said."""
    scores = torch.randn(classes, classes, generator=generator)
    scores[:, 0] = -math.inf
    return scores.log_softmax(dim=1)


def _rescoring(generator: Generator, readings: list[list[int]], weight: float, bonus: float) -> tuple:
    log_probs = (-5 * torch.rand(len(readings), generator=generator)).tolist()
    return readings, log_probs, _bigram(generator, 4), weight, bonus


def _two_texts(generator: Generator, size: int, alphabet: str) -> tuple[str, str]:
    """A text, and what is left of it after some letters are lost and others come in."""
    truth = _letters(generator, size, alphabet)
    heard = "".join(letter for letter in truth if torch.rand((), generator=generator) > 0.2)
    return truth, heard[: size // 2] + _letters(generator, 3, alphabet) + heard[size // 2 :]


def _after_frames(generator: Generator, frames: int, symbols: str) -> tuple[Beam, list[float], str]:
    """The beam after some frames, and the next frame."""
    beam: Beam = [("", 1.0, 0.0)]
    for _ in range(frames):
        beam = beam_step(beam, _log_probs(generator, 1, len(symbols)).exp()[0].tolist(), symbols)
    return beam, _log_probs(generator, 1, len(symbols)).exp()[0].tolist(), symbols


_HESITATES = torch.tensor([[0.6, 0.4], [0.6, 0.4]])

EXERCISES = (
    Exercise(
        "greedy_labels",
        cases=(
            Case("one frame", lambda _: (torch.tensor([[0.3, 0.7]]).log(), 0)),
            Case("one frame of ε", lambda _: (torch.tensor([[0.7, 0.3]]).log(), 0)),
            Case("a label that goes on", lambda _: (torch.tensor([[0.3, 0.7], [0.4, 0.6]]).log(), 0)),
            Case(
                "a label, and again",
                lambda _: (torch.tensor([[0.2, 0.7, 0.1], [0.8, 0.1, 0.1], [0.3, 0.6, 0.1]]).log(), 0),
            ),
            Case("the blank is the last class", lambda g: (_log_probs(g, 8, 3), 2)),
            Case("twelve frames", lambda g: (_log_probs(g, 12, 3), 0)),
            Case("two seconds", lambda g: (_log_probs(g, 99, 4), 0), hidden=True),
            Case("two seconds, another blank", lambda g: (_log_probs(g, 99, 4), 1), hidden=True),
        ),
        reference=greedy_labels,
        mistakes=MISTAKES["greedy_labels"],
    ),
    Exercise(
        "edit_distance",
        cases=(
            Case("the same letter", lambda _: ("a", "a")),
            Case("another letter", lambda _: ("a", "b")),
            Case("nothing written", lambda _: ("a", "")),
            Case("nothing said", lambda _: ("", "ab")),
            Case("a letter lost at the front", lambda _: ("one", "ne")),
            Case("a letter lost in the middle", lambda _: ("three", "tree")),
            Case("a letter changed, one lost", lambda _: ("seven", "sixn")),
            Case("two letters swapped", lambda _: ("ab", "ba")),
            Case("words far apart", lambda _: ("four five", "nine one")),
            Case("twenty letters", lambda g: _two_texts(g, 20, "abc"), hidden=True),
            Case("sixty letters", lambda g: _two_texts(g, 60, "abcdefg"), hidden=True),
        ),
        reference=edit_distance,
        mistakes=MISTAKES["edit_distance"],
    ),
    Exercise(
        "character_error_rate",
        cases=(
            Case("right", lambda _: (["one"], ["one"])),
            Case("one text, a letter lost", lambda _: (["nine"], ["nne"])),
            Case("a short one and a long one", lambda _: (["one", "three seven"], ["on", "three seven"])),
            Case("too much written", lambda _: (["two"], ["two two two"])),
            Case("nothing written", lambda _: (["six", "four"], ["", "four"])),
            Case(
                "ten texts",
                lambda g: tuple(map(list, zip(*(_two_texts(g, 4 + i, "abcd") for i in range(10)), strict=True))),
                hidden=True,
            ),
        ),
        reference=character_error_rate,
        mistakes=MISTAKES["character_error_rate"],
    ),
    Exercise(
        "fused_scores",
        cases=(
            Case("nothing read", lambda g: _rescoring(g, [[]], 0.5, 0.0)),
            Case("one label", lambda g: _rescoring(g, [[1]], 0.5, 0.0)),
            Case("one label and a bonus", lambda g: _rescoring(g, [[2]], 0.5, 1.0)),
            Case("two labels", lambda g: _rescoring(g, [[1, 2]], 1.0, 0.0)),
            Case("three readings", lambda g: _rescoring(g, [[1, 2], [1, 1, 2], [2]], 0.7, 0.3)),
            Case("no weight", lambda g: _rescoring(g, [[3, 2], [1]], 0.0, 0.2)),
            Case(
                "six readings",
                lambda g: _rescoring(g, [[1, 2, 3, 3], [3], [1, 3], [], [2, 2], [1, 2, 3]], 0.4, 0.6),
                hidden=True,
            ),
        ),
        reference=fused_scores,
        mistakes=MISTAKES["fused_scores"],
    ),
    Exercise(
        "whose_error",
        cases=(
            Case("the truth was read", lambda _: (_HESITATES.log(), [1], [1], 0)),
            Case("nothing read, the likelier text missed", lambda _: (_HESITATES.log(), [1], [], 0)),
            Case("the likelier text read, but it is not what was said", lambda _: (_HESITATES.log(), [], [1], 0)),
            Case("a truth that two frames cannot say", lambda _: (_HESITATES.log(), [1, 1], [1], 0)),
            Case(
                "three frames",
                lambda _: (torch.tensor([[0.1, 0.8, 0.1], [0.5, 0.3, 0.2], [0.4, 0.1, 0.5]]).log(), [1, 2], [1], 0),
            ),
            Case(
                "three frames, the other way round",
                lambda _: (torch.tensor([[0.1, 0.8, 0.1], [0.5, 0.3, 0.2], [0.4, 0.1, 0.5]]).log(), [1], [1, 2], 0),
            ),
            Case(
                "a longer truth",
                lambda _: (
                    torch.tensor([[0.1, 0.9, 0.0], [0.2, 0.1, 0.7], [0.6, 0.4, 0.0]]).log(),
                    [1, 2, 1],
                    [1, 2],
                    0,
                ),
            ),
            Case("eight frames", lambda g: (_log_probs(g, 8, 3), [1, 2], [1, 2, 1], 0), hidden=True),
            Case("ten frames", lambda g: (_log_probs(g, 10, 3), [2, 2, 1], [2, 1], 0), hidden=True),
            Case("another blank", lambda g: (_log_probs(g, 9, 3), [0, 1], [1, 0, 1], 2), hidden=True),
        ),
        reference=whose_error,
        given=(ctc_loss,),
        mistakes=MISTAKES["whose_error"],
    ),
    Exercise(
        "beam_step",
        cases=(
            Case("the first frame", lambda _: ([("", 1.0, 0.0)], [0.6, 0.4], "εa")),
            Case("one letter, written just now", lambda _: ([("a", 0.0, 0.5)], [0.6, 0.4], "εa")),
            Case("one letter, then ε", lambda _: ([("a", 0.5, 0.0)], [0.6, 0.4], "εa")),
            Case("one letter, both ways", lambda _: ([("a", 0.25, 0.5)], [0.6, 0.4], "εa")),
            Case("two ways to the same prefix", lambda _: ([("", 0.25, 0.0), ("a", 0.25, 0.5)], [0.5, 0.5], "εa")),
            Case("two letters", lambda _: ([("", 0.3, 0.0), ("a", 0.1, 0.4), ("b", 0.0, 0.2)], [0.5, 0.3, 0.2], "εab")),
            Case("the third frame", lambda g: _after_frames(g, 2, "εab")),
            Case("the fifth frame", lambda g: _after_frames(g, 4, "εabc"), hidden=True),
        ),
        reference=beam_step,
        rtol=1e-5,
        atol=1e-9,
        points=2,
        mistakes=MISTAKES["beam_step"],
    ),
)
