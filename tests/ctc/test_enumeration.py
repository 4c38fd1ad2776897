import math

import pytest
import torch
from hypothesis import given

from tests.ctc.oracles import random_log_probs, utterances
from w2v2course.ctc.alignments import alignments, collapse
from w2v2course.ctc.enumeration import ctc_loss_by_enumeration, exhaustive_decode


def test_loss_by_hand():
    """P(a) = .4 in both frames: "a" is aa, εa, aε = .16 + .24 + .24; nothing is .36; "aa" needs three frames."""
    log_probs = torch.tensor([[0.6, 0.4], [0.6, 0.4]], dtype=torch.float64).log()
    assert ctc_loss_by_enumeration(log_probs, [1]).item() == pytest.approx(-math.log(0.64), rel=1e-12)
    assert ctc_loss_by_enumeration(log_probs, []).item() == pytest.approx(-math.log(0.36), rel=1e-12)
    assert ctc_loss_by_enumeration(log_probs, [1, 1]).item() == math.inf
    assert ctc_loss_by_enumeration(log_probs, [0], blank=1).item() == pytest.approx(-math.log(0.84), rel=1e-12)


def test_no_frames_say_nothing():
    assert ctc_loss_by_enumeration(torch.zeros(0, 3), []).item() == 0.0
    assert ctc_loss_by_enumeration(torch.zeros(0, 3), [1]).item() == math.inf
    assert [answer.labels for answer in exhaustive_decode(torch.zeros(0, 3))] == [()]


@given(utterances(most_frames=5))
def test_loss_is_the_sum_over_the_listed_alignments(utterance):
    log_probs, target, blank = utterance
    total = sum(
        math.exp(sum(log_probs[t, symbol].item() for t, symbol in enumerate(path)))
        for path in alignments(target, len(log_probs), blank)
    )
    assert math.exp(-ctc_loss_by_enumeration(log_probs, target, blank).item()) == pytest.approx(total, rel=1e-10)


@given(utterances(most_frames=5))
def test_exhaustive_decode_holds_every_sequence_and_its_loss(utterance):
    log_probs, target, blank = utterance
    answers = exhaustive_decode(log_probs, blank)
    assert sum(math.exp(answer.log_prob) for answer in answers) == pytest.approx(1, rel=1e-10)
    assert answers == sorted(answers, key=lambda answer: (-answer.score, answer.labels))
    exact = {answer.labels: answer.log_prob for answer in answers}
    loss = ctc_loss_by_enumeration(log_probs, target, blank).item()
    assert exact.get(tuple(target), -math.inf) == pytest.approx(-loss, rel=1e-10)


def test_frames_are_those_of_the_best_alignment():
    log_probs = random_log_probs(5, 3, seed=3)
    for answer in exhaustive_decode(log_probs):
        best = max(alignments(answer.labels, 5), key=lambda path: sum(log_probs[t, s] for t, s in enumerate(path)))
        assert answer.frames == tuple(t for t in range(5) if collapse(best[: t + 1]) != collapse(best[:t]))


def test_half_precision_is_computed_in_float32():
    log_probs = random_log_probs(3, 3).half()
    loss = ctc_loss_by_enumeration(log_probs, [1])
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(ctc_loss_by_enumeration(log_probs.double(), [1]).item(), rel=1e-6)


def test_too_many_paths_are_refused_with_their_number():
    with pytest.raises(ValueError, match=r"50 frames and 32 classes have 32\^50 paths"):
        exhaustive_decode(torch.zeros(50, 32))
