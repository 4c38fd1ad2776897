import math

import torch

from w2v2course.positions import sinusoids


def periods_in_a_list(dim, base):
    return torch.tensor([2 * math.pi * base ** (2 * i / dim) for i in range(dim // 2)])


def periods_at_once(dim, base):
    return 2 * torch.pi * torch.tensor(base).pow(torch.arange(0, dim, 2) / dim).double()


def table_in_loops(frames, dim, base):
    table = torch.zeros(frames, dim)
    for t in range(frames):
        for i in range(dim // 2):
            table[t, 2 * i] = math.sin(t / base ** (2 * i / dim))
            table[t, 2 * i + 1] = math.cos(t / base ** (2 * i / dim))
    return table


def table_by_slices(frames, dim, base):
    angles = torch.arange(frames, dtype=torch.float64)[:, None] * base ** (-torch.arange(0, dim, 2) / dim)
    table = torch.empty(frames, dim, dtype=torch.float64)
    table[:, 0::2], table[:, 1::2] = angles.sin(), angles.cos()
    return table


def dot_in_a_loop(offset, dim, base):
    return sum(math.cos(offset / base ** (2 * i / dim)) for i in range(dim // 2))


def dot_of_two_codes(offset, dim, base):
    codes = sinusoids(abs(offset) + 1, dim, base)
    return codes[abs(offset)] @ codes[0]


def rotation_cell_by_cell(offset, dim, base):
    matrix = torch.zeros(dim, dim)
    for i in range(0, dim, 2):
        angle = offset * base ** (-i / dim)
        matrix[i, i] = matrix[i + 1, i + 1] = math.cos(angle)
        matrix[i, i + 1], matrix[i + 1, i] = math.sin(angle), -math.sin(angle)
    return matrix


def rotation_by_blocks(offset, dim, base):
    angle = offset * torch.tensor(base, dtype=torch.float64) ** (-torch.arange(0, dim, 2, dtype=torch.float64) / dim)
    c, s = angle.cos(), angle.sin()
    return torch.block_diag(*torch.stack([torch.stack([c, s], -1), torch.stack([-s, c], -1)], -2))


def share_by_diagonals(scores):
    centred = scores - scores.mean(0, keepdim=True) - scores.mean(1, keepdim=True) + scores.mean()
    T, explained = len(scores), 0.0
    for k in range(-T + 1, T):
        diagonal = torch.diagonal(centred, k)
        explained += diagonal.numel() * diagonal.mean() ** 2
    return explained / (centred**2).sum()


def share_by_projection(scores):
    T = len(scores)
    centring = torch.eye(T, dtype=torch.float64) - 1 / T
    centred = centring @ scores.double() @ centring
    offsets = (torch.arange(T) - torch.arange(T)[:, None] + T - 1).flatten()
    sums = torch.zeros(2 * T - 1, dtype=torch.float64).index_add(0, offsets, centred.flatten())
    counts = torch.bincount(offsets)
    return ((sums**2 / counts).sum() / centred.square().sum()).item()


ANSWERS = {
    "clock_periods": (periods_in_a_list, periods_at_once),
    "sinusoid_table": (table_in_loops, table_by_slices),
    "offset_dot": (dot_in_a_loop, dot_of_two_codes),
    "rotation": (rotation_cell_by_cell, rotation_by_blocks),
    "offset_share": (share_by_diagonals, share_by_projection),
}
