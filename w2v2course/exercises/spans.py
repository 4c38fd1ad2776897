"""Exercises of chapter `spans`: spans of a path, seconds, words, the best path and the way back along it."""

import math
from itertools import groupby

import torch
from torch import Generator, Tensor

from w2v2course.ctc.alignments import expand
from w2v2course.ctc.forced import forced_align
from w2v2course.exercises.mistakes.spans import MISTAKES
from w2v2course.exercises.specification import Case, Exercise

Spans = list[tuple[str, int, int]]


def spans_from_path(path: str, blank: str = "ε") -> Spans:
    """The runs of letters: which, its first frame, the one after its last."""
    spans, t = [], 0
    for symbol, run in groupby(path):
        end = t + len(list(run))
        if symbol != blank:
            spans.append((symbol, t, end))
        t = end
    return spans


def span_seconds(
    spans: Spans, stride: int = 320, field: int = 400, sample_rate: int = 16_000
) -> list[tuple[str, float, float]]:
    """What the frames of each span have heard, in seconds."""
    return [
        (label, start * stride / sample_rate, ((end - 1) * stride + field) / sample_rate) for label, start, end in spans
    ]


def word_spans(spans: Spans, delimiter: str = "|") -> Spans:
    """Letters between delimiters, put together."""
    words = []
    for is_delimiter, group in groupby(spans, lambda span: span[0] == delimiter):
        if not is_delimiter:
            letters = list(group)
            words.append(("".join(label for label, _, _ in letters), letters[0][1], letters[-1][2]))
    return words


def best_table(log_probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    """Viterbi's recursion: log-probability of the best way into each state."""
    states = expand(target, blank)
    best = log_probs.new_full((len(log_probs), len(states)), -math.inf)
    best[0, :2] = log_probs[0, list(states[:2])]
    for t in range(1, len(log_probs)):
        for s, symbol in enumerate(states):
            back = 2 if s % 2 == 1 and s >= 2 and symbol != states[s - 2] else min(s, 1)
            best[t, s] = best[t - 1, s - back : s + 1].max() + log_probs[t, symbol]
    return best


def walk_back(back: Tensor, state: int) -> list[int]:
    """The states of a path from its last one and the step that led into each."""
    way = []
    for row in reversed(back.tolist()):
        way.append(state)
        state -= row[state]
    return way[::-1]


def forced_path(log_probs: Tensor, target: list[int], blank: int = 0) -> list[int]:
    """The likeliest alignment of a target."""
    return list(forced_align(log_probs[None], torch.tensor([target], dtype=torch.long), blank=blank)[0].path)


def _letters(generator: Generator, size: int, alphabet: str) -> str:
    return "".join(alphabet[i] for i in torch.randint(len(alphabet), (size,), generator=generator).tolist())


def _spans(generator: Generator, frames: int, alphabet: str) -> tuple[Spans]:
    return (spans_from_path(_letters(generator, frames, alphabet)),)


def _log_probs(generator: Generator, frames: int, classes: int) -> Tensor:
    return (2 * torch.randn(frames, classes, generator=generator)).log_softmax(dim=1)


def _target(generator: Generator, size: int, classes: int) -> list[int]:
    return torch.randint(1, classes, (size,), generator=generator).tolist()


def _steps(generator: Generator, frames: int, states: int) -> tuple[Tensor, int]:
    """Random steps back, none past the first state, and the last state."""
    back = torch.randint(3, (frames, states), generator=generator)
    back[0] = 0
    return torch.minimum(back, torch.arange(states)), states - 1


EXERCISES = (
    Exercise(
        "spans_from_path",
        cases=(
            Case("one letter", lambda _: ("a", "ε")),
            Case("one ε", lambda _: ("ε", "ε")),
            Case("a letter of two frames", lambda _: ("εaa", "ε")),
            Case("two letters", lambda _: ("abb", "ε")),
            Case("a letter, and again", lambda _: ("aεa", "ε")),
            Case("three", lambda _: ("εtthεrrεeεeeε", "ε")),
            Case("another sign for the blank", lambda _: ("_n_oo_", "_")),
            Case("a second", lambda g: (_letters(g, 49, "abεε"), "ε"), hidden=True),
            Case("four seconds", lambda g: (_letters(g, 199, "ab|ε"), "ε"), hidden=True),
        ),
        reference=spans_from_path,
        mistakes=MISTAKES["spans_from_path"],
    ),
    Exercise(
        "span_seconds",
        cases=(
            Case("the first frame", lambda _: ([("a", 0, 1)], 320, 400, 16_000)),
            Case("a letter that lasts from frame 50 to frame 99", lambda _: ([("a", 50, 100)], 320, 400, 16_000)),
            Case("two letters", lambda _: ([("n", 3, 4), ("o", 7, 9)], 320, 400, 16_000)),
            Case("another network, another rate", lambda _: ([("a", 3, 5)], 100, 250, 8_000)),
            Case("a second", lambda g: (*_spans(g, 49, "abεε"), 320, 400, 16_000), hidden=True),
        ),
        reference=span_seconds,
        mistakes=MISTAKES["span_seconds"],
    ),
    Exercise(
        "word_spans",
        cases=(
            Case("one letter", lambda _: ([("a", 2, 3)], "|")),
            Case("one word", lambda _: ([("n", 2, 3), ("o", 5, 7)], "|")),
            Case("two words", lambda _: ([("n", 2, 3), ("o", 5, 7), ("|", 9, 10), ("o", 12, 13), ("n", 15, 16)], "|")),
            Case("a delimiter at the end", lambda _: ([("o", 1, 2), ("n", 3, 5), ("|", 6, 7)], "|")),
            Case("two delimiters in a row", lambda _: ([("a", 0, 1), ("|", 2, 3), ("|", 4, 5), ("b", 7, 8)], "|")),
            Case("nothing at all", lambda _: ([], "|")),
            Case("two seconds", lambda g: (*_spans(g, 99, "abc|εε"), "|"), hidden=True),
        ),
        reference=word_spans,
        mistakes=MISTAKES["word_spans"],
    ),
    Exercise(
        "walk_back",
        cases=(
            Case("one frame", lambda _: (torch.tensor([[0, 0, 0]]), 1)),
            Case("two frames, a step", lambda _: (torch.tensor([[0, 0, 0], [0, 1, 0]]), 1)),
            Case("two frames, a stay", lambda _: (torch.tensor([[0, 0, 0], [0, 0, 1]]), 1)),
            Case("three frames", lambda _: (torch.tensor([[0, 0, 0], [0, 1, 0], [0, 0, 1]]), 2)),
            Case("a skip", lambda _: (torch.tensor([[0, 0, 0, 0, 0], [0, 0, 1, 2, 1], [0, 1, 0, 0, 1]]), 4)),
            Case("nine frames", lambda g: _steps(g, 9, 7)),
            Case("forty frames", lambda g: _steps(g, 40, 31), hidden=True),
        ),
        reference=walk_back,
        mistakes=MISTAKES["walk_back"],
    ),
    Exercise(
        "best_table",
        cases=(
            Case("A in one frame", lambda _: (torch.tensor([[0.4, 0.6]]).log(), [1], 0)),
            Case("A in two frames", lambda _: (torch.tensor([[0.4, 0.6], [0.7, 0.3]]).log(), [1], 0)),
            Case("AB in three frames", lambda g: (_log_probs(g, 3, 3), [1, 2], 0)),
            Case("AA in four frames", lambda g: (_log_probs(g, 4, 2), [1, 1], 0)),
            Case("AAB in six frames", lambda g: (_log_probs(g, 6, 3), [1, 1, 2], 0)),
            Case("nothing to say", lambda g: (_log_probs(g, 3, 3), [], 0)),
            Case("another blank", lambda g: (_log_probs(g, 6, 4), [0, 1, 1], 3), hidden=True),
            Case("two seconds", lambda g: (_log_probs(g, 99, 9), _target(g, 12, 9), 0), hidden=True),
        ),
        reference=best_table,
        given=(expand,),
        rtol=1e-4,
        atol=1e-5,
        points=2,
        mistakes=MISTAKES["best_table"],
    ),
    Exercise(
        "forced_path",
        cases=(
            Case("A in one frame", lambda _: (torch.tensor([[0.9, 0.1]]).log(), [1], 0)),
            Case("A in two frames", lambda _: (torch.tensor([[0.4, 0.6], [0.7, 0.3]]).log(), [1], 0)),
            Case("AA in three frames", lambda _: (torch.tensor([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7]]).log(), [1, 1], 0)),
            Case("AB in four frames", lambda g: (_log_probs(g, 4, 3), [1, 2], 0)),
            Case("AAB in eight frames", lambda g: (_log_probs(g, 8, 3), [1, 1, 2], 0)),
            Case("nothing to say", lambda g: (_log_probs(g, 3, 3), [], 0)),
            Case("another blank", lambda g: (_log_probs(g, 8, 4), [0, 1, 1], 3)),
            Case("ten labels in a second", lambda g: (_log_probs(g, 49, 5), _target(g, 10, 5), 0)),
            Case("twelve labels in a second", lambda g: (_log_probs(g, 49, 6), _target(g, 12, 6), 0), hidden=True),
            Case("twenty labels in two seconds", lambda g: (_log_probs(g, 99, 5), _target(g, 20, 5), 0), hidden=True),
        ),
        reference=forced_path,
        given=(expand,),
        points=2,
        mistakes=MISTAKES["forced_path"],
    ),
)
