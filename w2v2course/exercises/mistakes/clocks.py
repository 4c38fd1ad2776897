"""Mistakes of the notebook `clocks`."""

import math

import torch
from torch import Tensor

from w2v2course.exercises.specification import Mistake


def _speeds(dim: int, base: float) -> Tensor:
    return base ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)


def _periods_of_radians(dim: int, base: float) -> Tensor:
    return 1 / _speeds(dim, base)


def _periods_as_speeds(dim: int, base: float) -> Tensor:
    return 2 * math.pi * _speeds(dim, base)


def _periods_of_half_exponents(dim: int, base: float) -> Tensor:
    return 2 * math.pi * base ** (torch.arange(dim // 2, dtype=torch.float64) / dim)


def _periods_to_the_base(dim: int, base: float) -> Tensor:
    return 2 * math.pi * base ** torch.linspace(0, 1, dim // 2, dtype=torch.float64)


def _table(angles: Tensor) -> Tensor:
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


def _table_multiplied(frames: int, dim: int, base: float) -> Tensor:
    return _table(torch.arange(frames)[:, None] / _speeds(dim, base))


def _table_swapped(frames: int, dim: int, base: float) -> Tensor:
    angles = torch.arange(frames)[:, None] * _speeds(dim, base)
    return torch.stack([angles.cos(), angles.sin()], -1).flatten(1)


def _table_sines_first(frames: int, dim: int, base: float) -> Tensor:
    angles = torch.arange(frames)[:, None] * _speeds(dim, base)
    return torch.cat([angles.sin(), angles.cos()], -1)


def _table_half_exponents(frames: int, dim: int, base: float) -> Tensor:
    speeds = base ** (-torch.arange(dim // 2, dtype=torch.float64) / dim)
    return _table(torch.arange(frames)[:, None] * speeds)


def _table_from_one(frames: int, dim: int, base: float) -> Tensor:
    return _table((1 + torch.arange(frames))[:, None] * _speeds(dim, base))


def _dot_of_sines(offset: int, dim: int, base: float) -> float:
    return (offset * _speeds(dim, base)).sin().sum().item()


def _dot_mean(offset: int, dim: int, base: float) -> float:
    return (offset * _speeds(dim, base)).cos().mean().item()


def _dot_of_channels(offset: int, dim: int, base: float) -> float:
    return 2 * (offset * _speeds(dim, base)).cos().sum().item()


def _dot_of_both(offset: int, dim: int, base: float) -> float:
    angles = offset * _speeds(dim, base)
    return (angles.sin() + angles.cos()).sum().item()


def _blocks(first: Tensor, second: Tensor) -> Tensor:
    rows = [torch.stack([first, second], -1), torch.stack([-second, first], -1)]
    return torch.block_diag(*torch.stack(rows, -2))


def _turn_back(offset: int, dim: int, base: float) -> Tensor:
    angles = offset * _speeds(dim, base)
    return _blocks(angles.cos(), -angles.sin())


def _turn_all_alike(offset: int, dim: int, base: float) -> Tensor:
    angles = offset * torch.ones(dim // 2, dtype=torch.float64)
    return _blocks(angles.cos(), angles.sin())


def _turn_sines_first(offset: int, dim: int, base: float) -> Tensor:
    angles = offset * _speeds(dim, base)
    sine, cosine = angles.sin().diag(), angles.cos().diag()
    return torch.cat([torch.cat([cosine, sine], 1), torch.cat([-sine, cosine], 1)])


def _turn_mirrored(offset: int, dim: int, base: float) -> Tensor:
    angles = offset * _speeds(dim, base)
    first, second = angles.cos(), angles.sin()
    rows = [torch.stack([first, second], -1), torch.stack([second, first], -1)]
    return torch.block_diag(*torch.stack(rows, -2))


def _explained(centred: Tensor) -> tuple[Tensor, list[Tensor]]:
    T = len(centred)
    diagonals = [centred.diagonal(k) for k in range(-T + 1, T)]
    return centred.square().sum(), diagonals


def _share_uncentred(scores: Tensor) -> float:
    total, diagonals = _explained(scores.double())
    return (sum(len(d) * d.mean() ** 2 for d in diagonals) / total).item()


def _share_of_rows(scores: Tensor) -> float:
    scores = scores.double()
    total, diagonals = _explained(scores - scores.mean(1, keepdim=True))
    return (sum(len(d) * d.mean() ** 2 for d in diagonals) / total).item()


def _share_without_mean(scores: Tensor) -> float:
    scores = scores.double()
    total, diagonals = _explained(scores - scores.mean(0) - scores.mean(1, keepdim=True))
    return (sum(len(d) * d.mean() ** 2 for d in diagonals) / total).item()


def _centre(scores: Tensor) -> Tensor:
    scores = scores.double()
    return scores - scores.mean(0) - scores.mean(1, keepdim=True) + scores.mean()


def _share_unweighted(scores: Tensor) -> float:
    total, diagonals = _explained(_centre(scores))
    return (sum(d.mean() ** 2 for d in diagonals) / total).item()


def _share_unexplained(scores: Tensor) -> float:
    total, diagonals = _explained(_centre(scores))
    return 1 - (sum(len(d) * d.mean() ** 2 for d in diagonals) / total).item()


MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "clock_periods": (
        Mistake(
            "frames a radian",
            _periods_of_radians,
            "That is how many frames a clock needs for one *radian*. A whole turn has 2π of them.",
        ),
        Mistake(
            "sign of the exponent",
            _periods_as_speeds,
            "Your periods get shorter from clock to clock; they should get longer, the fastest clock is the first. "
            "Dividing by base^(−2i/D) is multiplying by base^(2i/D).",
        ),
        Mistake(
            "half the exponent",
            _periods_of_half_exponents,
            "Your clocks slow down by half as much as they should: the exponent of clock i is 2i/D, not i/D.",
        ),
        Mistake(
            "the last clock at the base",
            _periods_to_the_base,
            "You spread the exponents from 0 to 1. Other libraries do so; here the last is 2i/D with i = D/2 − 1, a "
            "little below 1.",
        ),
    ),
    "sinusoid_table": (
        Mistake(
            "multiplied instead of divided",
            _table_multiplied,
            "Your clocks get faster with the channel, not slower: the angle is divided by base^(2i/D), not multiplied.",
        ),
        Mistake(
            "sine and cosine swapped",
            _table_swapped,
            "Sine and cosine have changed places: even channels hold the sine, odd ones the cosine. (Position 0 is "
            "0, 1, 0, 1, …)",
        ),
        Mistake(
            "all sines first",
            _table_sines_first,
            "All sines stand first and then all cosines. Some libraries do so; here they take turns, a pair a clock.",
        ),
        Mistake(
            "half the exponent",
            _table_half_exponents,
            "The exponent of clock i is 2i/D, not i/D: your slow clocks are too fast.",
        ),
        Mistake(
            "counted from one",
            _table_from_one,
            "Your first row is position 1. Positions are counted from 0, where every sine is 0 and every cosine is 1.",
        ),
    ),
    "offset_dot": (
        Mistake(
            "sines",
            _dot_of_sines,
            "At offset 0 you get 0, but a code's dot product with itself is its square, which cannot be 0. Which "
            "function of the difference is sin a sin b + cos a cos b?",
        ),
        Mistake("mean for sum", _dot_mean, "A dot product adds up; you take the mean over the clocks."),
        Mistake(
            "each clock twice",
            _dot_of_channels,
            "You count each clock twice. Its two channels *together* give one cosine, not one each.",
        ),
        Mistake(
            "sine plus cosine",
            _dot_of_both,
            "You add up the code of the offset itself. The dot product of two codes has products in it: write one "
            "clock's two products down and use the rule for cos(a − b).",
        ),
    ),
    "rotation": (
        Mistake(
            "turned back",
            _turn_back,
            "Your matrix turns the clocks *back* by the offset: it takes the code of t + k to the code of t.",
        ),
        Mistake(
            "all clocks alike",
            _turn_all_alike,
            "Every clock is turned by the same angle. Each has a speed of its own, and turns by offset times speed.",
        ),
        Mistake(
            "made for sines first",
            _turn_sines_first,
            "This is right where all sines stand first. Here a clock's sine and cosine are neighbours, 2i and 2i + 1, "
            "so that the matrix is made of blocks along the diagonal.",
        ),
        Mistake(
            "a sign lost",
            _turn_mirrored,
            "Both sines have the same sign, which is no rotation: compare with the rules for sin(a + b), cos(a + b).",
        ),
    ),
    "offset_share": (
        Mistake(
            "not centred",
            _share_uncentred,
            "The matrix is not centred: what a row or a column has as a whole counts as if it were a matter of offset.",
        ),
        Mistake(
            "rows only",
            _share_of_rows,
            "You take the rows' means out, which the softmax would lose anyway. Columns have their own: a frame that "
            "everybody likes is no matter of offset either.",
        ),
        Mistake(
            "total mean taken twice",
            _share_without_mean,
            "Rows' means and columns' means both contain the mean of the whole matrix; you subtract it twice. Put it "
            "back once.",
        ),
        Mistake(
            "diagonals count once each",
            _share_unweighted,
            "A diagonal's mean stands in for every cell on it, so it counts as often as it has cells.",
        ),
        Mistake(
            "what is left",
            _share_unexplained,
            "That is the share that the offset does *not* explain.",
        ),
    ),
}
