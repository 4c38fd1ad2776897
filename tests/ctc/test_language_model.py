import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v2course.ctc.language_model import NGram
from w2v2course.vocabulary import Vocabulary

ABC = Vocabulary(["<pad>", "a", "b", "c", "|"], blank=0)
texts = st.lists(st.text("abc ", max_size=8), max_size=5)


def test_bigram_by_hand():
    """"ab" and "aa": after nothing a twice; after a: b once, a once. Four labels beside the blank, so uniform is 1/4.

    P(a) = (3 + 2/4) / (4 + 2): a came three times, b once, two kinds.
    """  # fmt: skip
    model = NGram.fit(["ab", "aa"], ABC, order=2)
    a, b, c = (1, 2, 3)
    unigram = {a: 3.5 / 6, b: 1.5 / 6, c: 0.5 / 6}
    assert math.exp(model.score((), a)) == pytest.approx((2 + 1 * unigram[a]) / 3)
    assert math.exp(model.score((a,), b)) == pytest.approx((1 + 2 * unigram[b]) / 4)
    assert math.exp(model.score((b, a), c)) == pytest.approx((0 + 2 * unigram[c]) / 4)
    assert math.exp(model.score((c,), a)) == pytest.approx(unigram[a])  # nothing ever followed c
    assert model.score((a,), 0) == -math.inf


@given(texts, st.integers(1, 4), st.lists(st.integers(1, 4), max_size=6))
def test_probabilities_sum_to_one_after_every_prefix(texts, order, prefix):
    model = NGram.fit(texts, ABC, order)
    probs = [math.exp(model.score(prefix, label)) for label in range(len(ABC))]
    assert probs[0] == 0 and min(probs[1:]) > 0
    assert sum(probs) == pytest.approx(1, rel=1e-12)


@given(texts, st.integers(1, 4), st.lists(st.integers(1, 4), max_size=6))
def test_walking_the_tables_is_scoring_the_prefix(texts, order, labels):
    model = NGram.fit(texts, ABC, order)
    state = model.start
    for place, label in enumerate(labels):
        assert model.log_probs[state, label] == model.score(labels[:place], label)
        state = model.next_state[state, label]


def test_order_one_does_not_look_back():
    model = NGram.fit(["abab", "a"], ABC, order=1)
    assert model.score((1, 2), 1) == model.score((), 1)
    assert len(model.log_probs) == 1


ARPA = """\
made by hand

\\data\\
ngram 1=5
ngram 2=3
ngram 3=1

\\1-grams:
-1.0\t<unk>
-99\t<s>\t-0.30
-0.5\ta\t-0.20
-0.7\tb\t-0.10
-0.9\t</s>

\\2-grams:
-0.1\t<s> a\t-0.4
-0.2\ta b\t-0.05
-0.6\tb a

\\3-grams:
-0.01\t<s> a b

\\end\\
"""


@pytest.fixture
def arpa(tmp_path):
    path = tmp_path / "letters.arpa"
    path.write_text(ARPA, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("prefix", "label", "log10"),
    [
        ((), 1, -0.1),  # <s> a is listed
        ((), 2, -0.30 - 0.7),  # <s> b is not: back off
        ((1,), 2, -0.01),  # <s> a b is listed
        ((1,), 1, -0.4 - 0.20 - 0.5),  # neither <s> a a nor a a
        ((2, 1), 2, -0.2),  # b a is no history with a weight; a b is listed
        ((1, 2), 1, -0.05 - 0.6),  # a b a backs off with the weight of a b to b a
        ((2, 2), 3, -0.10 - 1.0),  # c is unknown
        ((3,), 4, -1.0),
    ],
)
def test_arpa_by_hand(arpa, prefix, label, log10):
    model = NGram.from_arpa(arpa, ABC)
    assert model.order == 3
    assert model.score(prefix, label) == pytest.approx(log10 * math.log(10), rel=1e-12)


def test_arpa_without_unk_and_with_words_that_are_no_labels(tmp_path):
    path = tmp_path / "words.arpa"
    path.write_text("\\data\\\nngram 1=2\n\n\\1-grams:\n-0.5 a\n-0.1 hello -1\n\n\\end\\\n", encoding="utf-8")
    model = NGram.from_arpa(path, ABC)
    assert model.score((1,), 1) == pytest.approx(-0.5 * math.log(10))
    assert model.score((1,), 2) == pytest.approx(-99 * math.log(10))


def test_arpa_of_a_fitted_model_scores_alike(tmp_path):
    """An interpolated model written out with back-off weights is the same model."""
    fitted = NGram.fit(["abac", "cab ab", "ba"], ABC, order=2)
    names = {-1: "<s>"} | {label: symbol for label, symbol in enumerate(ABC.symbols) if label}
    lines = ["\\data\\", "", "\\1-grams:"]
    histories = [(-1,), (1,), (2,), (3,), (4,)]
    prefix = {(-1,): ()} | {(label,): (3, label) for label in range(1, 5)}
    unigram = np.exp(fitted.log_probs[fitted._states[()]])
    for (label,) in histories:
        value = -99.0 if label == -1 else math.log10(unigram[label])
        # Whatever is listed below, the rest backs off; here every bigram is listed, so any weight will do.
        lines.append(f"{value} {names[label]} -7")
    lines += ["", "\\2-grams:"]
    for history in histories:
        for label in range(1, 5):
            value = fitted.score(prefix[history], label) / math.log(10)
            lines.append(f"{value} {names[history[0]]} {names[label]}")
    path = tmp_path / "fitted.arpa"
    path.write_text("\n".join([*lines, "", "\\end\\"]), encoding="utf-8")
    read = NGram.from_arpa(path, ABC)
    for labels in ([], [1], [2, 3], [4, 4, 1]):
        for label in range(1, 5):
            assert read.score(labels, label) == pytest.approx(fitted.score(labels, label), rel=1e-9)


def test_refusals(tmp_path):
    with pytest.raises(ValueError, match="order must be at least 1, but is 0"):
        NGram.fit(["a"], ABC, order=0)
    with pytest.raises(TypeError, match="texts must be several texts, but is a single one"):
        NGram.fit("abc", ABC, order=2)
    with pytest.raises(ValueError, match="which no symbol of the vocabulary writes"):
        NGram.fit(["ax"], ABC, order=2)
    with pytest.raises(ValueError, match="label must be one of the classes 0 … 4, but is 5"):
        NGram.fit(["a"], ABC, order=2).score((), 5)
    bad = tmp_path / "bad.arpa"
    bad.write_text("\\1-grams:\n-0.5\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 2, is '-0.5', but each line of the 1-grams"):
        NGram.from_arpa(bad, ABC)
    bad.write_text("some text\n", encoding="utf-8")
    with pytest.raises(ValueError, match="lists no words"):
        NGram.from_arpa(bad, ABC)
    with pytest.raises(FileNotFoundError):
        NGram.from_arpa(tmp_path / "none.arpa", ABC)
