"""Labels and letters."""

import json
import pickle
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2v2course.vocabulary import Vocabulary

LETTERS = Vocabulary("ε|abchelo'", blank="ε")
RELEASED = ["<pad>", "<s>", "</s>", "<unk>", "|", *"ETAONIHSRDLUMWCFGYPBVK'XJQZ"]


def write(path, table):
    path.write_text(json.dumps(table), encoding="utf-8")
    return path


def test_a_word_by_hand():
    assert LETTERS.encode("hello") == [5, 6, 7, 7, 8]
    assert LETTERS.decode([5, 6, 7, 7, 8]) == "hello"


def test_the_delimiter_is_a_space_in_text():
    assert LETTERS.encode("a cab") == [2, 1, 4, 2, 3]
    assert LETTERS.decode([1, 2, 1, 4, 2, 3, 1]) == "a cab"
    assert Vocabulary("_ ab", blank="_", word_delimiter=" ").decode([2, 1, 3]) == "a b"


def test_special_symbols_are_no_text():
    vocabulary = Vocabulary(["<pad>", "<s>", "[UNK]", "|", "A", "<", "]"], blank=0)
    assert vocabulary.special == {0, 1, 2}
    assert vocabulary.decode([1, 4, 2, 3, 0, 4, 5, 6]) == "A A<]"
    with pytest.raises(ValueError, match=r"text\[2\] is '<'"):
        Vocabulary(["-", "<s>", "a", "b"], blank=0).encode("ab<s>")


def test_a_symbol_of_two_letters_wins_over_its_first():
    vocabulary = Vocabulary(["-", "c", "h", "ch"], blank=0)
    assert vocabulary.encode("chhc") == [3, 2, 1]
    assert vocabulary.decode([3, 2, 1]) == "chhc"


def test_blank_by_symbol_or_by_label():
    assert Vocabulary("ab_", blank="_") == Vocabulary(("a", "b", "_"), blank=2)
    assert Vocabulary("ab_", blank="_").blank == 2
    assert len(LETTERS) == 10
    assert pickle.loads(pickle.dumps(LETTERS)) == LETTERS
    assert len({LETTERS, Vocabulary(LETTERS.symbols, 0)}) == 1


@given(st.text(alphabet="abchelo'"), st.text(alphabet="abchelo'", min_size=1))
def test_there_and_back(first, second):
    text = f"{first} {second}".strip()
    assert LETTERS.decode(LETTERS.encode(text)) == text


@cache
def reference_tokenizer():
    from transformers import Wav2Vec2CTCTokenizer

    with tempfile.TemporaryDirectory() as folder:
        file = write(Path(folder, "vocab.json"), {symbol: label for label, symbol in enumerate(RELEASED)})
        return Wav2Vec2CTCTokenizer(str(file))


@settings(deadline=None)  # the first example imports transformers
@given(st.lists(st.integers(4, 31), max_size=20))
def test_decodes_as_the_reference_tokenizer(labels):
    # group_tokens is the reference's collapse, which comes before decode here.
    assert Vocabulary(RELEASED, 0).decode(labels) == reference_tokenizer().decode(labels, group_tokens=False)


def test_a_released_file(tmp_path):
    file = write(tmp_path / "vocab.json", {symbol: label for label, symbol in enumerate(RELEASED)})
    vocabulary = Vocabulary.from_file(file)
    assert vocabulary == Vocabulary(RELEASED, "<pad>")
    assert vocabulary.decode(vocabulary.encode("HELLO WORLD")) == "HELLO WORLD"


def test_file_with_added_tokens_and_a_gap(tmp_path):
    file = write(tmp_path / "vocab.json", {"a": 0, "|": 1, "[UNK]": 2, "[PAD]": 3})
    write(tmp_path / "added_tokens.json", {"<s>": 5, "a": 9})
    vocabulary = Vocabulary.from_file(file)
    assert vocabulary.symbols == ("a", "|", "[UNK]", "[PAD]", "<unused 4>", "<s>")
    assert vocabulary.blank == 3
    assert vocabulary.decode([0, 1, 4, 5, 0]) == "a a"


def test_file_with_another_blank(tmp_path):
    file = write(tmp_path / "vocab.json", {"_": 0, "a": 1, " ": 2})
    vocabulary = Vocabulary.from_file(file, blank="_", word_delimiter=" ")
    assert vocabulary.decode([1, 2, 1]) == "a a"
    with pytest.raises(ValueError, match=r"no symbol <pad> or \[PAD\]; say which is the blank"):
        Vocabulary.from_file(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[1]", "should be an object from symbol to label"),
        ('{"a": "0"}', "should be an object from symbol to label"),
        ('{"a": -1}', "should be an object from symbol to label"),
        ('{"a": true}', "should be an object from symbol to label"),
        ('{"a": 0, "b": 0}', "gives label 0 to both 'a' and 'b'"),
        ('{"a": 2000000}', "labels number the classes of a head"),
        ('{"eng": {"a": 0}, "deu": {"a": 0}}', "one vocabulary for each of 2 languages"),
    ],
)
def test_bad_files(tmp_path, content, message):
    file = tmp_path / "vocab.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=message):
        Vocabulary.from_file(file)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no vocabulary at .*vocab\.json"):
        Vocabulary.from_file(tmp_path / "vocab.json")


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((["a", 1], 0), TypeError, r"symbols\[1\] is a int"),
        ((["a", ""], 0), ValueError, r"must not be empty, but symbols\[1\] is"),
        (("aba", 0), ValueError, "'a' is both label 0 and label 2"),
        (("ab", "c"), ValueError, "'c' is none of the 2"),
        (("ab", 2), ValueError, r"blank must be a label in 0..1"),
        (("ab", -1), ValueError, r"blank must be a label in 0..1"),
        (("", 0), ValueError, "blank must be a label"),
        (("ab", 1.0), TypeError, "blank must be a label or a symbol, but is a float"),
        (("a|", "|"), ValueError, "blank and word_delimiter must differ"),
    ],
)
def test_bad_vocabularies(arguments, kind, message):
    with pytest.raises(kind, match=message):
        Vocabulary(*arguments)


def test_bad_text_and_labels():
    with pytest.raises(ValueError, match=r"text\[1\] is 'z'.*leave it out"):
        LETTERS.encode("az")
    with pytest.raises(ValueError, match=r"text\[0\] is 'H'.*knows 'h'"):
        LETTERS.encode("Hello")
    with pytest.raises(ValueError, match=r"text\[1\] is ' '"):
        Vocabulary("_ab", 0).encode("a b")
    for label in (10, -1):
        with pytest.raises(ValueError, match=rf"0\.\.9.*hold {label}"):
            LETTERS.decode([label])
