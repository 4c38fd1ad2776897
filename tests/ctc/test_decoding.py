import math

import pytest
import torch

from w2v2course.ctc.alignments import collapse
from w2v2course.ctc.decoding import Hypothesis, greedy_decode


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


def test_a_hypothesis_cannot_be_changed():
    with pytest.raises(AttributeError):
        Hypothesis((), 0.0, 0.0, ()).score = 1.0
