"""Exercises of chapter `alignments`: what a path says, how many say the same, and what they are worth together."""

import torch
from torch import Generator, Tensor

from w2v2course.ctc import alignments as package
from w2v2course.ctc.enumeration import ctc_loss_by_enumeration
from w2v2course.exercises.mistakes.alignments import MISTAKES
from w2v2course.exercises.specification import Case, Exercise


def collapse_path(path: str, blank: str = "ε") -> str:
    """What a path says: merge, then drop."""
    return "".join(package.collapse(path, blank))


def path_log_prob(log_probs: Tensor, path: list[int]) -> Tensor:
    """Log-probability of one path: frames are independent, so their logarithms add."""
    return log_probs[torch.arange(len(path)), path].sum()


def log_sum_exp(values: Tensor) -> Tensor:
    """A sum carried out on logarithms."""
    return values.logsumexp(dim=0)


def target_probability(probs: Tensor, target: list[int], blank: int = 0) -> Tensor:
    """The probability of all alignments of a target, by writing down every path."""
    return (-ctc_loss_by_enumeration(probs.double().log(), target, blank)).exp()


def _letters(generator: Generator, size: int, alphabet: str) -> str:
    """A random string."""
    return "".join(alphabet[i] for i in torch.randint(len(alphabet), (size,), generator=generator).tolist())


def _probs(generator: Generator, frames: int, classes: int) -> Tensor:
    """Random posteriors, (T, C)."""
    return torch.randn(frames, classes, generator=generator).softmax(dim=1)


def _frames_and_path(generator: Generator, frames: int, classes: int) -> tuple[Tensor, list[int]]:
    return (
        _probs(generator, frames, classes).log(),
        torch.randint(classes, (frames,), generator=generator).tolist(),
    )


EXERCISES = (
    Exercise(
        "minimum_frames",
        cases=(
            Case("one letter", lambda _: ("A",)),
            Case("two letters", lambda _: ("AB",)),
            Case("twice the same letter", lambda _: ("AA",)),
            Case("the same letter, but not side by side", lambda _: ("ABA",)),
            Case("three times the same", lambda _: ("AAA",)),
            Case("hello", lambda _: ("hello",)),
            Case("two pairs", lambda _: ("aabb",)),
            Case("nothing to say", lambda _: ("",)),
            Case("forty letters a and b", lambda g: (_letters(g, 40, "ab"),), hidden=True),
            Case("two hundred letters a, b and c", lambda g: (_letters(g, 200, "abc"),), hidden=True),
        ),
        reference=package.minimum_frames,
        mistakes=MISTAKES["minimum_frames"],
    ),
    Exercise(
        "collapse_path",
        cases=(
            Case("one letter", lambda _: ("A", "ε")),
            Case("one ε", lambda _: ("ε", "ε")),
            Case("a letter that goes on", lambda _: ("AA", "ε")),
            Case("a letter, and again", lambda _: ("AεA", "ε")),
            Case("a letter that comes back", lambda _: ("ABA", "ε")),
            Case("CAB", lambda _: ("εCAεB", "ε")),
            Case("three", lambda _: ("tthhεrreεeε", "ε")),
            Case("another sign for the blank", lambda _: ("hh-e-l-l-oo-", "-")),
            Case("no frames", lambda _: ("", "ε")),
            Case("forty frames", lambda g: (_letters(g, 40, "abε"), "ε"), hidden=True),
            Case("five hundred frames", lambda g: (_letters(g, 500, "abc_"), "_"), hidden=True),
        ),
        reference=collapse_path,
        mistakes=MISTAKES["collapse_path"],
    ),
    Exercise(
        "path_log_prob",
        cases=(
            Case("one frame", lambda _: (torch.tensor([[0.5, 0.25, 0.25]]).log(), [1])),
            Case("two frames", lambda _: (torch.tensor([[0.5, 0.5], [0.25, 0.75]]).log(), [0, 1])),
            Case(
                "a path that stays", lambda _: (torch.tensor([[0.5, 0.5], [0.25, 0.75], [0.5, 0.5]]).log(), [1, 1, 1])
            ),
            Case("six frames, four symbols", lambda g: _frames_and_path(g, 6, 4)),
            Case("two seconds", lambda g: _frames_and_path(g, 99, 17), hidden=True),
        ),
        reference=path_log_prob,
        mistakes=MISTAKES["path_log_prob"],
    ),
    Exercise(
        "log_sum_exp",
        cases=(
            Case("one number", lambda _: (torch.tensor([-2.0]),)),
            Case("two equal numbers", lambda _: (torch.tensor([0.0, 0.0]),)),
            Case("three numbers", lambda _: (torch.tensor([1.0, 2.0, 0.5]),)),
            Case("large numbers", lambda _: (torch.tensor([1000.0, 1001.0, 999.0]),)),
            Case("very negative numbers", lambda _: (torch.tensor([-1000.0, -1001.0]),)),
            Case("one that cannot happen", lambda _: (torch.tensor([-torch.inf, -3.0]),)),
            Case("nothing can happen", lambda _: (torch.tensor([-torch.inf, -torch.inf]),)),
            Case("twenty numbers", lambda g: (10 * torch.randn(20, generator=g),), hidden=True),
            Case("twenty far below zero", lambda g: (torch.randn(20, generator=g) - 5000.0,), hidden=True),
        ),
        reference=log_sum_exp,
        mistakes=MISTAKES["log_sum_exp"],
    ),
    Exercise(
        "target_probability",
        cases=(
            Case("one frame", lambda _: (torch.tensor([[0.4, 0.6]]), [1], 0)),
            Case("A in two frames", lambda _: (torch.tensor([[0.4, 0.6], [0.7, 0.3]]), [1], 0)),
            Case("AA in two frames", lambda _: (torch.tensor([[0.4, 0.6], [0.7, 0.3]]), [1, 1], 0)),
            Case("AA in four frames", lambda g: (_probs(g, 4, 2), [1, 1], 0)),
            Case("AB in four frames", lambda g: (_probs(g, 4, 3), [1, 2], 0)),
            Case("the blank is the last class", lambda g: (_probs(g, 4, 3), [0, 1], 2)),
            Case("nothing to say", lambda g: (_probs(g, 3, 3), [], 0)),
            Case("ABA in six frames", lambda g: (_probs(g, 6, 3), [1, 2, 1], 0), hidden=True),
            Case("AAB in seven frames", lambda g: (_probs(g, 7, 3), [1, 1, 2], 0), hidden=True),
        ),
        reference=target_probability,
        rtol=1e-4,
        atol=1e-7,
        points=2,
        mistakes=MISTAKES["target_probability"],
    ),
    Exercise(
        "count_alignments",
        cases=(
            Case("A in one frame", lambda _: ("A", 1)),
            Case("A in two frames", lambda _: ("A", 2)),
            Case("AB in two frames", lambda _: ("AB", 2)),
            Case("AA in two frames", lambda _: ("AA", 2)),
            Case("AA in three frames", lambda _: ("AA", 3)),
            Case("CAB in four frames", lambda _: ("CAB", 4)),
            Case("CAB in six frames", lambda _: ("CAB", 6)),
            Case("AAB in six frames", lambda _: ("AAB", 6)),
            Case("nothing in three frames", lambda _: ("", 3)),
            Case("CAB in a second", lambda _: ("CAB", 49)),
            Case("hello in ten seconds", lambda _: ("hello", 499)),
            Case(
                "thirty letters a and b in two seconds",
                lambda g: (_letters(g, 30, "ab"), 99),
                hidden=True,
            ),
            Case("150 letters in ten seconds", lambda g: (_letters(g, 150, "abcdefgh"), 499), hidden=True),
        ),
        reference=package.count_alignments,
        rtol=0.0,
        atol=0.0,
        points=2,
        mistakes=MISTAKES["count_alignments"],
    ),
)
