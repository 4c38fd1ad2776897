"""Exercises of chapter `learning`: what comes after, shares of states and classes, the gradient, a prior taken out."""

import math

import torch
from torch import Generator, Tensor

from w2v2course.ctc import table
from w2v2course.ctc.alignments import expand
from w2v2course.ctc.loss import ctc_loss
from w2v2course.exercises.mistakes.learning import MISTAKES
from w2v2course.exercises.specification import Case, Exercise


def state_shares(log_alpha: Tensor, log_beta: Tensor) -> Tensor:
    """Occupancy from the two tables; zero where the target cannot be said."""
    through = log_alpha + log_beta
    total = through.logsumexp(dim=1, keepdim=True)
    return (through - total.masked_fill(total == -math.inf, 0.0)).exp()


def class_shares(shares: Tensor, states: list[int], classes: int) -> Tensor:
    """Shares of the states added up by class."""
    index = torch.tensor(states, dtype=torch.long)
    return shares.new_zeros(len(shares), classes).index_add_(1, index, shares)


def remove_prior(log_probs: Tensor, prior_scale: float) -> Tensor:
    """Minus prior_scale times the logarithm of each class's mean probability."""
    return log_probs - prior_scale * (log_probs.logsumexp(dim=0) - math.log(len(log_probs)))


def central_differences(logits: Tensor, target: list[int], step: float) -> Tensor:
    """The slope of the loss in each logit, from two points beside it."""
    slopes = torch.zeros_like(logits)
    for place in range(logits.numel()):
        move = torch.zeros_like(logits)
        move.view(-1)[place] = step
        slopes.view(-1)[place] = (_loss(logits + move, target) - _loss(logits - move, target)) / (2 * step)
    return slopes


def logit_gradient(logits: Tensor, target: list[int], blank: int = 0) -> Tensor:
    """The gradient of the loss with respect to logits, by autograd."""
    logits = logits.detach().clone().requires_grad_()
    with torch.enable_grad():
        return torch.autograd.grad(_loss(logits, target, blank), logits)[0]


def _loss(logits: Tensor, target: list[int], blank: int = 0) -> Tensor:
    targets = torch.tensor([target], dtype=torch.long)
    return ctc_loss(logits.log_softmax(dim=1)[None], targets, None, None, blank, "sum", backend="torch")


def _logits(generator: Generator, frames: int, classes: int) -> Tensor:
    return 2 * torch.randn(frames, classes, generator=generator, dtype=torch.float64)


def _log_probs(generator: Generator, frames: int, classes: int) -> Tensor:
    return torch.randn(frames, classes, generator=generator).log_softmax(dim=1)


def _target(generator: Generator, size: int, classes: int) -> list[int]:
    return torch.randint(1, classes, (size,), generator=generator).tolist()


def _tables(generator: Generator, frames: int, target: list[int], classes: int) -> tuple[Tensor, Tensor]:
    log_probs = _log_probs(generator, frames, classes)
    return table.forward_table(log_probs, target), table.backward_table(log_probs, target)


def _shares(generator: Generator, frames: int, target: list[int], classes: int) -> tuple[Tensor, list[int], int]:
    return table.occupancy(_log_probs(generator, frames, classes), target), list(expand(target)), classes


EXERCISES = (
    Exercise(
        "state_shares",
        cases=(
            Case("nothing to say, one frame", lambda _: (torch.tensor([[-0.5]]), torch.tensor([[0.0]]))),
            Case(
                "one frame, two ways",
                lambda _: (torch.tensor([[0.25, 0.5, 0.0]]).log(), torch.tensor([[0.0, 1.0, 1.0]]).log()),
            ),
            Case("AB in four frames", lambda g: _tables(g, 4, [1, 2], 3)),
            Case("AA in two frames, which cannot be", lambda g: _tables(g, 2, [1, 1], 2)),
            Case("four seconds", lambda g: _tables(g, 199, _target(g, 20, 9), 9)),
            Case("another four seconds", lambda g: _tables(g, 199, _target(g, 25, 17), 17), hidden=True),
        ),
        reference=state_shares,
        rtol=1e-3,
        atol=1e-5,
        mistakes=MISTAKES["state_shares"],
    ),
    Exercise(
        "class_shares",
        cases=(
            Case("one frame", lambda _: (torch.tensor([[0.25, 0.5, 0.25]]), [0, 1, 0], 2)),
            Case("a class that is not in the target", lambda _: (torch.tensor([[0.25, 0.5, 0.25]]), [0, 2, 0], 4)),
            Case("AB in four frames", lambda g: _shares(g, 4, [1, 2], 3)),
            Case("ABA in six frames", lambda g: _shares(g, 6, [1, 2, 1], 4)),
            Case("ten labels in a second", lambda g: _shares(g, 49, _target(g, 10, 6), 6), hidden=True),
        ),
        reference=class_shares,
        rtol=1e-4,
        mistakes=MISTAKES["class_shares"],
    ),
    Exercise(
        "remove_prior",
        cases=(
            Case("one frame", lambda _: (torch.tensor([[0.5, 0.25, 0.25]]).log(), 1.0)),
            Case("two frames", lambda _: (torch.tensor([[0.9, 0.1], [0.7, 0.3]]).log(), 1.0)),
            Case("two frames, half the scale", lambda _: (torch.tensor([[0.9, 0.1], [0.7, 0.3]]).log(), 0.5)),
            Case("a scale of zero", lambda g: (_log_probs(g, 3, 3), 0.0)),
            Case("a second", lambda g: (3 * _log_probs(g, 49, 9) - 200.0, 0.3)),
            Case("two seconds", lambda g: (_log_probs(g, 99, 17), 0.6), hidden=True),
        ),
        reference=remove_prior,
        rtol=1e-4,
        atol=1e-5,
        mistakes=MISTAKES["remove_prior"],
    ),
    Exercise(
        "central_differences",
        cases=(
            Case("one frame", lambda _: (torch.tensor([[1.0, 0.0]], dtype=torch.float64), [1], 0.1)),
            Case("A in two frames", lambda g: (_logits(g, 2, 2), [1], 0.1)),
            Case("AB in four frames", lambda g: (_logits(g, 4, 3), [1, 2], 0.1)),
            Case("a smaller step", lambda g: (_logits(g, 3, 3), [1, 2], 0.01)),
            Case("AAB in six frames", lambda g: (_logits(g, 6, 4), [1, 1, 2], 0.05), hidden=True),
        ),
        reference=central_differences,
        given=(ctc_loss,),
        rtol=1e-5,
        atol=1e-7,
        mistakes=MISTAKES["central_differences"],
    ),
    Exercise(
        "backward_table",
        cases=(
            Case("A in one frame", lambda _: (torch.tensor([[0.4, 0.6]]).log(), [1], 0)),
            Case("A in two frames", lambda _: (torch.tensor([[0.4, 0.6], [0.7, 0.3]]).log(), [1], 0)),
            Case("AB in three frames", lambda g: (_log_probs(g, 3, 3), [1, 2], 0)),
            Case("AA in four frames", lambda g: (_log_probs(g, 4, 2), [1, 1], 0)),
            Case("AAB in six frames", lambda g: (_log_probs(g, 6, 3), [1, 1, 2], 0)),
            Case("nothing to say", lambda g: (_log_probs(g, 3, 3), [], 0)),
            Case("two seconds", lambda g: (_log_probs(g, 99, 9), _target(g, 8, 9), 0)),
            Case("another blank", lambda g: (_log_probs(g, 6, 4), [0, 1, 1], 3), hidden=True),
            Case("six seconds", lambda g: (_log_probs(g, 299, 17), _target(g, 30, 17), 0), hidden=True),
        ),
        reference=table.backward_table,
        rtol=1e-4,
        atol=1e-5,
        points=2,
        mistakes=MISTAKES["backward_table"],
    ),
    Exercise(
        "logit_gradient",
        cases=(
            Case("one frame", lambda _: (torch.tensor([[1.0, 0.0]], dtype=torch.float64), [1], 0)),
            Case("A in two frames", lambda g: (_logits(g, 2, 2), [1], 0)),
            Case("AB in four frames", lambda g: (_logits(g, 4, 4), [1, 2], 0)),
            Case("AA in five frames", lambda g: (_logits(g, 5, 3), [1, 1], 0)),
            Case("another blank", lambda g: (_logits(g, 5, 3), [0, 1], 2)),
            Case("eight labels in a second", lambda g: (_logits(g, 49, 6), _target(g, 8, 6), 0), hidden=True),
        ),
        reference=logit_gradient,
        given=(table.occupancy, expand),
        rtol=1e-4,
        atol=1e-6,
        points=2,
        mistakes=MISTAKES["logit_gradient"],
    ),
)
