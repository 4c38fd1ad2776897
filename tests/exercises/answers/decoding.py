from collections import defaultdict
from functools import cache
from itertools import groupby

import jiwer
import numpy as np
import torch

from w2v2course.ctc import ctc_loss, forward_table


def greedy_by_groups(log_probs, blank=0):
    return [c for c, _ in groupby(log_probs.argmax(1).tolist()) if c != blank]


def greedy_by_tensors(log_probs, blank=0):
    path = torch.unique_consecutive(log_probs.double().argmax(dim=-1))
    return path[path != blank]


def distance_by_table(truth, written):
    table = np.zeros((len(truth) + 1, len(written) + 1), dtype=int)
    table[:, 0], table[0, :] = range(len(truth) + 1), range(len(written) + 1)
    for i in range(1, len(truth) + 1):
        for j in range(1, len(written) + 1):
            pair = table[i - 1, j - 1] + (truth[i - 1] != written[j - 1])
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, pair)
    return table[-1, -1]


def distance_by_recursion(truth, written):
    @cache
    def distance(i, j):
        if i == 0 or j == 0:
            return i + j
        if truth[i - 1] == written[j - 1]:
            return distance(i - 1, j - 1)
        return 1 + min(distance(i - 1, j - 1), distance(i - 1, j), distance(i, j - 1))

    return distance(len(truth), len(written))


def rate_by_sums(truths, written):
    edits = sum(distance_by_table(a, b) for a, b in zip(truths, written, strict=True))
    return edits / len("".join(truths))


def rate_by_library(truths, written):
    return jiwer.cer(truths, written)


def scores_in_loops(readings, log_probs, bigram, lm_weight, length_bonus):
    scores = []
    for labels, score in zip(readings, log_probs, strict=True):
        before = 0
        for label in labels:
            score += lm_weight * bigram[before, label].item() + length_bonus
            before = label
        scores.append(score)
    return scores


def scores_by_tensors(readings, log_probs, bigram, lm_weight, length_bonus):
    spoken = [bigram.double()[[0, *labels[:-1]], labels].sum() if labels else torch.tensor(0.0) for labels in readings]
    sizes = torch.tensor([len(labels) for labels in readings])
    return torch.tensor(log_probs) + lm_weight * torch.stack(spoken) + length_bonus * sizes


def blame_by_loss(log_probs, truth, answer, blank=0):
    if answer == truth:
        return "right"
    losses = [
        ctc_loss(log_probs[None], torch.tensor([labels], dtype=torch.long), None, None, blank, "sum")
        for labels in (truth, answer)
    ]
    return "search error" if losses[0] < losses[1] else "model error"


def blame_by_table(log_probs, truth, answer, blank=0):
    said, read = (forward_table(log_probs.double(), x, blank)[-1, -2:].logsumexp(0) for x in (truth, answer))
    return "right" if truth == answer else ("model error", "search error")[int(said > read)]


def step_by_dictionaries(beam, probs, symbols):
    blanks, labels = defaultdict(float), defaultdict(float)
    for prefix, b, n in beam:
        blanks[prefix] += (b + n) * probs[0]
        for symbol, p in zip(symbols[1:], probs[1:], strict=True):
            if prefix and symbol == prefix[-1]:
                labels[prefix] += n * p
                labels[prefix + symbol] += b * p
            else:
                labels[prefix + symbol] += (b + n) * p
    return [(x, blanks[x], labels[x]) for x in sorted({*blanks, *labels}) if blanks[x] + labels[x] > 0]


def step_by_pulling(beam, probs, symbols):
    """For each prefix that may come out: what flows into it."""
    masses = {prefix: (b, n) for prefix, b, n in beam}
    p = dict(zip(symbols, probs, strict=True))
    new = []
    for prefix in sorted(set(masses) | {x + c for x in masses for c in symbols[1:]}):
        b, n = masses.get(prefix, (0.0, 0.0))
        label = n * p[prefix[-1]] if prefix else 0.0
        if prefix and prefix[:-1] in masses:
            before_b, before_n = masses[prefix[:-1]]
            label += (before_b + before_n * (not prefix[:-1].endswith(prefix[-1]))) * p[prefix[-1]]
        if (b + n) * p[symbols[0]] + label > 0:
            new.append([prefix, (b + n) * p[symbols[0]], label])
    return new


ANSWERS = {
    "greedy_labels": (greedy_by_groups, greedy_by_tensors),
    "edit_distance": (distance_by_table, distance_by_recursion),
    "character_error_rate": (rate_by_sums, rate_by_library),
    "fused_scores": (scores_in_loops, scores_by_tensors),
    "whose_error": (blame_by_loss, blame_by_table),
    "beam_step": (step_by_dictionaries, step_by_pulling),
}
