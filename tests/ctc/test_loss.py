import math
import os
import subprocess
import sys
from functools import cache

import pytest
import torch
import torch.nn.functional as F

from tests.ctc.oracles import random_log_probs
from w2v2course.ctc import batched, compiled
from w2v2course.ctc.loss import ctc_loss
from w2v2course.ctc.table import backward_table, forward_table, occupancy

both = pytest.mark.parametrize("backend", ["torch", "compiled"])
HALVES = torch.full((1, 3, 2), 0.5, dtype=torch.float64).log()


def reference(log_probs, target, blank=0):
    """Loss and gradient of one utterance by the readable tables, float64, log space: sure, and slow."""
    log_probs = log_probs.double()
    total = forward_table(log_probs, target, blank)[-1, -2:].logsumexp(0)
    gradient = torch.zeros_like(log_probs)
    states = torch.full((2 * len(target) + 1,), blank)
    states[1::2] = torch.as_tensor(target, dtype=torch.long)
    gradient.index_add_(1, states, occupancy(log_probs, target, blank), alpha=-1)
    return -total, gradient


def one(log_probs, target, blank=0, **options):
    """Loss and gradient of one utterance by ctc_loss."""
    x = log_probs[None].clone().requires_grad_()
    loss = ctc_loss(x, torch.tensor([target], dtype=torch.long), None, None, blank, reduction="sum", **options)
    loss.backward()
    return loss.detach(), x.grad[0]


@both
def test_by_hand(backend):
    """Eight paths of probability 1/8: six say "a", one says "aa" (aεa), one nothing."""
    loss = ctc_loss(HALVES.expand(3, -1, -1), torch.tensor([1, 1, 1]), None, torch.tensor([1, 2, 0]), 0, "none",
                    backend=backend)  # fmt: skip
    torch.testing.assert_close(loss, -torch.tensor([6 / 8, 1 / 8, 1 / 8], dtype=torch.float64).log())


@both
def test_gradient_by_hand(backend):
    """Of the six alignments of "a", 3, 4 and 3 emit it in frame 1, 2 and 3."""
    _, gradient = one(HALVES[0], [1], backend=backend)
    torch.testing.assert_close(gradient, -torch.tensor([[3, 3], [2, 4], [3, 3]], dtype=torch.float64) / 6)


def batch(dtype=torch.float64):
    """Padded and ragged, an empty target, repeats, T = S + r exactly, padding that is not to be looked at."""
    log_probs = random_log_probs(6, 20, 5, seed=2, sharpness=2.0).to(dtype)
    targets = torch.tensor(
        [[1, 2, 3, 4, 1], [2, 2, 2, 1, 3], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [3, 4, 3, -7, 99], [1, 2, 3, 3, 0]]
    )
    input_lengths, target_lengths = torch.tensor([20, 7, 4, 9, 17, 5]), torch.tensor([5, 5, 2, 0, 3, 4])
    for row, length in zip(log_probs, input_lengths, strict=True):
        row[length:] = math.nan
    return log_probs, targets, input_lengths, target_lengths


@both
def test_ragged_batch_equals_rows_alone(backend):
    log_probs, targets, input_lengths, target_lengths = batch()
    x = log_probs.clone().requires_grad_()
    losses = ctc_loss(x, targets, input_lengths, target_lengths, reduction="none", backend=backend)
    losses.sum().backward()
    for b, (T, S) in enumerate(zip(input_lengths, target_lengths, strict=True)):
        loss, gradient = reference(log_probs[b, :T], targets[b, :S].tolist())
        torch.testing.assert_close(losses[b].detach(), loss, rtol=1e-12, atol=0)
        torch.testing.assert_close(x.grad[b, :T], gradient, rtol=1e-10, atol=1e-14)
        assert (x.grad[b, T:] == 0).all()


@both
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_reductions_and_padded_or_concatenated_targets_mean_what_they_mean_in_pytorch(backend, reduction):
    log_probs, targets, input_lengths, target_lengths = batch()
    log_probs = log_probs.nan_to_num(0.0)
    flat = torch.cat([row[:size] for row, size in zip(targets, target_lengths, strict=True)])
    theirs = F.ctc_loss(log_probs.transpose(0, 1), flat, input_lengths, target_lengths, reduction=reduction)
    for labels in (flat, flat.int(), flat.to(torch.uint8), targets, targets.int()):
        for kind in (torch.int64, torch.int32):
            ours = ctc_loss(log_probs, labels, input_lengths.to(kind), target_lengths.to(kind), 0, reduction,
                            backend=backend)  # fmt: skip
            torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=0)


@both
@pytest.mark.parametrize("blank", [0, 2, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_logit_gradients_equal_pytorchs(backend, blank, dtype):
    generator = torch.Generator().manual_seed(blank)
    targets = torch.randint(0, 4, (4, 9), generator=generator)
    targets += targets >= blank  # no blank among them
    lengths = torch.tensor([40, 33, 25, 38]), torch.tensor([9, 0, 5, 7])
    ours = torch.randn(4, 40, 5, generator=generator, dtype=dtype).requires_grad_()
    theirs = ours.detach().clone().requires_grad_()
    loss = ctc_loss(ours.log_softmax(-1), targets, *lengths, blank, backend=backend)
    peer = F.ctc_loss(theirs.log_softmax(-1).transpose(0, 1), targets, *lengths, blank)
    loss.backward()
    peer.backward()
    rtol, atol = (1e-5, 1e-6) if dtype == torch.float32 else (1e-9, 1e-13)
    torch.testing.assert_close(loss, peer, rtol=rtol, atol=atol)
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=rtol, atol=atol)


@both
def test_gradient_is_the_true_one_where_pytorchs_is_too_large_by_the_probabilities(backend):
    log_probs = random_log_probs(8, 4, seed=5)
    loss, gradient = one(log_probs, [1, 2, 2], backend=backend)
    step = 1e-6
    for t, c in [(0, 0), (3, 1), (5, 2), (7, 3)]:
        moved = log_probs.clone()
        moved[t, c] += step
        assert gradient[t, c].item() == pytest.approx(((one(moved, [1, 2, 2])[0] - loss) / step).item(), abs=1e-5)
    x = log_probs[:, None].clone().requires_grad_()
    F.ctc_loss(x, torch.tensor([[1, 2, 2]]), torch.tensor([8]), torch.tensor([3]), reduction="sum").backward()
    torch.testing.assert_close(x.grad[:, 0], gradient + log_probs.exp(), rtol=1e-9, atol=1e-12)


@both
def test_gradcheck(backend):
    log_probs = random_log_probs(3, 9, 4, seed=7)
    targets, lengths = (
        torch.tensor([[1, 1, 2], [3, 2, 0], [0, 0, 0]]),
        (torch.tensor([9, 6, 4]), torch.tensor([3, 2, 0])),
    )
    for reduction in ("mean", "none"):
        assert torch.autograd.gradcheck(
            lambda x, reduction=reduction: ctc_loss(x, targets, *lengths, 0, reduction, backend=backend),
            log_probs.requires_grad_(),
        )


@both
def test_second_derivatives_are_refused_with_a_sentence(backend):
    x = random_log_probs(1, 5, 3).requires_grad_()
    loss = ctc_loss(x, torch.tensor([[1]]), None, None, backend=backend)
    (first,) = torch.autograd.grad(loss, x, create_graph=True)
    with pytest.raises(NotImplementedError, match="ctc_loss has no second derivative"):
        torch.autograd.grad(first.sum(), x)


@both
@pytest.mark.parametrize("frames", [0, 1, 3, 5])
def test_unreachable_targets_are_inf_with_gradient_zero(backend, frames):
    """Four labels and two repeats need six frames."""
    log_probs = random_log_probs(2, frames, 3, seed=1).requires_grad_()
    targets = torch.tensor([[1, 1, 2, 2], [1, 2, 1, 2]])
    arguments = (log_probs, targets, None, torch.tensor([4, min(4, frames)]))
    losses = ctc_loss(*arguments, reduction="none", backend=backend)
    losses.sum().backward()
    assert losses[0] == math.inf and losses[1].isfinite()
    assert (log_probs.grad[0] == 0).all() and log_probs.grad[1].isfinite().all()
    zeroed = ctc_loss(*arguments, reduction="none", zero_infinity=True, backend=backend)
    assert zeroed[0] == 0 and zeroed[1] == losses[1]
    assert ctc_loss(*arguments, backend=backend) == math.inf
    assert ctc_loss(*arguments, zero_infinity=True, backend=backend).isfinite()


@both
def test_no_frames_say_nothing_and_only_that(backend):
    log_probs = random_log_probs(3, 4, 3).requires_grad_()
    losses = ctc_loss(log_probs, torch.tensor([[1], [1], [1]]), torch.tensor([0, 0, 4]), torch.tensor([0, 1, 1]), 0,
                      "none", backend=backend)  # fmt: skip
    losses[:2].sum().backward()
    assert losses[0] == 0 and losses[1] == math.inf and losses[2].isfinite()
    assert (log_probs.grad == 0).all()
    nobody = ctc_loss(torch.zeros(0, 4, 3), torch.zeros(0, 2, dtype=torch.long), None, None, 0, "none", backend=backend)
    assert nobody.shape == (0,)


@both
def test_one_frame(backend):
    log_probs = random_log_probs(1, 3)
    for target in ([], [1], [2]):
        loss, gradient = one(log_probs, target, backend=backend)
        symbol = target[0] if target else 0
        assert loss.item() == pytest.approx(-log_probs[0, symbol].item(), rel=1e-12)
        torch.testing.assert_close(gradient[0], -F.one_hot(torch.tensor(symbol), 3).double())


@both
def test_classes_of_probability_zero(backend):
    log_probs = random_log_probs(6, 4, seed=3)
    log_probs[2:4, 1] = -math.inf
    log_probs[0, 0] = -math.inf
    for target in ([1, 2], [1], [2, 3, 3], []):
        loss, gradient = one(log_probs, target, backend=backend)
        expected, expected_gradient = reference(log_probs, target)
        torch.testing.assert_close(loss, expected, rtol=1e-12, atol=0)
        torch.testing.assert_close(gradient, expected_gradient, rtol=1e-10, atol=1e-13)
    log_probs[:, 1] = -math.inf
    loss, gradient = one(log_probs, [2, 1], backend=backend)
    assert loss == math.inf and (gradient == 0).all()
    log_probs[3] = -math.inf  # a frame that can be nothing at all
    loss, gradient = one(log_probs, [2], backend=backend)
    assert loss == math.inf and (gradient == 0).all()


@both
def test_not_a_number_is_not_hidden(backend):
    log_probs = random_log_probs(2, 30, 4)
    log_probs[0, 11, 2] = math.nan
    losses = ctc_loss(log_probs, torch.tensor([[2, 1], [2, 1]]), None, None, 0, "none", backend=backend)
    assert losses[0].isnan() and losses[1].isfinite()
    unused = ctc_loss(log_probs, torch.tensor([[3, 1], [2, 1]]), None, None, 0, "none", backend=backend)
    assert unused[0].item() == pytest.approx(reference(log_probs[0], [3, 1])[0].item())  # a class that nothing asks for


@both
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(backend, dtype):
    log_probs, targets, input_lengths, target_lengths = batch(dtype)
    half, single = log_probs.clone().requires_grad_(), log_probs.float().requires_grad_()
    losses = [ctc_loss(x, targets, input_lengths, target_lengths, backend=backend, zero_infinity=True)
              for x in (half, single)]  # fmt: skip
    assert losses[0].dtype == torch.float32 and losses[0] == losses[1]
    for loss in losses:
        loss.backward()
    assert half.grad.dtype == dtype
    torch.testing.assert_close(half.grad, single.grad.to(dtype), rtol=0, atol=0)


def certain(T, C, strength, path):
    """Log-probabilities that put all but e^-strength on one path."""
    logits = torch.zeros(T, C, dtype=torch.float64)
    logits[torch.arange(T), torch.as_tensor(path)] = strength
    return logits.log_softmax(-1)


@cache
def extremes():
    """name -> (log_probs (T, C), target). Where a float loses its range, or nearly."""
    generator = torch.Generator().manual_seed(0)
    randn = lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64)  # noqa: E731
    labels = lambda S, C: torch.randint(1, C, (S,), generator=generator).tolist()  # noqa: E731
    far = torch.full((60, 4), -1000.0, dtype=torch.float64)
    far[:, 0] = 0.0
    rival = torch.full((700, 3), -900.0, dtype=torch.float64)  # one way is lost early by α, late by β, yet wins
    rival[:, 0] = 0.0
    rival[300:400, 0] = -30.0
    rival[300:400, 1] = 0.0
    return {
        "all but one class at -1000": (far, [1, 2, 2, 3]),
        "every class at -1000": (torch.full((50, 5), -1000.0, dtype=torch.float64), [1, 1, 2]),
        "log-probabilities down to -1000, at random": (
            -1000 * torch.rand(300, 6, generator=generator).double(),
            labels(40, 6),
        ),
        "T = 5000": (randn(5000, 8).log_softmax(-1), labels(300, 8)),
        "T = 5000, a short target": (randn(5000, 8).log_softmax(-1), labels(3, 8)),
        "peaky": ((randn(400, 12) * 60).log_softmax(-1), labels(60, 12)),
        "very peaky": ((randn(400, 12) * 600).log_softmax(-1), labels(60, 12)),
        "uniform": (torch.zeros(900, 30).double().log_softmax(-1), labels(250, 30)),
        "one class certain, the target another": (certain(300, 5, 800.0, [3] * 300), [1, 2, 1]),
        "one path certain, the target on it": (certain(120, 5, 700.0, [0, 1, 0, 2] * 30), [1, 2] * 30),
        "one path certain, the target shifted": (certain(120, 5, 700.0, [0, 1, 0, 2] * 30), [2, 1] * 30),
        "nearly unreachable": ((randn(161, 5) * 20).log_softmax(-1), [1, 1] * 40 + [2]),
        "a way that is lost and comes back": (rival, [1, 2]),
        "unnormalised": (randn(200, 6) * 30 + 200, labels(50, 6)),
    }


@cache
def answers(name):
    return reference(*extremes()[name])


@both
@pytest.mark.parametrize("name", extremes())
def test_extremes_agree_with_log_space(backend, name):
    log_probs, target = extremes()[name]
    expected, expected_gradient = answers(name)
    loss, gradient = one(log_probs, target, backend=backend)
    assert expected.isfinite() and gradient.isfinite().all()
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(gradient.sum(1), -torch.ones(len(log_probs), dtype=torch.float64), rtol=1e-6, atol=0)


@pytest.mark.parametrize("level", [batched, compiled])
def test_ordinary_rows_stay_fast_and_hopeless_ones_are_found(level, monkeypatch):
    """The fast sweep must be trusted where it is right, and only there."""
    redone = []
    slow = level._logarithmic if level is batched else level.logarithmic
    name = "_logarithmic" if level is batched else "logarithmic"
    monkeypatch.setattr(level, name, lambda *arguments: redone.append(1) or slow(*arguments))

    def rows(log_probs, target):
        arguments = (
            log_probs[None],
            torch.tensor([target]),
            torch.tensor([len(log_probs)]),
            torch.tensor([len(target)]),
        )
        level.losses_and_gradients(*arguments, 0)
        return len(redone)

    assert rows(random_log_probs(750, 32, seed=1), list(range(1, 31)) * 3) == 0
    labels = list(range(1, 31)) * 3
    path = [labels[t // 8] if t % 8 == 3 else 0 for t in range(720)]
    spiky = (random_log_probs(720, 32, seed=2) + certain(720, 32, 12.0, path)).log_softmax(-1)
    assert rows(spiky, labels) == rows(spiky, labels[::-1]) == 0  # what a trained model says, and a wrong target
    assert rows(*extremes()["a way that is lost and comes back"]) == 1
    assert rows(*extremes()["log-probabilities down to -1000, at random"]) == 2


@pytest.mark.parametrize("level", [batched, compiled])
def test_log_space_alone_is_right_too(level, monkeypatch):
    monkeypatch.setattr(level, "TOLERANCE", -1.0)  # no row passes
    test_ragged_batch_equals_rows_alone("torch" if level is batched else "compiled")


def test_a_table_of_alpha_alone_would_not_do():
    """Why the bound exists: plainly rescaled, the way that wins is lost, and α and β agree on the rest."""
    log_probs, target = extremes()["a way that is lost and comes back"]
    alpha, beta = forward_table(log_probs, target), backward_table(log_probs, target)
    for table in (alpha, beta):  # what a float64 forgets when each frame is divided by its largest state
        spread = table - table.amax(1, keepdim=True)
        best = (alpha + beta).argmax(1)
        lost = spread[torch.arange(len(table)), best] < math.log(5e-324)
        assert lost.any()


def test_meta_and_auto():
    x = torch.zeros(2, 12, 5, device="meta", requires_grad=True)
    targets = torch.zeros(2, 3, dtype=torch.long, device="meta")
    sizes = torch.zeros(2, dtype=torch.long, device="meta")
    for labels in (targets, targets.reshape(-1)):
        loss = ctc_loss(x, labels, sizes, sizes)
        (gradient,) = torch.autograd.grad(loss, x)
        assert loss.is_meta and gradient.is_meta and gradient.shape == x.shape
    with pytest.raises(ValueError, match='backend="compiled" runs on the CPU, but log_probs are on meta'):
        ctc_loss(x, targets, sizes, sizes, backend="compiled")


def test_rows_that_are_views_and_threads(monkeypatch):
    monkeypatch.setattr(compiled, "WORTH_A_THREAD", 0)
    log_probs, targets, input_lengths, target_lengths = batch()
    expected = ctc_loss(log_probs, targets, input_lengths, target_lengths, reduction="none")
    turned = log_probs.transpose(0, 1).contiguous().transpose(0, 1)
    before = torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            for x in (log_probs, turned):
                torch.testing.assert_close(
                    ctc_loss(x, targets, input_lengths, target_lengths, reduction="none"), expected, rtol=0, atol=0
                )
    finally:
        torch.set_num_threads(before)


def test_numba_is_imported_at_the_first_call_only():
    code = (
        "import sys, torch, w2v2course.ctc, w2v2course.ctc.loss, w2v2course.ctc.decoding\n"
        "assert 'numba' not in sys.modules\n"
        "w2v2course.ctc.ctc_loss(torch.zeros(1, 2, 2), torch.tensor([[1]]), None, None, backend='torch')\n"
        "assert 'numba' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("disabled", "imported"), [("", True), ("0", True), ("1", False)])
def test_auto_takes_no_loops_where_their_compiler_is_switched_off(disabled, imported):
    """Loops run by Python itself would be the slowest of all; the grader's sandbox relies on it."""
    code = (
        "import sys, torch, w2v2course.ctc as ctc\n"
        "log_probs, targets = torch.zeros(1, 2, 2), torch.tensor([[1]])\n"
        "ctc.ctc_loss(log_probs, targets, None, None), ctc.beam_search_decode(log_probs)\n"
        f"assert ('numba' in sys.modules) is {imported}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"NUMBA_DISABLE_JIT": disabled})


GOOD = (torch.zeros(2, 4, 3), torch.tensor([[1, 2], [2, 1]]), torch.tensor([4, 4]), torch.tensor([2, 2]))


@pytest.mark.parametrize(
    ("place", "given", "kind", "message"),
    [
        (0, torch.zeros(4, 3), ValueError, r"log_probs must have the axes \(B, T, C\)"),
        (0, torch.zeros(2, 4, 3, dtype=torch.long), TypeError, "log_probs must hold floating numbers"),
        (1, torch.zeros(2, 2), TypeError, "targets must hold integers"),
        (1, [[1, 2], [2, 1]], TypeError, "targets must be an integer tensor, but is a list"),
        (
            1,
            torch.tensor([[1, 2]]),
            ValueError,
            r"targets must be padded, \(2, S\), .*2 is the first axis of log_probs",
        ),
        (1, torch.tensor([[1, 0], [2, 1]]), ValueError, r"targets\[0, 1\] is the blank, 0"),
        (1, torch.tensor([[1, 2], [3, 1]]), ValueError, r"targets\[1, 0\] is 3, but log_probs have the classes 0 … 2"),
        (1, torch.tensor([1, 2, 2]), ValueError, "target_lengths add up to 4, but concatenated targets hold 3"),
        (2, torch.tensor([4, 5]), ValueError, r"input_lengths\[1\] is 5, but the row holds only 4 frames"),
        (2, torch.tensor([4.0, 4.0]), TypeError, "input_lengths must hold integers"),
        (3, torch.tensor([2, 3]), ValueError, r"target_lengths\[1\] is 3, but the row holds only 2 labels"),
        (3, torch.tensor([2, -1]), ValueError, r"target_lengths\[1\] is -1"),
        (4, 3, ValueError, "blank must be one of the 3 classes"),
        (5, "average", ValueError, "reduction must be one of none, mean, sum, but is 'average'"),
    ],
)
def test_refusals_say_what_and_why(place, given, kind, message):
    arguments = [*GOOD, 0, "mean"]
    arguments[place] = given
    with pytest.raises(kind, match=message):
        ctc_loss(*arguments)


def test_more_refusals():
    with pytest.raises(ValueError, match="backend must be one of auto, torch, compiled, but is 'numba'"):
        ctc_loss(*GOOD, backend="numba")
    with pytest.raises(ValueError, match="target_lengths is None, but concatenated targets need it"):
        ctc_loss(GOOD[0], torch.tensor([1, 2]), None, None)
