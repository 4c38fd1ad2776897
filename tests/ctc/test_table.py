import math

import pytest
import torch
from hypothesis import given

from tests.ctc.oracles import random_log_probs, utterances
from w2v2course.ctc.alignments import alignments, expand
from w2v2course.ctc.table import backward_table, forward_table, occupancy

HALF = torch.full((3, 2), 0.5, dtype=torch.float64).log()  # three frames, blank and one label, both one half


def test_forward_by_hand():
    """Every path has probability 2^-frames, so α counts ways to begin. Target "a": states ε a ε."""
    ways = torch.tensor([[1, 1, 0], [1, 2, 1], [1, 3, 3]], dtype=torch.float64)
    halves = torch.tensor([[2.0], [4.0], [8.0]], dtype=torch.float64)
    torch.testing.assert_close(forward_table(HALF, [1]).exp(), ways / halves)


def test_backward_by_hand():
    """β counts ways to go on; the frame's own emission is not in it."""
    ways = torch.tensor([[3, 3, 1], [1, 2, 1], [0, 1, 1]], dtype=torch.float64)
    halves = torch.tensor([[4.0], [2.0], [1.0]], dtype=torch.float64)
    torch.testing.assert_close(backward_table(HALF, [1]).exp(), ways / halves)


def test_occupancy_by_hand():
    """Six alignments of "a" in three frames; how many of them are in each state of each frame."""
    ways = torch.tensor([[3, 3, 0], [1, 4, 1], [0, 3, 3]], dtype=torch.float64)
    torch.testing.assert_close(occupancy(HALF, [1]), ways / 6)


def test_equal_labels_are_not_skipped_between():
    uniform = torch.full((3, 2), 0.5, dtype=torch.float64).log()
    forward = forward_table(uniform, [1, 1])  # only aεa
    assert forward[2, 3].exp().item() == pytest.approx(1 / 8)
    assert forward[1, 3] == -math.inf


@given(utterances(most_frames=5))
def test_occupancy_is_the_share_of_alignments(utterance):
    log_probs, target, blank = utterance
    T = len(log_probs)
    states = expand(target, blank)
    mass = torch.zeros(T, len(states), dtype=torch.float64)
    for path in alignments(target, T, blank):
        weight = math.exp(sum(log_probs[t, symbol].item() for t, symbol in enumerate(path)))
        s = -1
        for t, symbol in enumerate(path):  # the states of a path are found by walking along it
            if s == -1:
                s = 0 if symbol == blank else 1
            elif symbol != states[s]:
                s += 1 if states[s + 1] == symbol and symbol != states[s] else 2
            mass[t, s] += weight
    total = mass.sum(1, keepdim=True)
    torch.testing.assert_close(occupancy(log_probs, target, blank), mass / total.clamp(min=1e-300))


@given(utterances(most_frames=6, most_labels=4))
def test_tables_are_never_nan_and_rows_of_occupancy_sum_to_one_or_zero(utterance):
    log_probs, target, blank = utterance
    log_probs[0, -1] = -math.inf
    forward, backward = forward_table(log_probs, target, blank), backward_table(log_probs, target, blank)
    assert forward.shape == backward.shape == (len(log_probs), 2 * len(target) + 1)
    assert not forward.isnan().any() and not backward.isnan().any()
    reachable = (forward + backward).amax() > -math.inf
    sums = occupancy(log_probs, target, blank).sum(1)
    torch.testing.assert_close(sums, torch.full_like(sums, float(reachable)))


def test_unreachable_targets_have_no_occupancy():
    log_probs = random_log_probs(3, 3)
    assert (occupancy(log_probs, [1, 1, 1]) == 0).all()  # needs five frames
    assert (occupancy(torch.full((3, 3), -math.inf), [1]) == 0).all()


@pytest.mark.parametrize("function", [forward_table, backward_table, occupancy])
def test_tables_run_on_meta_and_keep_dtype(function):
    assert function(torch.zeros(4, 3, device="meta"), [1, 2]).shape == (4, 5)
    assert function(random_log_probs(4, 3), [1]).dtype == torch.float64
    assert function(random_log_probs(4, 3).float(), torch.tensor([1])).dtype == torch.float32
    assert function(random_log_probs(4, 3).bfloat16(), [1]).dtype == torch.float32
    assert function(torch.zeros(1, 3), []).shape == (1, 1)
    assert function(torch.zeros(0, 3), [1]).shape == (0, 3)


@pytest.mark.parametrize("function", [forward_table, backward_table, occupancy])
def test_tables_refuse_what_they_cannot_use(function):
    with pytest.raises(ValueError, match=r"target\[1\] is 3, but log_probs have the classes 0 … 2"):
        function(torch.zeros(4, 3), [1, 3])
    with pytest.raises(ValueError, match="encode letters"):
        function(torch.zeros(4, 3), "ab")
    with pytest.raises(ValueError, match="is the blank"):
        function(torch.zeros(4, 3), [0])
    with pytest.raises(ValueError, match=r"log_probs must have the axes \(T, C\).*one utterance"):
        function(torch.zeros(2, 4, 3), [1])
