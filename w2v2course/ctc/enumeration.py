"""The definitions themselves (chapter `alignments`): every path is written down. Oracles for all that is faster."""

import math
from itertools import product

import torch
from torch import Tensor

from w2v2course.ctc.alignments import Label, collapse, labels
from w2v2course.ctc.arguments import check_log_probs
from w2v2course.ctc.hypothesis import Hypothesis

MOST_PATHS = 5_000_000


def ctc_loss_by_enumeration(
    log_probs: Tensor, target: list[Label] | tuple[Label, ...] | Tensor, blank: int = 0
) -> Tensor:
    """CTC's loss as it is defined (chapter `alignments`): minus the log of the summed probability of all alignments.

    Args:
        log_probs: (T, C), one utterance, natural log-probabilities.
        target: S labels.
        blank: the class that stands for no label.

    Returns:
        A tensor without axes, in the dtype of log_probs (half precision: float32), differentiable by autograd where
        any alignment is possible; inf where none is.

    Raises:
        TypeError, ValueError: log_probs or target are not as said above, or there are more than five million paths.

    Source: Graves et al. (2006), equations 2, 3 and 8.
    """
    log_probs, paths = _all_paths(log_probs, blank)
    target = labels(target, blank)
    said_by = [path for path in paths if collapse(path, blank) == target]
    if not said_by:
        return log_probs.new_tensor(math.inf)
    return -_path_log_probs(log_probs, said_by).logsumexp(dim=0)


def exhaustive_decode(log_probs: Tensor, blank: int = 0) -> list[Hypothesis]:
    """Every label sequence with its exact log-probability (chapter `decoding`): what a beam search tries to find.

    Args:
        log_probs: (T, C), one utterance, natural log-probabilities.
        blank: the class that stands for no label.

    Returns:
        All label sequences that some path of T frames says, best first, equal ones by their labels. Their
        probabilities sum to one if those of each frame do.

    Raises:
        TypeError, ValueError: log_probs are not as said above, or there are more than five million paths.

    Source: Graves et al. (2006), equation 4.
    """
    log_probs, paths = _all_paths(log_probs.detach().double(), blank)
    values = _path_log_probs(log_probs, paths).tolist()
    sayings: dict[tuple[int, ...], list[tuple[float, tuple[int, ...]]]] = {}
    for path, value in zip(paths, values, strict=True):
        sayings.setdefault(collapse(path, blank), []).append((value, path))
    answers = []
    for said, alignments in sayings.items():
        total = torch.tensor([value for value, _ in alignments], dtype=torch.float64).logsumexp(0).item()
        best = max(alignments)[1]
        begins = [t for t, symbol in enumerate(best) if symbol != blank and (t == 0 or best[t - 1] != symbol)]
        answers.append(Hypothesis(said, total, total, tuple(begins)))
    return sorted(answers, key=lambda answer: (-answer.score, answer.labels))


def _all_paths(log_probs: Tensor, blank: int) -> tuple[Tensor, list[tuple[int, ...]]]:
    check_log_probs(log_probs, blank, "(T, C)")
    T, C = log_probs.shape  # frames, classes
    if C**T > MOST_PATHS:
        raise ValueError(
            f"log_probs of {T} frames and {C} classes have {C}^{T} paths, more than {MOST_PATHS:,}; "
            f"use ctc_loss or beam_search_decode"
        )
    if log_probs.dtype in (torch.float16, torch.bfloat16):
        log_probs = log_probs.float()
    return log_probs, list(product(range(C), repeat=T))


def _path_log_probs(log_probs: Tensor, paths: list[tuple[int, ...]]) -> Tensor:
    """The log-probability of each path, (paths,): frames are independent, so their terms add."""
    T, _ = log_probs.shape
    places = torch.tensor(paths, dtype=torch.long, device=log_probs.device).reshape(len(paths), T)
    return log_probs[torch.arange(T, device=log_probs.device), places].sum(dim=1)
