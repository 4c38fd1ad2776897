"""The recursion for a whole batch in tensor operations (chapter `trellis`), on any device that knows float64.

**How it is fast and safe.** Probabilities of long utterances leave the range of any float, so each row of α is divided
by its sum every few frames, and the logarithms of the divisors are added up. That alone would not be safe: a state may
underflow to zero and matter later, and α and β may lose the same paths, so that comparing the two shows nothing. Hence
after each chunk of frames FLOOR is added to every state. In the few frames between, underflow takes less than that
(8 frames, three ways into a state: below 3⁸ · 8 · 2.3e-308), so α and β are there never less than the truth; and what
the floors put in excess can be bounded. A floor put into state s of frame t reaches the end times β_t(s), which the β
computed here is not less than. So, in units in which the computed total is 1, floors make up at most

    error = Σ over the chunks' last frames t, Σ over s of FLOOR · β_t(s)

of it. Rows in which this exceeds TOLERANCE (or is not a number) are done again in log space. (A probability that is
itself below 2.3e-308 of its frame's largest counts as nothing in both. In a row that passes, no β exceeds
TOLERANCE / FLOOR = 1e240, so all that such steps could add is below 1e-50 of the total.)
"""

import math

import torch
from torch import Tensor

FLOOR = 1e-250
TOLERANCE = 1e-10
CHUNK = 8  # frames without rescaling, at most
GRAIN = 2**15  # PyTorch gives an operation on more numbers to several threads: too small a task to wait for them


def losses_and_gradients(
    log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int
) -> tuple[Tensor, Tensor]:
    """Loss of each row, and its gradient, in tensor operations (chapter `learning`).

    Args:
        log_probs: (B, T, C), float32 or float64, T at least 1.
        targets: (B, S), int64, blanks where a row is padding.
        input_lengths: (B,), int64.
        target_lengths: (B,), int64.
        blank: the class that stands for no label.

    Returns:
        losses (B,), float64, inf where no path says the target; and d loss / d log_probs (B, T, C), in the dtype of
        log_probs: minus how probable each class is in each frame, given the target. Zero past input_lengths.

    Source: Graves et al. (2006), equations 5 to 15.
    """
    C = log_probs.shape[2]
    states, may_skip = expand_batch(targets, target_lengths, blank, padding=C)
    losses, gradient, error = _scaled(log_probs, states, may_skip, input_lengths, target_lengths, blank)
    repeats = (targets[:, 1:] == targets[:, :-1]) & (states[:, 3::2] != C)
    possible = input_lengths >= target_lengths + repeats.sum(1)
    losses = losses.masked_fill(~possible, math.inf)
    gradient.masked_fill_(~possible[:, None, None], 0.0)
    if not log_probs.is_meta:
        again = (possible & ~(error < TOLERANCE)).nonzero()[:, 0]
        if again.numel():
            losses[again], gradient[again] = _logarithmic(
                log_probs[again], states[again], may_skip[again], input_lengths[again], target_lengths[again], blank
            )
    return losses, gradient


def expand_batch(targets: Tensor, target_lengths: Tensor, blank: int, padding: int) -> tuple[Tensor, Tensor]:
    """Blanks between labels, for each row.

    Returns:
        states (B, L), L = 2 S + 1: blank, label, blank, …, and ``padding`` past a row's own 2 · length + 1;
        may_skip (B, L), boolean: which states are labels unlike the label before them.
    """
    B, S = targets.shape  # utterances, labels
    states = targets.new_full((B, 2 * S + 1), blank)
    states[:, 1::2] = targets
    past = torch.arange(2 * S + 1, device=targets.device) > 2 * target_lengths[:, None]
    may_skip = torch.zeros_like(past)
    may_skip[:, 3::2] = targets[:, 1:] != targets[:, :-1]
    return states.masked_fill(past, padding), may_skip & ~past


def _scaled(
    log_probs: Tensor, states: Tensor, may_skip: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Losses, gradients, and for each row a bound on what floors added to its probability."""
    (B, T, _), L = log_probs.shape, states.shape[1]  # utterances, frames, classes; states
    size = max(1, min(CHUNK, GRAIN // (B * L))) if log_probs.device.type == "cpu" else CHUNK  # frames in a chunk
    probs, offset = _probabilities(log_probs, input_lengths, blank)  # (T, B, C + 1)
    may_skip = may_skip.to(probs.dtype)
    # Two states before the first are always empty, so that no state is a special case; β has two after the last.
    alpha = probs.new_zeros(T, B, L + 2)
    alpha[0, :, 2:4] = probs[0].gather(1, states[:, :2])
    gains = []
    for start in range(1, T, size):
        alpha[start - 1, :, 2:].add_(FLOOR)
        gains.append(1 / alpha[start - 1].sum(1, keepdim=True))  # (B, 1)
        for t, emission in enumerate(_emissions(probs[start : start + size], states, gains[-1]), start):
            before, now = alpha[t - 1], alpha[t, :, 2:]
            torch.add(before[:, 2:], before[:, 1:-1], out=now)
            now.addcmul_(before[:, :-2], may_skip).mul_(emission)
    alpha[-1, :, 2:].add_(FLOOR)

    ends = _ends(target_lengths, L, probs.dtype)
    total = (alpha[-1, :, 2:] * ends).sum(1)  # (B,)
    losses = -(total.log() + offset)
    for gain in gains:
        losses += gain[:, 0].log()

    beta, onward = probs.new_zeros(B, L + 2), probs.new_zeros(B, L + 2)
    now = beta[:, :L].copy_(ends / total[:, None])
    skip_from = torch.nn.functional.pad(may_skip, (0, 2))[:, 2:]
    error = FLOOR * now.sum(1)
    gradient = torch.empty_like(log_probs)
    for start in reversed(range(1, T, size)):
        emissions = _emissions(probs[start : start + size], states, gains.pop())
        chunk = alpha[start : start + size, :, 2:]
        for t in reversed(range(len(emissions))):
            chunk[t].mul_(now)  # α becomes the occupancy
            torch.mul(now, emissions[t], out=onward[:, :L])
            torch.add(onward[:, :-2], onward[:, 1:-1], out=now)
            now.addcmul_(onward[:, 2:], skip_from)
        _occupied(gradient, chunk, states, start)
        error += FLOOR * now.add_(FLOOR).sum(1)
    alpha[0, :, 2:].mul_(now)
    _occupied(gradient, alpha[:1, :, 2:], states, 0)
    return losses, gradient.masked_fill_(_past(input_lengths, T), 0.0), error


def _probabilities(log_probs: Tensor, input_lengths: Tensor, blank: int) -> tuple[Tensor, Tensor]:
    """Each frame's probabilities over its largest, (T, B, C + 1), and the sum of the logarithms divided out, (B,).

    The last class is padding's, with probability zero. A frame past the end is a certain blank: all that has come to
    an end stays there, and nothing else can.
    """
    B, T, C = log_probs.shape  # utterances, frames, classes
    past = _past(input_lengths, T)  # (B, T, 1)
    top = log_probs.amax(2, keepdim=True).double()  # (B, T, 1)
    top = top.masked_fill(past | (top == -math.inf), 0.0)
    probs = torch.zeros(T, B, C + 1, dtype=torch.double, device=log_probs.device)
    real = probs[..., :C]
    real.copy_(log_probs.transpose(0, 1)).sub_(top.transpose(0, 1)).exp_()
    real.masked_fill_(past.transpose(0, 1), 0.0)
    real[..., blank].masked_fill_(past[..., 0].T, 1.0)
    return probs, top.sum((1, 2))


def _emissions(probs: Tensor, states: Tensor, gain: Tensor) -> Tensor:
    """What the states emit in the frames of one chunk, (frames, B, L), the first frame rescaled."""
    emissions = probs.gather(2, states.expand(len(probs), -1, -1))
    emissions[0].mul_(gain)
    return emissions


def _occupied(gradient: Tensor, occupancy: Tensor, states: Tensor, start: int) -> None:
    """Add up, for each class, the states that emit it; write minus that into some frames of the gradient."""
    (frames, B, _), C = occupancy.shape, gradient.shape[2]
    classes = occupancy.new_zeros(frames, B, C + 1).scatter_add_(2, states.expand(frames, -1, -1), occupancy)
    gradient[:, start : start + frames] = classes[..., :C].neg_().transpose(0, 1)


def _ends(target_lengths: Tensor, states: int, dtype: torch.dtype) -> Tensor:
    """One for the states in which a path may end, the last label and the blank after it, else zero: (B, L)."""
    place = torch.arange(states, device=target_lengths.device)
    last = 2 * target_lengths[:, None]
    return ((place == last) | (place == last - 1)).to(dtype)


def _past(input_lengths: Tensor, frames: int) -> Tensor:
    """Where padding stands, (B, T, 1)."""
    return (torch.arange(frames, device=input_lengths.device) >= input_lengths[:, None])[..., None]


def _logarithmic(
    log_probs: Tensor, states: Tensor, may_skip: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int
) -> tuple[Tensor, Tensor]:
    """The same in log space: slower, for rows whose numbers are too far apart. Losses and gradients."""
    (B, T, C), L = log_probs.shape, states.shape[1]  # utterances, frames, classes; states
    past = _past(input_lengths, T)
    certain_blank = torch.full((C,), -math.inf, dtype=torch.double, device=log_probs.device)
    certain_blank[blank] = 0.0
    logs = torch.where(past, certain_blank, log_probs.double())
    logs = torch.nn.functional.pad(logs, (0, 1), value=-math.inf).transpose(0, 1)  # (T, B, C + 1)
    skip = torch.zeros_like(may_skip, dtype=torch.double).masked_fill_(~may_skip, -math.inf)
    skip_from = torch.nn.functional.pad(skip, (0, 2), value=-math.inf)[:, 2:]

    alpha = torch.full((T, B, L + 2), -math.inf, dtype=torch.double, device=log_probs.device)
    alpha[0, :, 2:4] = logs[0].gather(1, states[:, :2])
    for t in range(1, T):
        before = alpha[t - 1]
        ways = torch.logaddexp(before[:, 2:], before[:, 1:-1]).logaddexp(before[:, :-2] + skip)
        alpha[t, :, 2:] = ways + logs[t].gather(1, states)

    ends = _ends(target_lengths, L, torch.double).log()
    total = (alpha[-1, :, 2:] + ends).logsumexp(1)  # (B,)
    beta = torch.full((B, L + 2), -math.inf, dtype=torch.double, device=log_probs.device)
    beta[:, :L] = ends - total.masked_fill(total == -math.inf, 0.0)[:, None]
    gradient = torch.empty_like(log_probs)
    for t in reversed(range(T)):
        _occupied(gradient, (alpha[t, :, 2:] + beta[:, :L]).exp()[None], states, t)
        onward = beta.clone()
        onward[:, :L] += logs[t].gather(1, states)
        beta[:, :L] = torch.logaddexp(onward[:, :-2], onward[:, 1:-1]).logaddexp(onward[:, 2:] + skip_from)
    return -total, gradient.masked_fill_(past, 0.0)
