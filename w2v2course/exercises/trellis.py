"""Exercises of chapter `trellis`: states, moves, the forward table, its repair in log space, the loss of a batch."""

import torch
from torch import Generator, Tensor

from w2v2course.ctc import alignments as package
from w2v2course.ctc import table
from w2v2course.exercises.mistakes.trellis import MISTAKES
from w2v2course.exercises.specification import Case, Exercise


def expand(target: list[int], blank: int = 0) -> list[int]:
    """The states of a target."""
    return list(package.expand(target, blank))


def next_states(states: list[int], s: int, blank: int = 0) -> list[int]:
    """Where a path may go from a state."""
    return package.successors(tuple(states), s)


def forward_probabilities(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    """The forward table in probabilities, for short clips."""
    return table.forward_table(probs.double().log(), target, blank).exp()


def loss_from_table(log_alpha: Tensor) -> Tensor:
    """Minus the logarithm of what arrives in the last two states of the last frame."""
    return -log_alpha[-1, -2:].logsumexp(dim=0)


def final_losses(log_alpha: Tensor, input_lengths: Tensor, target_lengths: Tensor) -> Tensor:
    """The same for each row of a batch, at its own last frame and its own last states."""
    rows = zip(log_alpha, input_lengths.tolist(), target_lengths.tolist(), strict=True)
    return torch.stack([loss_from_table(row[:frames, : 2 * size + 1]) for row, frames, size in rows])


def _log_probs(generator: Generator, frames: int, classes: int) -> Tensor:
    """Random posteriors, (T, C), as logarithms."""
    return torch.randn(frames, classes, generator=generator).log_softmax(dim=1)


def _target(generator: Generator, size: int, classes: int) -> list[int]:
    """Random labels 1 … C − 1."""
    return torch.randint(1, classes, (size,), generator=generator).tolist()


def _table(generator: Generator, frames: int, target: list[int], classes: int) -> Tensor:
    return table.forward_table(_log_probs(generator, frames, classes), target)


def _batch(generator: Generator, frames: list[int], targets: list[list[int]], classes: int) -> tuple[Tensor, ...]:
    """Forward tables of several clips in one tensor; past each clip's frames and states stands nonsense."""
    sizes = [len(target) for target in targets]
    padded = torch.full((len(frames), max(frames), 2 * max(sizes) + 1), 7.0)
    for row, T, target in zip(padded, frames, targets, strict=True):
        row[:T, : 2 * len(target) + 1] = _table(generator, T, target, classes)
    return padded, torch.tensor(frames), torch.tensor(sizes)


EXERCISES = (
    Exercise(
        "expand",
        cases=(
            Case("one label", lambda _: ([1], 0)),
            Case("nothing to say", lambda _: ([], 0)),
            Case("two labels", lambda _: ([1, 2], 0)),
            Case("twice the same label", lambda _: ([1, 1], 0)),
            Case("CAB", lambda _: ([3, 1, 2], 0)),
            Case("another blank", lambda _: ([0, 1, 1], 4)),
            Case("thirty labels", lambda g: (_target(g, 30, 5), 0), hidden=True),
        ),
        reference=expand,
        mistakes=MISTAKES["expand"],
    ),
    Exercise(
        "next_states",
        cases=(
            Case("the only state of nothing", lambda _: ([0], 0, 0)),
            Case("from the first ε", lambda _: ([0, 1, 0], 0, 0)),
            Case("from the last letter", lambda _: ([0, 1, 0], 1, 0)),
            Case("from the last ε", lambda _: ([0, 1, 0], 2, 0)),
            Case("from a letter to another", lambda _: ([0, 1, 0, 2, 0], 1, 0)),
            Case("from a letter to the same", lambda _: ([0, 1, 0, 1, 0], 1, 0)),
            Case("from an ε between letters", lambda _: ([0, 1, 0, 2, 0], 2, 0)),
            Case("another blank", lambda _: ([4, 0, 4, 1, 4], 1, 4)),
            Case("inside ABBA", lambda _: (expand([1, 2, 2, 1]), 3, 0), hidden=True),
            Case("late in ABBA", lambda _: (expand([1, 2, 2, 1]), 5, 0), hidden=True),
            Case("an ε of ABBA", lambda _: (expand([1, 2, 2, 1]), 4, 0), hidden=True),
        ),
        reference=next_states,
        mistakes=MISTAKES["next_states"],
    ),
    Exercise(
        "forward_probabilities",
        cases=(
            Case("A in one frame", lambda _: (torch.tensor([[0.4, 0.6]]), [1], 0)),
            Case("A in two frames", lambda _: (torch.tensor([[0.4, 0.6], [0.7, 0.3]]), [1], 0)),
            Case("AB in three frames", lambda g: (_log_probs(g, 3, 3).exp(), [1, 2], 0)),
            Case("AA in three frames", lambda g: (_log_probs(g, 3, 2).exp(), [1, 1], 0)),
            Case("AAB in five frames", lambda g: (_log_probs(g, 5, 3).exp(), [1, 1, 2], 0)),
            Case("another blank", lambda g: (_log_probs(g, 4, 3).exp(), [0, 1], 2)),
            Case("nothing to say", lambda g: (_log_probs(g, 3, 3).exp(), [], 0)),
            Case("ABBA in eight frames", lambda g: (_log_probs(g, 8, 3).exp(), [1, 2, 2, 1], 0), hidden=True),
            Case(
                "five labels in twelve frames", lambda g: (_log_probs(g, 12, 4).exp(), _target(g, 5, 4), 0), hidden=True
            ),
        ),
        reference=forward_probabilities,
        rtol=1e-4,
        atol=1e-9,
        points=2,
        mistakes=MISTAKES["forward_probabilities"],
    ),
    Exercise(
        "loss_from_table",
        cases=(
            Case("one frame, nothing to say", lambda _: (torch.tensor([[-0.5]]),)),
            Case("one frame, one label", lambda _: (torch.tensor([[-1.0, -2.0, -torch.inf]]),)),
            Case("two frames, one label", lambda _: (torch.tensor([[-1.0, -0.5, -torch.inf], [-2.0, -1.0, -1.5]]),)),
            Case("AAB in six frames", lambda g: (_table(g, 6, [1, 1, 2], 3),)),
            Case("AA in two frames, which cannot be", lambda g: (_table(g, 2, [1, 1], 2),)),
            Case("four seconds", lambda g: (_table(g, 199, _target(g, 20, 9), 9),)),
            Case("another four seconds", lambda g: (_table(g, 199, _target(g, 25, 17), 17),), hidden=True),
        ),
        reference=loss_from_table,
        rtol=1e-4,
        mistakes=MISTAKES["loss_from_table"],
    ),
    Exercise(
        "final_losses",
        cases=(
            Case("one clip", lambda g: _batch(g, [2], [[1]], 3)),
            Case("two clips of one size", lambda g: _batch(g, [3, 3], [[1], [2]], 3)),
            Case("two lengths", lambda g: _batch(g, [5, 3], [[1, 2], [2, 2]], 3)),
            Case("two numbers of labels", lambda g: _batch(g, [4, 4], [[1, 2], [2]], 3)),
            Case("a clip in which nothing is said", lambda g: _batch(g, [4, 3], [[1], []], 3)),
            Case(
                "five clips",
                lambda g: _batch(g, [9, 12, 7, 12, 10], [[1, 2, 2], [3], [1, 2, 3], [], [1, 2, 1, 2]], 4),
                hidden=True,
            ),
        ),
        reference=final_losses,
        rtol=1e-4,
        points=2,
        mistakes=MISTAKES["final_losses"],
    ),
    Exercise(
        "forward_table",
        cases=(
            Case("A in one frame", lambda _: (torch.tensor([[0.4, 0.6]]).log(), [1], 0)),
            Case("A in two frames", lambda _: (torch.tensor([[0.4, 0.6], [0.7, 0.3]]).log(), [1], 0)),
            Case("AB in three frames", lambda g: (_log_probs(g, 3, 3), [1, 2], 0)),
            Case("AA in four frames", lambda g: (_log_probs(g, 4, 2), [1, 1], 0)),
            Case("nothing to say", lambda g: (_log_probs(g, 3, 3), [], 0)),
            Case("eight seconds", lambda g: (_log_probs(g, 399, 17), _target(g, 12, 17), 0)),
            Case("another blank", lambda g: (_log_probs(g, 6, 4), [0, 1, 1], 3), hidden=True),
            Case("ten seconds", lambda g: (_log_probs(g, 499, 17), _target(g, 30, 17), 0), hidden=True),
        ),
        reference=table.forward_table,
        rtol=1e-4,
        atol=1e-5,
        points=2,
        mistakes=MISTAKES["forward_table"],
    ),
)
