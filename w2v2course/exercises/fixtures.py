"""Functions that cases hand to a learner's function. The grader sends names only; both sides look them up here."""

from collections.abc import Callable

import torch
from torch import Tensor


def double(x: Tensor) -> Tensor:
    """Each frame by itself."""
    return 2.0 * x + 1.0


def add_left(x: Tensor) -> Tensor:
    """(B, T, D): each frame plus the one to its left, the first plus nothing."""
    return x + torch.nn.functional.pad(x, (0, 0, 1, 0))[:, :-1]


def mix_alike(x: Tensor) -> Tensor:
    """(B, T, D): attention of the frames themselves, without projections."""
    return (x @ x.mT).softmax(-1) @ x


FIXTURES: dict[str, Callable] = {function.__name__: function for function in (double, add_left, mix_alike)}


def name_of(function: Callable) -> str | None:
    """Under which name a function is known here, or None."""
    return next((name for name, fixture in FIXTURES.items() if fixture is function), None)
