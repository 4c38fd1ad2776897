"""One chain from the definition to everything fast: if any link is wrong, something here breaks.

Every path written down = the table = tensor operations = compiled loops = PyTorch's, values and logit gradients; then
decoding and forced alignment against the same enumeration. Small inputs at random, repeats favoured.
"""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ctc.oracles import utterances
from w2v2course.ctc.alignments import alignments, count_alignments, minimum_frames
from w2v2course.ctc.decoding import beam_search_decode, greedy_decode
from w2v2course.ctc.enumeration import ctc_loss_by_enumeration, exhaustive_decode
from w2v2course.ctc.forced import forced_align
from w2v2course.ctc.loss import ctc_loss
from w2v2course.ctc.table import backward_table, forward_table, occupancy

chain = settings(max_examples=80, deadline=None)
NEVER_PRUNED = 10_000


def fits(log_probs, target):
    return minimum_frames(target) <= len(log_probs)


def path_scores(log_probs, target, blank):
    """Each alignment of a target and its log-probability."""
    return {
        path: sum(log_probs[t, symbol].item() for t, symbol in enumerate(path))
        for path in alignments(target, len(log_probs), blank)
    }


@chain
@given(utterances())
def test_enumeration_table_tensors_loops_and_pytorch_have_one_value(utterance):
    log_probs, target, blank = utterance
    T, labels = len(log_probs), torch.tensor([target], dtype=torch.long)
    exact = ctc_loss_by_enumeration(log_probs, target, blank).item()
    assert (exact == math.inf) == (count_alignments(target, T) == 0)
    others = [
        -forward_table(log_probs, target, blank)[-1, -2:].logsumexp(0),
        ctc_loss(log_probs[None], labels, None, None, blank, "sum", backend="torch"),
        ctc_loss(log_probs[None], labels, None, None, blank, "sum", backend="compiled"),
        F.ctc_loss(log_probs[:, None], labels, torch.tensor([T]), torch.tensor([len(target)]), blank, "sum"),
    ]
    for other in others:
        assert other.item() == pytest.approx(exact, rel=1e-10, abs=1e-12)


@chain
@given(utterances())
def test_and_one_gradient_with_respect_to_logits(utterance):
    log_probs, target, blank = utterance
    if not fits(log_probs, target):
        return
    T, labels = len(log_probs), torch.tensor([target], dtype=torch.long)

    def gradient(loss):
        logits = log_probs.clone().requires_grad_()
        loss(logits.log_softmax(-1)).backward()
        return logits.grad

    exact = gradient(lambda x: ctc_loss_by_enumeration(x, target, blank))
    by_table = log_probs.exp()
    states = [blank] * (2 * len(target) + 1)
    states[1::2] = target
    by_table.index_add_(1, torch.tensor(states), occupancy(log_probs, target, blank), alpha=-1)
    peer = (torch.tensor([T]), torch.tensor([len(target)]), blank, "sum")
    others = [
        by_table,  # softmax minus occupancy
        gradient(lambda x: ctc_loss(x[None], labels, None, None, blank, "sum", backend="torch")),
        gradient(lambda x: ctc_loss(x[None], labels, None, None, blank, "sum", backend="compiled")),
        gradient(lambda x: F.ctc_loss(x[:, None], labels, *peer)),
    ]
    for other in others:
        torch.testing.assert_close(other, exact, rtol=1e-8, atol=1e-11)


@chain
@given(utterances())
def test_and_one_true_gradient_with_respect_to_log_probs(utterance):
    """Logits forgive a multiple of the softmax in it: PyTorch's has one. These do not."""
    log_probs, target, blank = utterance
    if not fits(log_probs, target):
        return
    labels, x = torch.tensor([target], dtype=torch.long), log_probs.clone().requires_grad_()
    ctc_loss_by_enumeration(x, target, blank).backward()
    for backend in ("torch", "compiled"):
        y = log_probs.clone().requires_grad_()
        ctc_loss(y[None], labels, None, None, blank, "sum", backend=backend).backward()
        torch.testing.assert_close(y.grad, x.grad, rtol=1e-8, atol=1e-11)


@chain
@given(utterances())
def test_forward_times_backward_is_the_same_in_every_frame(utterance):
    log_probs, target, blank = utterance
    through = forward_table(log_probs, target, blank) + backward_table(log_probs, target, blank)
    exact = ctc_loss_by_enumeration(log_probs, target, blank)
    torch.testing.assert_close(through.logsumexp(1), -exact.expand(len(log_probs)), rtol=1e-10, atol=1e-12)


@chain
@given(utterances())
def test_occupancy_rows_sum_to_one(utterance):
    log_probs, target, blank = utterance
    sums = occupancy(log_probs, target, blank).sum(1)
    torch.testing.assert_close(sums, torch.full_like(sums, float(fits(log_probs, target))), rtol=1e-10, atol=0)


@settings(max_examples=30, deadline=None)
@given(utterances(most_frames=5), st.sampled_from(["torch", "compiled"]))
def test_probabilities_of_all_targets_sum_to_one(utterance, backend):
    log_probs, _, blank = utterance
    everything = [list(answer.labels) for answer in exhaustive_decode(log_probs, blank)]
    sizes = torch.tensor([len(target) for target in everything])
    flat = torch.tensor([label for target in everything for label in target], dtype=torch.long)
    losses = ctc_loss(
        log_probs.expand(len(everything), -1, -1), flat, None, sizes, blank, reduction="none", backend=backend
    )
    assert (-losses).exp().sum().item() == pytest.approx(1, rel=1e-10)


@chain
@given(utterances(most_frames=5), st.sampled_from(["readable", "torch", "compiled"]))
def test_an_unpruned_beam_has_every_answer_and_its_exact_score(utterance, backend):
    log_probs, _, blank = utterance
    [answers] = beam_search_decode(log_probs[None], blank=blank, beam_width=NEVER_PRUNED, backend=backend)
    exact = {answer.labels: answer.log_prob for answer in exhaustive_decode(log_probs, blank)}
    assert {answer.labels for answer in answers} == exact.keys()
    for answer in answers:
        assert answer.log_prob == answer.score == pytest.approx(exact[answer.labels], rel=1e-10, abs=1e-12)


@chain
@given(utterances(), st.integers(1, 4), st.sampled_from(["readable", "torch", "compiled"]))
def test_a_beams_score_is_at_most_the_exact_one(utterance, width, backend):
    log_probs, _, blank = utterance
    [answers] = beam_search_decode(log_probs[None], blank=blank, beam_width=width, backend=backend)
    assert 1 <= len(answers) <= width
    for answer in answers:
        loss = ctc_loss_by_enumeration(log_probs, answer.labels, blank).item()
        assert answer.log_prob <= -loss + 1e-10


@chain
@given(utterances())
def test_the_forced_path_is_the_best_alignment(utterance):
    log_probs, target, blank = utterance
    if not fits(log_probs, target):
        return
    [answer] = forced_align(log_probs[None], torch.tensor([target], dtype=torch.long), blank=blank)
    scores = path_scores(log_probs, target, blank)
    assert answer.log_prob == pytest.approx(max(scores.values()), rel=1e-12)
    assert scores[answer.path] == pytest.approx(max(scores.values()), rel=1e-12)


@chain
@given(utterances())
def test_greedy_is_the_best_path_of_all(utterance):
    log_probs, _, blank = utterance
    [[answer]] = greedy_decode(log_probs[None], blank=blank)
    assert answer.log_prob == pytest.approx(log_probs.amax(1).sum().item(), rel=1e-12)
    scores = path_scores(log_probs, answer.labels, blank)
    assert max(scores.values()) == pytest.approx(answer.log_prob, rel=1e-12)
