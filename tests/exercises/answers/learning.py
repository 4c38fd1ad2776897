import numpy as np
import torch
import torch.nn.functional as F

from w2v2course.ctc import backward_table as going_on
from w2v2course.ctc import ctc_loss, expand, forward_table, occupancy


def shares_by_softmax(log_alpha, log_beta):
    return torch.softmax(log_alpha + log_beta, dim=1).nan_to_num()


def shares_by_division(log_alpha, log_beta):
    through = (log_alpha + log_beta).double()
    top = through.max(dim=1, keepdim=True).values.clamp(min=-1e300)
    worth = (through - top).exp()
    return (worth / worth.sum(dim=1, keepdim=True).clamp(min=1e-300)).numpy()


def classes_in_a_loop(shares, states, classes):
    by_class = torch.zeros(len(shares), classes)
    for s, symbol in enumerate(states):
        by_class[:, symbol] += shares[:, s]
    return by_class


def classes_by_matrix(shares, states, classes):
    return shares.double() @ F.one_hot(torch.tensor(states), classes).double()


def prior_in_logs(log_probs, prior_scale):
    T = len(log_probs)
    return log_probs - prior_scale * (torch.logsumexp(log_probs, 0) - np.log(T))


def prior_in_doubles(log_probs, prior_scale):
    log_probs = log_probs.double().numpy()
    return log_probs - prior_scale * np.log(np.exp(log_probs).mean(axis=0))


def _loss(logits, target, blank=0):
    targets = torch.tensor([target], dtype=torch.long)
    return ctc_loss(logits.log_softmax(-1)[None], targets, None, None, blank, "sum")


def differences_entry_by_entry(logits, target, step):
    slopes = torch.empty_like(logits)
    for t in range(len(logits)):
        for c in range(logits.shape[1]):
            up, down = logits.clone(), logits.clone()
            up[t, c] += step
            down[t, c] -= step
            slopes[t, c] = (_loss(up, target) - _loss(down, target)) / (2 * step)
    return slopes


def differences_in_one_batch(logits, target, step):
    T, C = logits.shape
    moves = step * torch.eye(T * C, dtype=logits.dtype).reshape(T * C, T, C)
    targets = torch.tensor([target] * (2 * T * C))
    moved = torch.cat([logits + moves, logits - moves]).log_softmax(-1)
    up, down = ctc_loss(moved, targets, None, None, reduction="none").chunk(2)
    return ((up - down) / (2 * step)).reshape(T, C)


def beta_in_loops(log_probs, target, blank=0):
    states = list(expand(target, blank))
    T, L = len(log_probs), len(states)
    beta = torch.full((T, L), -torch.inf, dtype=torch.double)
    beta[T - 1, max(L - 2, 0) :] = 0
    for t in reversed(range(T - 1)):
        for s in range(L):
            ways = [s, s + 1][: L - s]
            if s + 2 < L and states[s] not in (blank, states[s + 2]):
                ways.append(s + 2)
            beta[t, s] = torch.stack([beta[t + 1, w] + log_probs[t + 1, states[w]] for w in ways]).logsumexp(0)
    return beta


def beta_by_turning_round(log_probs, target, blank=0):
    """The forward table of the text read backwards, without its own emission."""
    states = list(expand(target, blank))
    forwards = forward_table(log_probs.flip(0).double(), target[::-1], blank).flip(0, 1)
    return forwards - log_probs.double()[:, states]


def gradient_by_formula(logits, target, blank=0):
    shares = occupancy(logits.log_softmax(-1), target, blank)
    return logits.softmax(-1) - classes_by_matrix(shares, expand(target, blank), logits.shape[1])


def gradient_from_tables(logits, target, blank=0):
    log_probs = logits.log_softmax(-1)
    shares = shares_by_softmax(forward_table(log_probs, target, blank), going_on(log_probs, target, blank))
    gradient = logits.softmax(-1).float()
    for s, symbol in enumerate(expand(target, blank)):
        gradient[:, symbol] -= shares[:, s].float()
    return gradient


ANSWERS = {
    "state_shares": (shares_by_softmax, shares_by_division),
    "class_shares": (classes_in_a_loop, classes_by_matrix),
    "remove_prior": (prior_in_logs, prior_in_doubles),
    "central_differences": (differences_entry_by_entry, differences_in_one_batch),
    "backward_table": (beta_in_loops, beta_by_turning_round),
    "logit_gradient": (gradient_by_formula, gradient_from_tables),
}
