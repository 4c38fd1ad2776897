"""Which label follows which (chapter `decoding`): a character n-gram, fitted or read from an ARPA file."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Protocol

import numpy as np

from w2v2course.vocabulary import Vocabulary

START = -1  # stands before the first label of a text
NEVER = -99.0  # log10 of zero, as ARPA files write it

History = tuple[int, ...]


class LanguageModel(Protocol):
    """What beam search asks of a language model: ``score(prefix, label)``, once for each new label."""

    def score(self, prefix: Sequence[int], label: int) -> float:
        """Natural logarithm of P(label | prefix)."""
        ...


class NGram:
    """A back-off language model over labels (chapter `decoding`), kept as two tables.

    A *state* is as much of what has been said as the model looks at: at most order − 1 labels.

    Attributes:
        order: n; a label is predicted from the n − 1 before it.
        log_probs: (states, C), float64: natural logarithm of P(label | state); −inf for the blank.
        next_state: (states, C), int64: the state after saying a label.
        start: the state before the first label.

    Args:
        order: n.
        log_probs: for each state the C log-probabilities.
    """

    def __init__(self, order: int, log_probs: Mapping[History, np.ndarray]):
        self.order = order
        self._states = {history: state for state, history in enumerate(log_probs)}
        self.log_probs = np.stack(list(log_probs.values()))
        labels = range(self.log_probs.shape[1])
        self.next_state = np.array([[self._state((*history, label)) for label in labels] for history in log_probs])
        self.start = self._state((START,))

    def _state(self, history: History) -> int:
        """The longest end of a history that is a state."""
        for begin in range(max(0, len(history) - self.order + 1), len(history) + 1):
            if (state := self._states.get(history[begin:])) is not None:
                return state
        raise AssertionError("the empty history is always a state")

    def score(self, prefix: Sequence[int], label: int) -> float:
        """How likely a label is after a prefix.

        Args:
            prefix: the labels said before, from the beginning.
            label: the new one.

        Returns:
            Natural logarithm of P(label | the last order − 1 labels of prefix); −inf for the blank.

        Raises:
            ValueError: label is no class.
        """
        if not 0 <= label < self.log_probs.shape[1]:
            raise ValueError(f"label must be one of the classes 0 … {self.log_probs.shape[1] - 1}, but is {label}")
        recent = (START, *prefix) if len(prefix) < self.order else tuple(prefix[len(prefix) - self.order :])
        return float(self.log_probs[self._state(recent), label])

    @classmethod
    def fit(cls, texts: Iterable[str], vocabulary: Vocabulary, order: int) -> "NGram":
        """Count, and smooth by interpolation with shorter histories.

        ``P(c | h) = (count(h c) + kinds(h) · P(c | h without its first)) / (count(h) + kinds(h))``, where kinds(h) is
        how many different labels followed h, and before the empty history stands the uniform distribution. So every
        label can follow every history, and for each history the probabilities of all labels sum to one.

        Args:
            texts: what people say, spelled by the vocabulary.
            vocabulary: its labels are the classes; the blank is never predicted.
            order: n, at least 1.

        Raises:
            TypeError: texts is a single text, whose letters would be taken for texts.
            ValueError: order is below 1, or a text holds a character that the vocabulary cannot write.

        Source: Witten and Bell (1991), method C, interpolated as in Chen and Goodman (1998), section 2.5.
        """
        if isinstance(texts, str):
            raise TypeError("texts must be several texts, but is a single one; put it into a list")
        if order < 1:
            raise ValueError(f"order must be at least 1, but is {order}; 3 looks at the two labels before")
        counts: dict[History, Counter[int]] = defaultdict(Counter)
        for text in texts:
            labels = (START, *vocabulary.encode(text))
            for place in range(1, len(labels)):
                for begin in range(max(0, place - order + 1), place + 1):
                    counts[labels[begin:place]][labels[place]] += 1
        uniform = np.full(len(vocabulary), 1 / (len(vocabulary) - 1))
        uniform[vocabulary.blank] = 0.0
        probs: dict[History, np.ndarray] = {(): uniform}
        for history in sorted(counts, key=len):
            count = np.array([counts[history][label] for label in range(len(vocabulary))], dtype=np.float64)
            kinds = np.count_nonzero(count)
            shorter = probs[history[1:]]
            probs[history] = (count + kinds * shorter) / (count.sum() + kinds)
        with np.errstate(divide="ignore"):
            return cls(order, {history: np.log(prob) for history, prob in probs.items()})

    @classmethod
    def from_arpa(cls, path: str | PathLike[str], vocabulary: Vocabulary) -> "NGram":
        """Read an ARPA file whose words are the vocabulary's symbols.

        An n-gram that is not listed backs off: ``log P(c | h) = backoff(h) + log P(c | h without its first)``. A label
        that the file does not know gets the probability of ``<unk>``, or almost none (10⁻⁹⁹) if there is no such word;
        words that the vocabulary does not know, and the end ``</s>``, are left out.

        Args:
            path: the file; its logarithms are to base 10, as the format says.
            vocabulary: its labels are the classes.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it is not in the ARPA format, or lists no single words.

        Source: the format as SRILM documents it, ngram-format(5).
        """
        listed, backoff = _read_arpa(Path(path))
        special = {"<s>": START, "</s>": None, "<unk>": None, "<UNK>": None}
        known = {
            symbol: label for label, symbol in enumerate(vocabulary.symbols) if label != vocabulary.blank
        } | special

        def labels(words: tuple[str, ...]) -> History | None:
            found = [known.get(word) for word in words]
            return None if None in found else tuple(label for label in found if label is not None)

        unknown = listed.get(("<unk>",), listed.get(("<UNK>",), NEVER))
        by_history: dict[History, dict[int, float]] = defaultdict(dict)
        for words, value in listed.items():
            if (found := labels(words)) is not None:
                by_history[found[:-1]][found[-1]] = value
        weights = {found: value for words, value in backoff.items() if (found := labels(words)) is not None}
        base = np.full(len(vocabulary), unknown)
        log_probs: dict[History, np.ndarray] = {}
        for history in sorted(by_history.keys() | weights.keys() | {()}, key=len):
            row = base.copy()
            for length in range(len(history) + 1):  # from the shortest end of the history to all of it
                end = history[len(history) - length :]
                if length:
                    row += weights.get(end, 0.0)
                for label, value in by_history.get(end, {}).items():
                    if label != START:
                        row[label] = value
            row[vocabulary.blank] = -math.inf
            log_probs[history] = row * math.log(10)
        return cls(max(map(len, listed)), log_probs)


def _read_arpa(path: Path) -> tuple[dict[tuple[str, ...], float], dict[tuple[str, ...], float]]:
    """Log10 probability of each n-gram listed, and log10 back-off weight of each that has one."""
    listed: dict[tuple[str, ...], float] = {}
    backoff: dict[tuple[str, ...], float] = {}
    size = 0  # of the n-grams in this section; 0 outside them
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = line.split()
        if not fields or (size == 0 and not line.startswith("\\")):
            continue
        if line.startswith("\\"):
            name = line.strip().strip("\\:")
            size = int(name.removesuffix("-grams")) if name.removesuffix("-grams").isdigit() else 0
            continue
        words = tuple(fields[1 : 1 + size])
        try:
            if len(words) < size or len(fields) > size + 2:
                raise ValueError
            listed[words] = float(fields[0])
            if len(fields) == size + 2:
                backoff[words] = float(fields[-1])
        except ValueError:
            raise ValueError(
                f"{path}, line {number}, is {line!r}, but each line of the {size}-grams must be a logarithm, "
                f"{size} words, and perhaps a back-off weight"
            ) from None
    if not any(len(words) == 1 for words in listed):
        raise ValueError(f"{path} lists no words under \\1-grams:, as an ARPA file must; check that it is one")
    return listed, backoff
