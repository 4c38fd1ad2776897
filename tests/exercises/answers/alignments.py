import math
import re
from functools import reduce
from itertools import groupby, pairwise, product

import numpy as np
import torch


def frames_by_pairs(target):
    return len(target) + sum(a == b for a, b in pairwise(target))


def frames_by_walking(target):
    frames, before = 0, None
    for letter in target:
        frames += 1 + (letter == before)
        before = letter
    return frames


def collapse_by_groups(path, blank="ε"):
    return "".join(symbol for symbol, _ in groupby(path) if symbol != blank)


def collapse_by_pattern(path, blank="ε"):
    return re.sub(r"(.)\1+", r"\1", path).replace(blank, "")


def path_in_a_loop(log_probs, path):
    return sum(log_probs[t, symbol].item() for t, symbol in enumerate(path))


def path_by_gather(log_probs, path):
    return log_probs.double().gather(1, torch.tensor(path)[:, None]).sum()


def path_by_product(log_probs, path):
    return math.log(math.prod(math.exp(log_probs[t, symbol]) for t, symbol in enumerate(path[:20]))) + (
        path_by_product(log_probs[20:], path[20:]) if len(path) > 20 else 0.0
    )


def sum_with_largest_out(values):
    top = values.max()
    return top if top.isinf() else top + (values - top).exp().sum().log()


def sum_two_by_two(values):
    return reduce(np.logaddexp, values.double().numpy(), -np.inf)


def sum_by_hand(values):
    numbers = values.tolist()
    top = max(numbers)
    return -math.inf if top == -math.inf else top + math.log(math.fsum(math.exp(x - top) for x in numbers))


def probability_of_listed_paths(probs, target, blank=0):
    T, C = probs.shape
    total = 0.0
    for path in product(range(C), repeat=T):
        if [c for c, _ in groupby(path) if c != blank] == list(target):
            total += math.prod(probs[t, c].item() for t, c in enumerate(path))
    return total


def probability_by_tensors(probs, target, blank=0):
    T, C = probs.shape
    paths = torch.cartesian_prod(*[torch.arange(C)] * T).reshape(-1, T)  # (C^T, T)
    worth = probs.double()[torch.arange(T), paths].prod(dim=1)
    says = torch.tensor([[c for c, _ in groupby(path) if c != blank] == target for path in paths.tolist()])
    return worth[says].sum()


def count_by_formula(target, frames):
    repeats = sum(a == b for a, b in pairwise(target))
    return math.comb(frames + len(target) - repeats, 2 * len(target))


def count_by_label(target, frames):
    """For each label: ways that end in it, and ways that end in the blank behind it."""
    label, blank = [0] * len(target), [1] + [0] * len(target)
    for t in range(frames):
        new_label = []
        for i, letter in enumerate(target):
            fresh = blank[i] + (label[i - 1] if i and target[i - 1] != letter else 0)
            new_label.append(label[i] + fresh if t or i == 0 else 0)
        blank = [blank[0]] + [b + a for a, b in zip(label, blank[1:], strict=True)]
        label = new_label
    return (label[-1] if target else 0) + blank[-1]


ANSWERS = {
    "minimum_frames": (frames_by_pairs, frames_by_walking),
    "collapse_path": (collapse_by_groups, collapse_by_pattern),
    "path_log_prob": (path_in_a_loop, path_by_gather, path_by_product),
    "log_sum_exp": (sum_with_largest_out, sum_two_by_two, sum_by_hand),
    "target_probability": (probability_of_listed_paths, probability_by_tensors),
    "count_alignments": (count_by_formula, count_by_label),
}
