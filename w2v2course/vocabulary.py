"""Labels and letters (chapters `alignments` and `listen`): which class of the head writes which symbol."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path

BLANKS = ("<pad>", "[PAD]")  # what released vocabularies call the blank


@dataclass(frozen=True)
class Vocabulary:
    """The symbols of a CTC head, in the order of its classes (chapter `alignments`).

    Args:
        symbols: one for each class, label 0 first. Several characters may be one symbol ("ch"); what stands in
            angle or square brackets (``<s>``, ``[UNK]``) is special: it is no text.
        blank: the class that writes nothing, as its label or as its symbol; kept as the label.
        word_delimiter: the symbol that stands between words, a space in text. It need not be among the symbols.

    Raises:
        TypeError: ``symbols`` are not all strings, or ``blank`` is neither a label nor a symbol.
        ValueError: no symbol, an empty or a repeated one, a blank which is not among them or is the word delimiter.

    Source: the ``vocab.json`` of published wav2vec 2.0 checkpoints, whose blank is called ``<pad>``.
    """

    symbols: tuple[str, ...]
    blank: int
    word_delimiter: str = "|"

    def __init__(self, symbols: Iterable[str], blank: int | str, word_delimiter: str = "|"):
        symbols = tuple(symbols)
        for label, symbol in enumerate(symbols):
            if not isinstance(symbol, str):
                raise TypeError(f"symbols must be strings, but symbols[{label}] is a {type(symbol).__name__}")
            if not symbol:
                raise ValueError(f"symbols must not be empty, but symbols[{label}] is; give every class a name")
            if symbols.index(symbol) != label:
                raise ValueError(
                    f"symbols must differ, but {symbol!r} is both label {symbols.index(symbol)} and label {label}; "
                    f"rename one of them"
                )
        if isinstance(blank, str):
            if blank not in symbols:
                raise ValueError(f"blank must be one of the symbols, but {blank!r} is none of the {len(symbols)}")
            blank = symbols.index(blank)
        if isinstance(blank, bool) or not isinstance(blank, int):
            raise TypeError(f"blank must be a label or a symbol, but is a {type(blank).__name__}")
        if not 0 <= blank < len(symbols):
            raise ValueError(f"blank must be a label in 0..{len(symbols) - 1}, one of the symbols', but is {blank}")
        if symbols[blank] == word_delimiter:
            raise ValueError(f"blank and word_delimiter must differ, but both are {word_delimiter!r}")
        object.__setattr__(self, "symbols", symbols)
        object.__setattr__(self, "blank", blank)
        object.__setattr__(self, "word_delimiter", word_delimiter)

    @classmethod
    def from_file(
        cls, path: str | PathLike[str], blank: int | str | None = None, word_delimiter: str = "|"
    ) -> "Vocabulary":
        """Read a ``vocab.json`` as Hugging Face writes it: an object from symbol to label.

        Args:
            path: the file, as :func:`read_symbols` reads it.
            blank: as above; None looks for ``<pad>``, then ``[PAD]``.
            word_delimiter: as above.

        Returns:
            The vocabulary.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it is not such an object, two symbols share a label, or no blank is found.
        """
        symbols = read_symbols(path)
        if blank is None:
            blank = next((name for name in BLANKS if name in symbols), None)
            if blank is None:
                raise ValueError(f"{path} has no symbol {' or '.join(BLANKS)}; say which is the blank with blank=…")
        return cls(symbols, blank, word_delimiter)

    def __len__(self) -> int:
        return len(self.symbols)

    @cached_property
    def special(self) -> frozenset[int]:
        """Labels that are no text: the blank, and symbols in angle or square brackets."""
        return frozenset(
            label for label, symbol in enumerate(self.symbols) if label == self.blank or is_special(symbol)
        )

    @cached_property
    def _labels(self) -> dict[str, int]:
        return {symbol: label for label, symbol in enumerate(self.symbols) if label not in self.special}

    def encode(self, text: str) -> list[int]:
        """Spell a text in labels; a space becomes the word delimiter, and the longest symbol that fits is taken.

        Args:
            text: what was said.

        Returns:
            Labels, neither the blank nor a special one among them.

        Raises:
            ValueError: a character is in no symbol; the message names it and its place.
        """
        text = text.replace(" ", self.word_delimiter)
        longest = max(map(len, self._labels), default=0)
        labels, place = [], 0
        while place < len(text):
            for size in range(min(longest, len(text) - place), 0, -1):
                label = self._labels.get(text[place : place + size])
                if label is not None:
                    labels.append(label)
                    place += size
                    break
            else:
                raise ValueError(self._unknown(text, place))
        return labels

    def decode(self, labels: Sequence[int]) -> str:
        """Write labels as text. CTC's collapse comes before this: two equal labels here are two letters.

        Args:
            labels: integers in 0..C−1, as a hypothesis carries them.

        Returns:
            Their symbols in a row, special ones left out, word delimiters as spaces, none at either end.

        Raises:
            ValueError: a label outside 0..C−1.
        """
        letters = []
        for label in map(int, labels):
            if not 0 <= label < len(self.symbols):
                raise ValueError(
                    f"labels must be in 0..{len(self.symbols) - 1}, as the vocabulary is, but hold {label}"
                )
            if label not in self.special:
                symbol = self.symbols[label]
                letters.append(" " if symbol == self.word_delimiter else symbol)
        return "".join(letters).strip(" ")

    def _unknown(self, text: str, place: int) -> str:
        character = text[place]
        other = next((c for c in (character.upper(), character.lower()) if c in self._labels), None)
        shown = " " if character == self.word_delimiter else character
        hint = f"it knows {other!r}, so change the text's case" if other else "leave it out of the text or add it"
        return f"text[{place}] is {shown!r}, which no symbol of the vocabulary writes; {hint}"


def is_special(symbol: str) -> bool:
    """Whether a symbol stands in angle or square brackets, and so is no text."""
    return len(symbol) > 2 and symbol[0] + symbol[-1] in ("<>", "[]")


def unused(label: int) -> str:
    """The symbol of a class that no file names: a special one."""
    return f"<unused {label}>"


def read_symbols(path: str | PathLike[str]) -> list[str]:
    """The symbols of a ``vocab.json``, in the order of their labels.

    Args:
        path: the file: an object from symbol to label. An ``added_tokens.json`` beside it, of the same form, is read
            too.

    Returns:
        One symbol a label; a label that the files leave out gets a special one.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not such an object, or two symbols share a label.
    """
    path = Path(path)
    table = _read_table(path)
    added = path.with_name("added_tokens.json")
    if added.is_file():
        table = _read_table(added) | table  # a symbol in both keeps the vocabulary's own label
    by_label: dict[int, str] = {}
    for symbol, label in table.items():
        if label in by_label:
            raise ValueError(f"{path} gives label {label} to both {by_label[label]!r} and {symbol!r}; mend one")
        by_label[label] = symbol
    last = max(by_label, default=-1)
    if last >= 1_000_000:
        raise ValueError(f"{path} names label {last}, but labels number the classes of a head, from 0 on")
    return [by_label.get(label, unused(label)) for label in range(last + 1)]


def _read_table(path: Path) -> dict[str, int]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no vocabulary at {path}; it should be a vocab.json")
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}); it should be an object from symbol to label") from None
    if isinstance(table, dict) and table and all(isinstance(value, dict) for value in table.values()):
        raise ValueError(
            f"{path} holds one vocabulary for each of {len(table)} languages; "
            f"write the one you want into a file of its own"
        )
    if not isinstance(table, dict) or not all(type(label) is int and label >= 0 for label in table.values()):
        raise ValueError(f"{path} should be an object from symbol to label, each label a number from 0 on")
    return table
