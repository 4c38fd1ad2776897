import math

import numpy as np
import torch


def expand_by_adding(target, blank=0):
    states = [blank]
    for label in target:
        states += [label, blank]
    return states


def expand_by_replacing(target, blank=0):
    states = torch.full((2 * len(target) + 1,), blank)
    states[1::2] = torch.tensor(target, dtype=torch.long)
    return states


def moves_by_asking(states, s, blank=0):
    ways = [s]
    if s + 1 < len(states):
        ways.append(s + 1)
    if s + 2 < len(states) and states[s] != blank and states[s] != states[s + 2]:
        ways.append(s + 2)
    return ways


def moves_by_filter(states, s, blank=0):
    def allowed(way):
        return way < s + 2 or (s % 2 == 1 and states[way] != states[s])

    return tuple(filter(allowed, range(s, min(s + 3, len(states)))))


def table_in_loops(probs, target, blank=0):
    states = expand_by_adding(target, blank)
    alpha = [[0.0] * len(states) for _ in probs]
    for t, row in enumerate(probs.tolist()):
        for s, symbol in enumerate(states):
            if t == 0:
                ways = float(s < 2)
            else:
                ways = sum(alpha[t - 1][max(s - 1, 0) : s + 1])
                if s > 2 and s % 2 and symbol != states[s - 2]:
                    ways += alpha[t - 1][s - 2]
            alpha[t][s] = ways * row[symbol]
    return torch.tensor(alpha)


def table_by_matrix(probs, target, blank=0):
    """Each frame multiplies by one matrix of moves and by its emissions."""
    states = expand_by_adding(target, blank)
    L = len(states)
    moves = torch.zeros(L, L, dtype=torch.double)
    for s in range(L):
        moves[s, moves_by_asking(states, s, blank)] = 1.0
    row = torch.zeros(L, dtype=torch.double)
    row[:2] = 1.0
    rows = []
    for t, frame in enumerate(probs.double()):
        row = (row if t == 0 else row @ moves) * frame[states]
        rows.append(row)
    return torch.stack(rows)


def loss_by_logsumexp(log_alpha):
    return -log_alpha[-1, -2:].logsumexp(0)


def loss_by_logaddexp(log_alpha):
    last = log_alpha[-1].double().numpy()
    return -np.logaddexp(last[-1], last[-2] if len(last) > 1 else -np.inf)


def losses_row_by_row(log_alpha, input_lengths, target_lengths):
    losses = []
    for row, frames, size in zip(log_alpha, input_lengths, target_lengths, strict=True):
        ends = row[frames - 1, max(2 * int(size) - 1, 0) : 2 * int(size) + 1]
        losses.append(-torch.logsumexp(ends, 0))
    return torch.stack(losses)


def losses_by_mask(log_alpha, input_lengths, target_lengths):
    B, T, L = log_alpha.shape
    frame, state = torch.arange(T)[None, :, None], torch.arange(L)[None, None, :]
    here = frame == input_lengths[:, None, None] - 1
    last = 2 * target_lengths[:, None, None]
    here = here & ((state == last) | (state == last - 1))
    return -log_alpha.double().masked_fill(~here, -math.inf).reshape(B, T * L).logsumexp(1)


def logs_in_loops(log_probs, target, blank=0):
    states = expand_by_adding(target, blank)
    alpha = torch.full((len(log_probs), len(states)), -torch.inf, dtype=torch.double)
    alpha[0, :2] = log_probs[0, states[:2]].double()
    for t in range(1, len(log_probs)):
        for s, symbol in enumerate(states):
            ways = alpha[t - 1, max(s - 1, 0) : s + 1].logsumexp(0)
            if s > 2 and s % 2 and symbol != states[s - 2]:
                ways = torch.logaddexp(ways, alpha[t - 1, s - 2])
            alpha[t, s] = ways + log_probs[t, symbol]
    return alpha


def logs_by_rescaling(log_probs, target, blank=0):
    """Probabilities that are brought back to a sum of one in each frame, the logarithms of the sums kept."""
    states = expand_by_adding(target, blank)
    skip = torch.tensor([s > 2 and s % 2 == 1 and states[s] != states[s - 2] for s in range(len(states))])
    rows, scale = [], torch.zeros((), dtype=torch.double)
    row = torch.zeros(len(states), dtype=torch.double)
    for t, emission in enumerate(log_probs.double()[:, states].exp()):
        if t == 0:
            row[:2] = emission[:2]
        else:
            padded = torch.cat([row.new_zeros(2), row])
            row = (padded[2:] + padded[1:-1] + skip * padded[:-2]) * emission
        total = row.sum()
        row, scale = row / total, scale + total.log()
        rows.append(row.log() + scale)
    return torch.stack(rows)


ANSWERS = {
    "expand": (expand_by_adding, expand_by_replacing),
    "next_states": (moves_by_asking, moves_by_filter),
    "forward_probabilities": (table_in_loops, table_by_matrix),
    "loss_from_table": (loss_by_logsumexp, loss_by_logaddexp),
    "final_losses": (losses_row_by_row, losses_by_mask),
    "forward_table": (logs_in_loops, logs_by_rescaling),
}
