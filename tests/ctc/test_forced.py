import math

import pytest
import torch
from hypothesis import given

from tests.ctc.oracles import random_log_probs, utterances
from w2v2course.ctc.alignments import alignments, collapse, minimum_frames
from w2v2course.ctc.forced import Alignment, Span, forced_align


def one(log_probs, target, blank=0):
    [answer] = forced_align(log_probs[None], torch.tensor([target], dtype=torch.long), blank=blank)
    return answer


def test_by_hand():
    """ε a a ε b, each clearly the likeliest in its frame."""
    log_probs = torch.full((5, 3), 0.1, dtype=torch.float64)
    log_probs[range(5), [0, 1, 1, 0, 2]] = 0.8
    answer = one(log_probs.log(), [1, 2])
    assert answer.path == (0, 1, 1, 0, 2)
    assert answer.log_prob == pytest.approx(5 * math.log(0.8))
    assert answer.spans == (Span(1, 1, 3, pytest.approx(math.log(0.8))), Span(2, 4, 5, pytest.approx(math.log(0.8))))


def test_repeats_need_a_blank_even_where_it_is_unlikely():
    """The frames all say a; "aa" must pay for one blank, and pays in the cheapest frame, the third."""
    log_probs = torch.tensor([[0.01, 0.99], [0.01, 0.99], [0.2, 0.8], [0.01, 0.99]], dtype=torch.float64).log()
    answer = one(log_probs, [1, 1])
    assert answer.path == (1, 1, 0, 1)
    assert [(span.start, span.end) for span in answer.spans] == [(0, 2), (3, 4)]


def test_no_blank_is_forced_in_between_nor_at_the_end():
    log_probs = torch.tensor([[0.01, 0.98, 0.01], [0.01, 0.01, 0.98]], dtype=torch.float64).log()
    assert one(log_probs, [1, 2]).path == (1, 2)


@given(utterances(most_frames=6, most_labels=3))
def test_no_alignment_is_better(utterance):
    log_probs, target, blank = utterance
    if minimum_frames(target) > len(log_probs):
        with pytest.raises(ValueError, match="needs at least"):
            one(log_probs, target, blank)
        return
    answer = one(log_probs, target, blank)
    scores = {
        path: sum(log_probs[t, symbol].item() for t, symbol in enumerate(path))
        for path in alignments(target, len(log_probs), blank)
    }
    assert answer.log_prob == pytest.approx(max(scores.values()), rel=1e-12)
    assert scores[answer.path] == pytest.approx(answer.log_prob, rel=1e-12)
    assert tuple(span.label for span in answer.spans) == tuple(target)
    covered = {t for span in answer.spans for t in range(span.start, span.end)}
    assert covered == {t for t, symbol in enumerate(answer.path) if symbol != blank}
    for span in answer.spans:
        values = [log_probs[t, span.label].item() for t in range(span.start, span.end)]
        assert span.score == pytest.approx(sum(values) / len(values))


def test_a_batch_is_its_rows_and_padding_counts_for_nothing():
    log_probs = random_log_probs(4, 30, 5, seed=4)
    targets = torch.tensor([[1, 1, 2, 4], [3, 9, 9, 9], [0, 0, 0, 0], [2, 2, 2, 2]])
    frames, sizes = torch.tensor([30, 11, 4, 7]), torch.tensor([4, 1, 0, 4])
    for row, real in zip(log_probs, frames, strict=True):
        row[real:] = math.nan
    together = forced_align(log_probs, targets, frames, sizes)
    for b, answer in enumerate(together):
        assert answer == one(log_probs[b, : frames[b]], targets[b, : sizes[b]].tolist())
        assert collapse(answer.path) == tuple(targets[b, : sizes[b]].tolist())
    flat = torch.cat([row[:size] for row, size in zip(targets, sizes, strict=True)])
    assert forced_align(log_probs, flat, frames, sizes) == together


def test_empty_targets_and_no_frames():
    log_probs = random_log_probs(3, 4)
    assert one(log_probs, []) == Alignment((0, 0, 0), pytest.approx(log_probs[:, 0].sum().item()), ())
    assert forced_align(torch.zeros(2, 0, 3), torch.zeros(2, 0, dtype=torch.long)) == [Alignment((), 0.0, ())] * 2
    some = forced_align(
        torch.zeros(2, 3, 3), torch.tensor([[1], [1]]), torch.tensor([0, 3]), torch.tensor([0, 1])
    )  # a row without frames among others
    assert some[0] == Alignment((), 0.0, ()) and len(some[1].path) == 3


def test_ties_are_settled_and_still_optimal():
    uniform = torch.full((7, 3), 1 / 3, dtype=torch.float64).log()
    answer = one(uniform, [1, 1, 2])
    assert collapse(answer.path) == (1, 1, 2)
    assert answer.log_prob == pytest.approx(-7 * math.log(3))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_computed_in_float64(dtype):
    log_probs = random_log_probs(40, 6, seed=6).to(dtype)
    assert one(log_probs, [1, 2, 2, 3]) == one(log_probs.double(), [1, 2, 2, 3])


def test_refusals_state_the_rule_with_the_numbers():
    log_probs = torch.zeros(4, 5, 3)
    with pytest.raises(
        ValueError, match=r"targets\[3\] needs at least 6 frames \(4 labels \+ 2 repeats\), but input_lengths\[3\] is 5"
    ):
        forced_align(log_probs, torch.tensor([[1, 2, 1, 2]] * 3 + [[1, 1, 2, 2]]))
    impossible = random_log_probs(4, 3)
    impossible[:, 2] = -math.inf
    with pytest.raises(ValueError, match=r"targets\[0\] has probability zero under log_probs\[0\]"):
        one(impossible, [1, 2])
    impossible[2, 1] = math.nan
    with pytest.raises(ValueError, match=r"log_probs\[0, 2\] hold not-a-number"):
        one(impossible, [1])
    with pytest.raises(ValueError, match="is the blank"):
        one(random_log_probs(4, 3), [0])
