"""What an exercise is: a function to write, cases to try it on, and a reference to compare it with.

The same specification is run two ways: in the learner's notebook (public cases, `check`) and by the grader (all cases,
hidden inputs from a secret seed, `w2v2course.grading`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

# What may be handed to a learner's function, and what may come back: tensors, numbers, strings, None, and sequences
# of these. Callables are handed over only as fixtures, which both sides know by name.
Value = object


@dataclass(frozen=True)
class Case:
    """One try of a function.

    Attributes:
        id: a few words that name it to the learner, such as ``"one frame"``.
        make: ``make(generator) -> arguments``, a tuple; random inputs come from the generator alone, so that hidden
            ones follow from a secret seed.
        hidden: only the grader runs it.
    """

    id: str
    make: Callable[[torch.Generator], tuple[Value, ...]]
    hidden: bool = False


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation that learners write, and what to tell them (`w2v2course.exercises.mistakes`).

    Attributes:
        name: a few words, for the class report.
        function: does it wrong in just this way; takes what the exercise's function takes.
        message: what a teacher would say: what is wrong and where to look, never the answer's code.
    """

    name: str
    function: Callable
    message: str


@dataclass(frozen=True)
class Exercise:
    """One function to write.

    Attributes:
        function: its name, by which it is known everywhere.
        cases: from the smallest input to the largest, so that the first failure is the smallest.
        reference: the package's own function, with the same arguments.
        rtol, atol: how close numbers must be, as in ``numpy.allclose``.
        points: what it is worth.
        mistakes: wrong ways to write it that are recognised.
        given: the package's functions that the learner is meant to use: the grader leaves them there and flags none.
    """

    function: str
    cases: Sequence[Case]
    reference: Callable
    rtol: float = 1e-5
    atol: float = 1e-6
    points: int = 1
    mistakes: Sequence[Mistake] = ()
    given: Sequence[Callable] = ()
