import math
from collections import Counter
from functools import cache
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ctc.oracles import random_log_probs
from w2v2course.ctc.alignments import collapse
from w2v2course.ctc.decoding import Hypothesis, beam_search_decode, greedy_decode
from w2v2course.ctc.enumeration import exhaustive_decode
from w2v2course.ctc.language_model import NGram
from w2v2course.vocabulary import Vocabulary


def spiky(path, classes=4, certain=0.7):
    """Posteriors whose best path is the given one."""
    probs = torch.full((len(path), classes), (1 - certain) / (classes - 1), dtype=torch.float64)
    probs[torch.arange(len(path)), torch.tensor(path)] = certain
    return probs.log()


def test_greedy_by_hand():
    log_probs = spiky([0, 1, 1, 0, 1, 2, 2, 0, 3])[None]
    [[answer]] = greedy_decode(log_probs)
    assert answer.labels == (1, 1, 2, 3)
    assert answer.frames == (1, 4, 5, 8)
    assert answer.log_prob == answer.score == pytest.approx(9 * math.log(0.7), rel=1e-12)


def test_greedy_loses_to_the_sum_of_paths():
    """Two frames, P(blank) = .6: the best path says nothing (.36), but "a" has .64 in three paths."""
    [[answer]] = greedy_decode(torch.tensor([[[0.6, 0.4], [0.6, 0.4]]]).log())
    assert answer.labels == ()
    assert answer.log_prob == pytest.approx(math.log(0.36), abs=1e-6)


def test_greedy_reads_real_frames_only():
    log_probs = torch.stack([spiky([1, 2, 0]), spiky([3, 3, 1])])
    log_probs[0, 1:] = math.nan
    answers = greedy_decode(log_probs, lengths=torch.tensor([1, 0]))
    assert [row[0].labels for row in answers] == [(1,), ()]
    assert answers[0][0].log_prob == pytest.approx(math.log(0.7))
    assert answers[1][0] == Hypothesis((), 0.0, 0.0, ())


def test_greedy_blank_and_ties():
    log_probs = torch.full((1, 3, 3), math.log(1 / 3))
    assert greedy_decode(log_probs)[0][0].labels == ()  # class 0, the blank, is the smallest
    assert greedy_decode(log_probs, blank=2)[0][0] == Hypothesis(
        (0,), pytest.approx(-3 * math.log(3)), pytest.approx(-3 * math.log(3)), (0,)
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_greedy_is_the_arg_max_path_in_every_dtype(dtype):
    log_probs = torch.randn(5, 20, 6, generator=torch.Generator().manual_seed(1)).log_softmax(-1).to(dtype)
    for row, [answer] in zip(log_probs, greedy_decode(log_probs, blank=2), strict=True):
        assert answer.labels == collapse(row.argmax(-1), blank=2)
        assert answer.log_prob == pytest.approx(row.double().amax(-1).sum().item(), rel=1e-12)


def test_greedy_of_no_frames_and_of_nobody():
    assert greedy_decode(torch.zeros(1, 0, 3)) == [[Hypothesis((), 0.0, 0.0, ())]]
    assert greedy_decode(torch.zeros(0, 4, 3)) == []


def test_greedy_refuses_what_it_cannot_read():
    with pytest.raises(ValueError, match=r"log_probs must have the axes \(B, T, C\), but its shape is \(4, 3\)"):
        greedy_decode(torch.zeros(4, 3))
    with pytest.raises(TypeError, match="log_probs must hold floating numbers"):
        greedy_decode(torch.zeros(1, 4, 3, dtype=torch.long))
    with pytest.raises(ValueError, match="blank must be one of the 3 classes"):
        greedy_decode(torch.zeros(1, 4, 3), blank=3)
    with pytest.raises(TypeError, match="blank must be the integer"):
        greedy_decode(torch.zeros(1, 4, 3), blank=0.0)
    with pytest.raises(ValueError, match=r"lengths\[0\] is 5"):
        greedy_decode(torch.zeros(1, 4, 3), lengths=torch.tensor([5]))
    broken = torch.zeros(1, 4, 3)
    broken[0, 2, 1] = math.nan
    with pytest.raises(ValueError, match=r"log_probs\[0, 2\] hold not-a-number"):
        greedy_decode(broken)
    assert greedy_decode(broken, torch.tensor([2]))  # past the end it is not looked at


def test_a_hypothesis_cannot_be_changed():
    with pytest.raises(AttributeError):
        Hypothesis((), 0.0, 0.0, ()).score = 1.0


@cache
def every_answer(frames, classes, seed):
    return exhaustive_decode(random_log_probs(frames, classes, seed=seed))


levels = pytest.mark.parametrize("backend", ["readable", "torch", "compiled"])


def beam(log_probs, backend="compiled", **options):
    [answers] = beam_search_decode(log_probs[None], backend=backend, **options)
    return answers


@levels
def test_beam_by_hand(backend):
    """Two frames, P(blank) = .6: "a" has .64 in three paths and begins in either frame, nothing has .36."""
    log_probs = torch.tensor([[0.6, 0.4], [0.6, 0.4]], dtype=torch.float64).log()
    first, second = beam(log_probs, backend)
    assert (first.labels, second.labels) == ((1,), ())
    assert first.log_prob == first.score == pytest.approx(math.log(0.64), rel=1e-12)
    assert second.log_prob == pytest.approx(math.log(0.36), rel=1e-12)
    assert first.frames == (1,)  # aε and εa are equally good, .24; a path that ends in the label is preferred


@levels
def test_a_repeated_label_grows_from_the_blank_only(backend):
    """Three frames: "aa" has the one path aεa."""
    log_probs = torch.tensor([[0.5, 0.5]] * 3, dtype=torch.float64).log()
    answers = {answer.labels: answer for answer in beam(log_probs, backend)}
    assert answers.keys() == {(), (1,), (1, 1)}
    assert answers[1, 1].log_prob == pytest.approx(math.log(1 / 8), rel=1e-12)
    assert answers[1, 1].frames == (0, 2)
    assert answers[1,].log_prob == pytest.approx(math.log(6 / 8), rel=1e-12)


@levels
def test_width_one_is_not_greedy_search(backend):
    """After two frames the beam has "a" (.64) where greedy has nothing (.36)."""
    log_probs = torch.tensor([[0.6, 0.4], [0.6, 0.4]]).log()
    assert beam(log_probs, backend, beam_width=1)[0].labels == ()  # pruned after one frame
    log_probs = torch.tensor([[0.45, 0.4, 0.15], [0.05, 0.9, 0.05]]).log()
    assert beam(log_probs, backend, beam_width=2)[0].labels == (1,)


@levels
def test_beam_search_is_not_exact(backend):
    """A narrow beam may lose the best answer: found by search, checked by the oracle."""
    missed = 0
    for seed in range(60):
        log_probs = random_log_probs(6, 4, seed=seed)
        best = every_answer(6, 4, seed)[0]
        answer = beam(log_probs, backend, beam_width=2)[0]
        assert answer.log_prob <= best.log_prob + 1e-12
        missed += answer.labels != best.labels
    assert missed > 5


@levels
def test_a_wider_beam_is_not_always_better(backend):
    """The exact score of the answer falls somewhere as the beam grows from 1 to 6."""
    fell = 0
    for seed in range(60):
        log_probs = random_log_probs(6, 4, seed=seed)
        exact = {answer.labels: answer.log_prob for answer in every_answer(6, 4, seed)}
        scores = [exact[beam(log_probs, backend, beam_width=width)[0].labels] for width in range(1, 7)]
        fell += any(after < before - 1e-9 for before, after in pairwise(scores))
    assert fell > 0


class Spelling:
    """A language model that no table knows: it dislikes the label it heard last, and counts how often it is asked."""

    def __init__(self):
        self.asked = Counter()

    def score(self, prefix, label):
        self.asked[(*prefix, label)] += 1
        return -2.0 if prefix and prefix[-1] == label else -0.5 - 0.1 * label


def test_any_language_model_in_the_readable_level_and_asked_once():
    model = Spelling()
    log_probs = random_log_probs(12, 4, seed=1)
    options = {"language_model": model, "lm_weight": 0.7, "length_bonus": 0.3, "beam_width": 4}  # prefixes come back
    answers = beam(log_probs, "readable", **options)
    assert max(model.asked.values()) == 1
    for answer in answers:
        said = sum(Spelling().score(answer.labels[:i], label) for i, label in enumerate(answer.labels))
        assert answer.score == pytest.approx(answer.log_prob + 0.7 * said + 0.3 * len(answer.labels), rel=1e-12)
    assert beam(log_probs, "auto", **options) == answers
    for backend in ("torch", "compiled"):
        with pytest.raises(ValueError, match="knows no language model but NGram, and language_model is a Spelling"):
            beam(log_probs, backend, **options)


ABC = Vocabulary(["<pad>", "a", "b", "c"], blank=0)


@pytest.mark.parametrize("backend", ["torch", "compiled"])
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_levels_agree(backend, data):
    """Labels, order, frames; scores to rounding; ties and classes of probability zero included."""
    B, T = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 10))
    blank = data.draw(st.integers(0, 3))
    sharpness = data.draw(st.sampled_from([0.0, 0.5, 1.0, 4.0]))
    log_probs = random_log_probs(B, T, 4, seed=data.draw(st.integers(0, 10**6)), sharpness=sharpness)
    if data.draw(st.booleans()):
        log_probs = (log_probs * 2).round() / 2  # many ties
    if data.draw(st.booleans()):
        log_probs[:, data.draw(st.integers(0, T - 1)), data.draw(st.integers(0, 3))] = -math.inf
    options = {
        "lengths": torch.tensor([data.draw(st.integers(0, T)) for _ in range(B)]),
        "blank": blank,
        "beam_width": data.draw(st.sampled_from([1, 2, 3, 8, 64])),
        "length_bonus": data.draw(st.sampled_from([0.0, 0.6])),
        "top_k": data.draw(st.sampled_from([None, 1, 2])),
    }
    if blank == 0 and data.draw(st.booleans()):
        options["language_model"] = NGram.fit(["abc", "aab", "ca"], ABC, order=data.draw(st.integers(1, 3)))
        options["lm_weight"] = data.draw(st.sampled_from([0.0, 0.5, 2.0]))
    readable = beam_search_decode(log_probs, backend="readable", **options)
    for row, expected in zip(beam_search_decode(log_probs, backend=backend, **options), readable, strict=True):
        assert [(answer.labels, answer.frames) for answer in row] == [
            (answer.labels, answer.frames) for answer in expected
        ]
        for answer, other in zip(row, expected, strict=True):
            assert answer.log_prob == pytest.approx(other.log_prob, rel=1e-9, abs=1e-9)
            assert answer.score == pytest.approx(other.score, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("backend", ["torch", "compiled"])
def test_levels_agree_on_long_inputs(backend):
    log_probs = random_log_probs(2, 200, 20, seed=8, sharpness=2.0)
    log_probs[1] = spiky([0, 0, 3, 0, 3, 5, 5, 0] * 25, classes=20)
    lengths = torch.tensor([200, 143])
    expected = beam_search_decode(log_probs, lengths, backend="readable")
    for row, other in zip(beam_search_decode(log_probs, lengths, backend=backend), expected, strict=True):
        assert [(answer.labels, answer.frames) for answer in row] == [
            (answer.labels, answer.frames) for answer in other
        ]
        assert [answer.score for answer in row] == pytest.approx([answer.score for answer in other], rel=1e-10)


@levels
def test_ties_go_to_the_smaller_label_sequence(backend):
    """Uniform posteriors: all prefixes of one length are tied, and (1,) comes before (1, 2) and (2,)."""
    uniform = torch.full((2, 4), 0.25, dtype=torch.float64).log()
    answers = [answer.labels for answer in beam(uniform, backend, beam_width=100)]
    single, rest = answers[:3], answers[3:]
    assert single == [(1,), (2,), (3,)]  # three paths each
    assert rest == sorted(rest) and rest[0] == ()  # one path each
    narrow = beam(uniform, backend, beam_width=2)  # of (), (1,), (2,), (3,) the first two survive the first frame
    assert [answer.labels for answer in narrow] == [(1,), ()]


@levels
def test_a_pruned_prefix_comes_back_without_its_old_mass(backend):
    """Its score is that of the alignments kept, so it never exceeds the exact one, and here it must fall short."""
    short = 0
    for seed in range(25):
        log_probs = random_log_probs(8, 3, seed=seed)
        exact = {answer.labels: answer.log_prob for answer in every_answer(8, 3, seed)}
        for answer in beam(log_probs, backend, beam_width=3):
            assert answer.log_prob <= exact[answer.labels] + 1e-12
            short += answer.log_prob < exact[answer.labels] - 1e-9
    assert short > 0


@levels
def test_frames_are_those_of_the_best_alignment(backend):
    for seed in range(10):
        log_probs = random_log_probs(6, 3, seed=seed)
        exact = {answer.labels: answer for answer in every_answer(6, 3, seed)}
        answers = beam(log_probs, backend, beam_width=1000)
        assert len(answers) == len(exact)
        for answer in answers:
            assert answer.frames == exact[answer.labels].frames


@levels
def test_top_k_limits_what_extends_not_what_repeats(backend):
    """In the second frame only label 2 may be new; label 1 still repeats."""
    log_probs = torch.tensor([[0.1, 0.8, 0.1], [0.1, 0.4, 0.5]], dtype=torch.float64).log()
    answers = {answer.labels: answer.log_prob for answer in beam(log_probs, backend, top_k=1)}
    assert answers.keys() == {(), (1,), (1, 2), (2,)}
    assert answers[1,] == pytest.approx(math.log(0.8 * 0.4 + 0.8 * 0.1), rel=1e-12)  # aa, aε; not εa


@levels
def test_a_language_model_can_flip_an_answer(backend):
    model = NGram.fit(["ab"] * 20, ABC, order=2)
    log_probs = spiky([1, 0, 3]).log_softmax(-1)
    log_probs[2, 2] = log_probs[2, 3] - 0.1  # c sounds a little likelier than b
    assert beam(log_probs, backend)[0].labels == (1, 3)
    assert beam(log_probs, backend, language_model=model, lm_weight=1.0)[0].labels == (1, 2)
    assert beam(log_probs, backend, language_model=model, lm_weight=0.0)[0].labels == (1, 3)


@levels
def test_length_bonus_lengthens(backend):
    log_probs = random_log_probs(12, 4, seed=2)
    sizes = [len(beam(log_probs, backend, length_bonus=bonus)[0].labels) for bonus in (-5.0, 0.0, 5.0)]
    assert sizes == sorted(sizes) and sizes[0] < sizes[2]


@levels
def test_edges(backend):
    nothing = Hypothesis((), 0.0, 0.0, ())
    assert beam_search_decode(torch.zeros(1, 0, 3), backend=backend) == [[nothing]]
    assert beam_search_decode(torch.zeros(0, 4, 3), backend=backend) == []
    only_blank = beam_search_decode(torch.full((1, 3, 1), -0.5), backend=backend)
    assert only_blank == [[Hypothesis((), -1.5, -1.5, ())]]
    impossible = torch.zeros(2, 3, 3, dtype=torch.float64)
    impossible[0, 1] = -math.inf
    answers = beam_search_decode(impossible, torch.tensor([3, 1]), backend=backend)
    assert answers[0] == [Hypothesis((), -math.inf, -math.inf, ())]
    assert [answer.labels for answer in answers[1]] == [(), (1,), (2,)]


@levels
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_beam_computes_in_float64(backend, dtype):
    log_probs = random_log_probs(20, 5, seed=3).to(dtype)
    assert beam(log_probs, backend) == beam(log_probs.double(), backend)


def test_beam_refuses_what_it_cannot_use():
    log_probs = random_log_probs(1, 4, 4)
    with pytest.raises(ValueError, match="beam_width must be an integer of at least 1, but is 0"):
        beam_search_decode(log_probs, beam_width=0)
    with pytest.raises(ValueError, match="beam_width must be an integer of at least 1, but is True"):
        beam_search_decode(log_probs, beam_width=True)
    with pytest.raises(TypeError, match=r"language_model must have a method score\(prefix, label\).*is a str"):
        beam_search_decode(log_probs, language_model="lm.arpa")
    with pytest.raises(ValueError, match=r"top_k must be an integer of at least 1, but is 1\.5"):
        beam_search_decode(log_probs, top_k=1.5)
    with pytest.raises(ValueError, match="backend must be one of auto, readable, torch, compiled, but is 'rust'"):
        beam_search_decode(log_probs, backend="rust")
    with pytest.raises(ValueError, match="language_model knows 4 classes, but log_probs have 5"):
        beam_search_decode(random_log_probs(1, 4, 5), language_model=NGram.fit(["a"], ABC, order=2))
    log_probs[0, 2, 1] = math.nan
    with pytest.raises(ValueError, match=r"log_probs\[0, 2\] hold not-a-number"):
        beam_search_decode(log_probs)
    assert beam_search_decode(log_probs, torch.tensor([2]))  # past the end it is not looked at
