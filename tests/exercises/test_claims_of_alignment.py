"""What the exercises of alignments to spans say in passing is true, and their references agree with the package."""

import math
from itertools import groupby, product

import pytest
import torch

from w2v2course.ctc import backward_table, exhaustive_decode, expand, forced_align, forward_table, occupancy
from w2v2course.exercises.registry import exercises


def reference(function, *arguments):
    return exercises()[function].reference(*arguments)


def log_probs(frames, classes, seed=0):
    return torch.randn(frames, classes, generator=torch.Generator().manual_seed(seed)).double().log_softmax(1)


def test_alignments():
    assert reference("minimum_frames", "hello") == 6 and reference("collapse_path", "thhrεeεe", "ε") == "three"
    says = [reference("collapse_path", path, "ε") for path in map("".join, product("ABε", repeat=4))]
    assert says.count("ABAB") == says.count("AAB") == says.count("") == 1
    assert reference("log_sum_exp", torch.zeros(7)).item() == pytest.approx(math.log(7))
    probs = log_probs(4, 3).exp()
    texts = [list(text) for n in range(5) for text in product([1, 2], repeat=n)]
    assert sum(reference("target_probability", probs, text) for text in texts).item() == pytest.approx(1)
    most = max(range(50), key=lambda pairs: reference("count_alignments", "AB" * pairs, 99))
    assert 2 * most == pytest.approx(99 / math.sqrt(5), abs=1)


def test_trellis():
    half = torch.full((2, 2), 0.5)
    assert reference("forward_probabilities", half, [1]).tolist() == [[0.5, 0.5, 0], [0.25, 0.5, 0.25]]
    states = reference("expand", [3, 1], 0)
    assert states == [0, 3, 0, 1, 0] and states[2 * 1 + 1] == 1
    # Padded with frames that are certain of everything, a loss falls; certain of the blank, it stays.
    frames = log_probs(4, 3)
    losses = [
        reference("loss_from_table", forward_table(torch.cat([frames, torch.tensor(more).double()]), [1, 2])).item()
        for more in ([[0.0] * 3] * 3, [[0.0, -math.inf, -math.inf]] * 3)
    ]
    loss = reference("loss_from_table", forward_table(frames, [1, 2])).item()
    assert losses[0] < loss - 0.1 and losses[1] == pytest.approx(loss)
    assert reference("loss_from_table", forward_table(log_probs(2, 2), [1, 1])) == math.inf


def test_learning():
    frames, target = log_probs(7, 4), [1, 2, 2]
    alpha, beta = forward_table(frames, target), backward_table(frames, target)
    sums = (alpha + beta).logsumexp(1)
    assert torch.allclose(sums, sums[0].expand(7))
    assert torch.allclose((frames[0, [0, 1]] + beta[0, :2]).logsumexp(0), sums[0])
    shares = reference("state_shares", alpha, beta)
    assert torch.allclose(shares, occupancy(frames, target))
    teacher = reference("class_shares", shares, list(expand(target)), 4)
    assert torch.allclose(frames.exp() - teacher, reference("logit_gradient", frames, target))
    assert torch.allclose(reference("central_differences", frames, target, 1e-5), frames.exp() - teacher, atol=1e-8)
    # A target that fills all its frames leaves no choice.
    filled = reference("class_shares", occupancy(frames[:3], [1, 2, 1]), list(expand([1, 2, 1])), 4)
    assert torch.equal(filled.round(decimals=9), torch.eye(4)[[1, 2, 1]].double())


def test_decoding():
    hesitates = torch.tensor([[0.6, 0.4], [0.6, 0.4]]).log()
    assert reference("greedy_labels", hesitates) == []
    probabilities = {answer.labels: math.exp(answer.log_prob) for answer in exhaustive_decode(hesitates)}
    assert probabilities[()] == pytest.approx(0.36) and probabilities[(1,)] == pytest.approx(0.64)
    assert reference("edit_distance", "two", "two two two") == 8 and reference("edit_distance", "three", "tree") == 1
    assert reference("edit_distance", "seven", "nine") == reference("edit_distance", "nine", "seven")
    frames, beam = log_probs(5, 3), [("", 1.0, 0.0)]
    for row in frames.exp().tolist():
        beam = reference("beam_step", beam, row, "εab")
        assert sum(b + n for _, b, n in beam) == pytest.approx(1)
    exact = {"".join("εab"[i] for i in answer.labels): answer.log_prob for answer in exhaustive_decode(frames)}
    assert {prefix: math.log(b + n) for prefix, b, n in beam} == pytest.approx(exact)


def test_spans():
    frames, target = log_probs(12, 4), [1, 2, 2, 3]
    (best,) = forced_align(frames[None], torch.tensor([target]))
    assert reference("best_table", frames, target)[-1, -2:].max().item() == pytest.approx(best.log_prob)
    path = reference("forced_path", frames, target)
    assert [c for c, _ in groupby(path) if c] == target
    spans = reference("spans_from_path", "".join("εabc"[c] for c in path), "ε")
    assert [(start, end) for _, start, end in spans] == [(span.start, span.end) for span in best.spans]
    (_, _, end), (_, start, _) = reference("span_seconds", [("a", 3, 4), ("b", 4, 5)])
    assert end - start == pytest.approx(0.005), "window minus stride"
    assert reference("spans_from_path", "εaab", "ε") == [("a", 1, 3), ("b", 3, 4)]
