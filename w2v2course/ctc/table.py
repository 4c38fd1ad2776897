"""The trellis of one utterance (chapters `trellis` and `learning`): forward, backward, occupancy. The readable level.

State s of frame t stands for all paths that are, in frame t, at place s of the expanded target ``ε c ε a ε b ε``.
Everything is in log space: a product is a sum, a sum is a logsumexp, and what cannot happen is −inf.
"""

import math

import torch
from torch import Tensor

from w2v2course.ctc.alignments import Label, expand
from w2v2course.ctc.arguments import check_log_probs


@torch.no_grad()
def forward_table(log_probs: Tensor, target: list[Label] | tuple[Label, ...] | Tensor, blank: int = 0) -> Tensor:
    """log α (chapter `trellis`): all ways to begin, up to and including this frame's emission.

    ``α_t(s) = (α_{t−1}(s) + α_{t−1}(s−1) + [s is a label unlike the one before] α_{t−1}(s−2)) · p_t(symbol of s)``

    Args:
        log_probs: (T, C), one utterance, natural log-probabilities.
        target: S labels.
        blank: the class that stands for no label.

    Returns:
        (T, L) with L = 2 S + 1, natural logarithms, −inf where no path leads, never NaN; half precision is computed,
        and returned, in float32. No gradient flows through it: chapter `learning` writes the gradient down.

    Raises:
        TypeError, ValueError: an argument is not as said above, or target holds the blank or what is no class.

    Source: Graves et al. (2006), section 4.1, equations 5 to 7.
    """
    emission, may_skip = _trellis(log_probs, target, blank)
    T, _ = emission.shape  # frames, states
    alpha = torch.full_like(emission, -math.inf)
    alpha[:1, :2] = emission[:1, :2]  # a path begins with a blank or the first label
    for t in range(1, T):
        stay = alpha[t - 1]
        step = _shift(alpha[t - 1], 1)
        skip = _shift(alpha[t - 1], 2).masked_fill(~may_skip, -math.inf)
        alpha[t] = torch.stack([stay, step, skip]).logsumexp(dim=0) + emission[t]
    return alpha


@torch.no_grad()
def backward_table(log_probs: Tensor, target: list[Label] | tuple[Label, ...] | Tensor, blank: int = 0) -> Tensor:
    """log β (chapter `learning`): all ways to go on from here, **without** this frame's emission.

    ``β_t(s) = Σ over the states s' that may follow s of p_{t+1}(symbol of s') · β_{t+1}(s')``

    So each emission of a path counts once in ``α_t(s) · β_t(s)``, and its sum over states is P(target) in every frame.

    Args:
        log_probs: (T, C), one utterance, natural log-probabilities.
        target: S labels.
        blank: the class that stands for no label.

    Returns:
        (T, L), as :func:`forward_table`.

    Raises:
        TypeError, ValueError: as :func:`forward_table`.

    Source: Graves et al. (2006), section 4.1, equations 9 to 11, whose β counts this frame's emission too.
    """
    emission, may_skip = _trellis(log_probs, target, blank)
    T, _ = emission.shape  # frames, states
    beta = torch.full_like(emission, -math.inf)
    beta[-1:, -2:] = 0.0  # a path ends with the last label or the blank after it
    for t in range(T - 2, -1, -1):
        onward = beta[t + 1] + emission[t + 1]
        stay = onward
        step = _shift(onward, -1)
        skip = _shift(onward.masked_fill(~may_skip, -math.inf), -2)
        beta[t] = torch.stack([stay, step, skip]).logsumexp(dim=0)
    return beta


@torch.no_grad()
def occupancy(log_probs: Tensor, target: list[Label] | tuple[Label, ...] | Tensor, blank: int = 0) -> Tensor:
    """How probable each state is in each frame, given the target (chapter `learning`): CTC's teacher.

    ``occupancy_t(s) = α_t(s) · β_t(s) / P(target)``

    Args:
        log_probs: (T, C), one utterance, natural log-probabilities.
        target: S labels.
        blank: the class that stands for no label.

    Returns:
        (T, L), probabilities; each row sums to one. All zero, never NaN, where no path says the target.

    Raises:
        TypeError, ValueError: as :func:`forward_table`.

    Source: Graves et al. (2006), section 4.2, equations 13 to 15.
    """
    through = forward_table(log_probs, target, blank) + backward_table(log_probs, target, blank)  # (T, L)
    total = through.logsumexp(dim=1, keepdim=True)  # (T, 1), the same in every frame
    return (through - total.masked_fill(total == -math.inf, 0.0)).exp()


def _trellis(log_probs: Tensor, target: list[Label] | tuple[Label, ...] | Tensor, blank: int) -> tuple[Tensor, Tensor]:
    """What each state emits in each frame, (T, L), and which states may be reached by skipping a blank, (L,)."""
    check_log_probs(log_probs, blank, "(T, C)")
    states = expand(target, blank)
    for place, label in enumerate(states[1::2]):
        if isinstance(label, bool) or not isinstance(label, int) or not 0 <= label < log_probs.shape[1]:
            raise ValueError(
                f"target[{place}] is {label!r}, but log_probs have the classes 0 … {log_probs.shape[1] - 1}; "
                f"encode letters with a vocabulary first"
            )
    if log_probs.dtype in (torch.float16, torch.bfloat16):
        log_probs = log_probs.float()
    may_skip = [s >= 2 and states[s] != blank and states[s] != states[s - 2] for s in range(len(states))]
    return log_probs[:, list(states)], torch.tensor(may_skip, device=log_probs.device)


def _shift(row: Tensor, places: int) -> Tensor:
    """Move a row of states up (or down, if negative) by some places; what comes in is −inf."""
    moved = torch.full_like(row, -math.inf)
    if places > 0:
        moved[places:] = row[:-places]
    else:
        moved[:places] = row[-places:]
    return moved
