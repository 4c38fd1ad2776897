"""Small inputs for cases, all from a generator."""

import torch
from torch import Generator, Tensor


def normal(generator: Generator, *shape: int, scale: float = 1.0, shift: float = 0.0) -> Tensor:
    """Normal numbers of this shape."""
    return shift + scale * torch.randn(*shape, generator=generator)


def integer(generator: Generator, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return int(torch.randint(low, high + 1, (), generator=generator))


def permutation(generator: Generator, frames: int) -> Tensor:
    """Each of 0 … T−1 once, never in their own order (for T ≥ 2)."""
    order = torch.randperm(frames, generator=generator)
    return order.roll(1) if frames > 1 and torch.equal(order, torch.arange(frames)) else order
