"""The textbook's own loops, compiled by numba for the CPU (chapter `trellis`): the plainest code is the fastest.

Labels and blanks have a table each: ``label[t, i]`` is α of the i-th label, counted from 1, and ``gap[t, i]`` that of
the blank after it (``gap[t, 0]``: the blank before the first). Rescaling, floors and the bound that makes them safe are
those of ``batched``; so are the results. Importing this module imports numba; ``loss`` does so at its first call.
"""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import numba
import numpy as np
import torch
from torch import Tensor

from w2v2course.ctc.batched import CHUNK, FLOOR, TOLERANCE

Array: TypeAlias = np.ndarray
WORTH_A_THREAD = 200_000  # numbers, about a millisecond


def loops(function: Callable) -> Callable:
    """Compile a function at its first call; keep the machine code on disk, if there is a folder for it."""
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # nowhere to write
        return numba.njit(nogil=True, error_model="numpy")(function)


def losses_and_gradients(
    log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int
) -> tuple[Tensor, Tensor]:
    """Loss of each row, and its gradient, as :func:`batched.losses_and_gradients` (chapter `learning`).

    Rows are shared out among as many threads as PyTorch has; each has tables for one utterance, used again and again.
    """
    rows = log_probs.contiguous().numpy()
    labels, frames, sizes = targets.numpy(), input_lengths.tolist(), target_lengths.tolist()
    losses, gradients = np.empty(len(rows)), np.zeros_like(rows)

    def work(waiting: Iterator[int]) -> None:
        tables = np.empty((2, max(frames), max(sizes) + 1))
        for b in waiting:
            row, target, gradient = rows[b, : frames[b]], labels[b, : sizes[b]], gradients[b, : frames[b]]
            if len(target) + int((target[1:] == target[:-1]).sum()) > len(row):
                losses[b] = math.inf
                continue
            if len(row) == 0:
                losses[b] = 0.0
                continue
            losses[b], error = scaled(row, target, blank, gradient, tables, FLOOR, CHUNK)
            if not error < TOLERANCE:
                losses[b] = logarithmic(row, target, blank, gradient, tables)

    share_out(work, len(rows), sum(T * (2 * S + 1) for T, S in zip(frames, sizes, strict=True)))
    return torch.from_numpy(losses), torch.from_numpy(gradients)


def share_out(work: Callable[[Iterator[int]], None], rows: int, numbers: int) -> None:
    """Let as many threads as PyTorch has, this one among them, take rows until there are none left.

    Args:
        work: takes row after row from what it is given.
        rows: how many there are.
        numbers: how many are to be computed in all; for few it is quicker to do without help.
    """
    waiting = iter(range(rows))  # next() is one step to Python, so no row is taken twice
    helpers = min(torch.get_num_threads(), rows) - 1
    if helpers < 1 or numbers < WORTH_A_THREAD:
        return work(waiting)
    with ThreadPoolExecutor(helpers) as pool:
        others = [pool.submit(work, waiting) for _ in range(helpers)]
        work(waiting)
        for other in others:
            other.result()


@loops
def scaled(
    log_probs: Array, target: Array, blank: int, gradient: Array, tables: Array, floor: float, chunk: int
) -> tuple[float, float]:
    """One utterance with rescaled probabilities.

    Args:
        log_probs: (T, C).
        target: (S,).
        blank: the class that stands for no label.
        gradient: (T, C), filled with d loss / d log_probs.
        tables: (2, at least T, at least S + 1), room for the two tables.
        floor: what is added to every state after a chunk of frames, so that none is less than the truth.
        chunk: frames without rescaling.

    Returns:
        The loss, and the bound on what floors added to the probability.
    """
    T, C = log_probs.shape
    S = len(target)
    probs, offset = relative_probabilities(log_probs)
    skip = unlike_before(target)
    label, gap = tables[0, :T, : S + 1], tables[1, :T, : S + 1]
    label[:], gap[:] = 0.0, 0.0
    gain = np.ones(T)

    emit = np.zeros(S + 1)  # what each label emits in one frame, rescaled
    gap[0, 0] = probs[0, blank]
    if S > 0:
        label[0, 1] = probs[0, target[0]]
    for t in range(1, T):
        if t % chunk == 0:
            label[t - 1, 1:] += floor
            gap[t - 1] += floor
            size = label[t - 1].sum() + gap[t - 1].sum()
            gain[t] = 1 / size
            offset += math.log(size)
        for i in range(S):
            emit[i + 1] = probs[t, target[i]] * gain[t]
        emit_blank = probs[t, blank] * gain[t]
        first, last = max(1, S - (T - 1 - t)), min(S, t + 1)  # labels that can be reached, and can reach the end
        label_before, gap_before, label_now, gap_now = label[t - 1], gap[t - 1], label[t], gap[t]
        for i in range(first, last + 1):
            label_now[i] = (label_before[i] + gap_before[i - 1] + skip[i] * label_before[i - 1]) * emit[i]
        for i in range(first - 1, last + 1):
            gap_now[i] = (gap_before[i] + label_before[i]) * emit_blank
    label[T - 1, 1:] += floor
    gap[T - 1] += floor

    total = gap[T - 1, S] + (label[T - 1, S] if S > 0 else 0.0)
    from_label, from_gap = np.zeros(S + 1), np.zeros(S + 1)  # β, in units in which the total is 1
    from_gap[S] = 1 / total
    if S > 0:
        from_label[S] = 1 / total
    error = floor * (from_label.sum() + from_gap.sum())
    shares = np.zeros(C)
    for t in range(T - 1, -1, -1):
        shares[:] = 0.0
        for i in range(S):
            shares[target[i]] += label[t, i + 1] * from_label[i + 1]
            emit[i + 1] = probs[t, target[i]] * gain[t]
        shares[blank] = (gap[t] * from_gap).sum()
        gradient[t] = -shares

        emit_blank = probs[t, blank] * gain[t]
        for i in range(S + 1):
            from_label[i] *= emit[i]
            from_gap[i] *= emit_blank
        for i in range(S):
            onward = from_label[i] + from_gap[i] + skip[i + 1] * from_label[i + 1]
            from_gap[i] += from_label[i + 1]
            from_label[i] = onward
        from_label[S] += from_gap[S]
        from_label[0] = 0.0
        if t % chunk == 0:
            from_label[1:] += floor
            from_gap += floor
            error += floor * (from_label.sum() + from_gap.sum())
    return -(math.log(total) + offset), error


@loops
def relative_probabilities(log_probs: Array) -> tuple[Array, float]:
    """Each frame's probabilities over its largest, and the sum of the logarithms divided out."""
    T, C = log_probs.shape
    probs, offset = np.empty((T, C)), 0.0
    for t in range(T):
        top = -math.inf
        for c in range(C):
            top = max(top, log_probs[t, c])
        top = 0.0 if top == -math.inf else top
        for c in range(C):
            probs[t, c] = math.exp(log_probs[t, c] - top)
        offset += top
    return probs, offset


@loops
def unlike_before(target: Array) -> Array:
    """One where the i-th label, counted from 1, may follow the one before it at once; zero at 0, 1 and repeats."""
    skip = np.zeros(len(target) + 1)
    for i in range(2, len(target) + 1):
        skip[i] = 1.0 if target[i - 1] != target[i - 2] else 0.0
    return skip


@loops
def logarithmic(log_probs: Array, target: Array, blank: int, gradient: Array, tables: Array) -> float:
    """The same in log space: slower, for utterances whose numbers are too far apart. Returns the loss."""
    T, C = log_probs.shape
    S = len(target)
    skip = unlike_before(target)
    label, gap = tables[0, :T, : S + 1], tables[1, :T, : S + 1]
    label[:], gap[:] = -math.inf, -math.inf

    gap[0, 0] = log_probs[0, blank]
    if S > 0:
        label[0, 1] = log_probs[0, target[0]]
    for t in range(1, T):
        gap[t, 0] = gap[t - 1, 0] + log_probs[t, blank]
        for i in range(1, S + 1):
            ways = log_add(label[t - 1, i], gap[t - 1, i - 1])
            if skip[i] > 0:
                ways = log_add(ways, label[t - 1, i - 1])
            label[t, i] = ways + log_probs[t, target[i - 1]]
            gap[t, i] = log_add(gap[t - 1, i], label[t - 1, i]) + log_probs[t, blank]

    total = log_add(label[T - 1, S], gap[T - 1, S])
    if total == -math.inf:
        gradient[:] = 0.0
        return math.inf
    from_label, from_gap = np.full(S + 1, -math.inf), np.full(S + 1, -math.inf)
    from_gap[S] = -total
    if S > 0:
        from_label[S] = -total
    shares = np.zeros(C)
    for t in range(T - 1, -1, -1):
        shares[:] = 0.0
        for i in range(S + 1):
            shares[blank] += math.exp(gap[t, i] + from_gap[i])
        for i in range(1, S + 1):
            shares[target[i - 1]] += math.exp(label[t, i] + from_label[i])
        gradient[t] = -shares

        for i in range(S + 1):
            from_gap[i] += log_probs[t, blank]
            if i > 0:
                from_label[i] += log_probs[t, target[i - 1]]
        for i in range(S):
            onward = log_add(from_label[i], from_gap[i])
            if skip[i + 1] > 0:
                onward = log_add(onward, from_label[i + 1])
            from_gap[i] = log_add(from_gap[i], from_label[i + 1])
            from_label[i] = onward
        from_label[S] = log_add(from_label[S], from_gap[S])
        from_label[0] = -math.inf
    return -total


@loops
def log_add(a: float, b: float) -> float:
    """log(eᵃ + eᵇ), also where both are −inf."""
    if a < b:
        a, b = b, a
    return a if b == -math.inf else a + math.log1p(math.exp(b - a))
