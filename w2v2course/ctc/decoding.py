"""Reading labels out of posteriors (chapter `decoding`): greedy search, and the one door to beam search."""

from importlib.util import find_spec
from types import ModuleType

import torch
from torch import Tensor

from w2v2course.ctc import batched_search, prefix_search
from w2v2course.ctc.arguments import check_log_probs, numba_compiles, real_frames
from w2v2course.ctc.hypothesis import Hypothesis
from w2v2course.ctc.language_model import LanguageModel, NGram
from w2v2course.lengths import check_lengths

__all__ = ["Hypothesis", "beam_search_decode", "greedy_decode"]

BACKENDS = ("auto", "readable", "torch", "compiled")


def greedy_decode(log_probs: Tensor, lengths: Tensor | None = None, blank: int = 0) -> list[list[Hypothesis]]:
    """Take the likeliest symbol of each frame, then collapse (chapter `decoding`): the best path, not the best labels.

    Args:
        log_probs: (B, T, C), natural log-probabilities of each frame's classes.
        lengths: (B,), real frames of each row; None: all. What stands past them is not looked at.
        blank: the class that stands for no label.

    Returns:
        One hypothesis a row, in a list of its own, as beam search returns them; ``log_prob`` and ``score`` are the
        log-probability of that one path, added up in float64. Among equal classes the smallest wins.

    Raises:
        TypeError, ValueError: log_probs, lengths or blank are not as said above, or log_probs hold not-a-number in a
            real frame.

    Source: Graves et al. (2006), section 3.2, best path decoding.
    """
    check_log_probs(log_probs, blank)
    B, T, _ = log_probs.shape  # utterances, frames, classes
    lengths = check_lengths(lengths, B, T, log_probs.device)
    log_probs, frames = real_frames(log_probs, lengths)
    best, path = log_probs.max(dim=-1)  # (B, T) each
    return [
        [_best_path(symbols[:real], values[:real].sum().item(), blank)]
        for symbols, values, real in zip(path.tolist(), best, frames, strict=True)
    ]


def _best_path(path: list[int], log_prob: float, blank: int) -> Hypothesis:
    begins = [t for t, symbol in enumerate(path) if symbol != blank and (t == 0 or path[t - 1] != symbol)]
    return Hypothesis(tuple(path[t] for t in begins), log_prob, log_prob, tuple(begins))


def beam_search_decode(
    log_probs: Tensor,
    lengths: Tensor | None = None,
    blank: int = 0,
    beam_width: int = 16,
    language_model: LanguageModel | None = None,
    lm_weight: float = 0.5,
    length_bonus: float = 0.0,
    top_k: int | None = None,
    backend: str = "auto",
) -> list[list[Hypothesis]]:
    """Sum the paths that say the same, and keep the likeliest prefixes (chapter `decoding`).

    ``score = log P(labels | audio) + lm_weight · log P(labels | language model) + length_bonus · number of labels``,
    where the first term counts the alignments that were kept; it never exceeds the exact one, and equals it when
    nothing was pruned. The search is not exact, and a wider beam is not always better.

    Args:
        log_probs: (B, T, C), natural log-probabilities of each frame's classes; −inf is allowed.
        lengths: (B,), real frames of each row; None: all. What stands past them is not looked at.
        blank: the class that stands for no label.
        beam_width: how many prefixes are kept after each frame.
        language_model: its ``score(prefix, label)`` is asked once for each new label; None: no language model.
        lm_weight: what its logarithms are multiplied by; at 0 it is not asked.
        length_bonus: added for each label, since a language model prefers to say little.
        top_k: only the k likeliest labels of a frame extend a prefix (equal ones: the smaller first); None: all.
        backend: "readable": a dictionary, any language model; "torch": tensor operations on any device;
            "compiled": arrays and loops compiled by numba, on the CPU; the last two know no language model but NGram.
            "auto": the fastest that will do. All compute in float64 and agree.

    Returns:
        For each row the last beam, best first; scores that agree to nine decimals are ties, and go to the smaller label
        sequence. Where every path has probability zero: one hypothesis without labels and with scores of −inf.

    Raises:
        TypeError, ValueError: an argument is not as said above, or log_probs hold not-a-number in a real frame.
        ModuleNotFoundError: backend="compiled" without numba.
    """
    check_log_probs(log_probs, blank)
    B, T, C = log_probs.shape  # utterances, frames, classes
    lengths = check_lengths(lengths, B, T, log_probs.device)
    for name, value in (("beam_width", beam_width), ("top_k", top_k)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise ValueError(f"{name} must be an integer of at least 1, but is {value!r}")
    if language_model is not None and not callable(getattr(language_model, "score", None)):
        raise TypeError(
            f"language_model must have a method score(prefix, label), as NGram has, but is a "
            f"{type(language_model).__name__}; fit one with NGram.fit"
        )
    language_model = None if lm_weight == 0 else language_model
    if isinstance(language_model, NGram) and language_model.log_probs.shape[1] != C:
        raise ValueError(
            f"language_model knows {language_model.log_probs.shape[1]} classes, but log_probs have {C}; "
            f"fit it with the vocabulary of the model"
        )
    backend = _choose_backend(backend, log_probs.device, language_model)
    if C == 1:
        return greedy_decode(log_probs, lengths, blank)

    log_probs, frames = real_frames(log_probs, lengths)
    extensions = likeliest_labels(log_probs, blank, top_k)
    options = (blank, beam_width, language_model, lm_weight, length_bonus)
    if backend != "readable":
        in_tables = language_model if isinstance(language_model, NGram) else None
        level: ModuleType = batched_search
        if backend == "compiled":
            from w2v2course.ctc import compiled_search as level
        return level.prefix_search(log_probs, extensions, frames, blank, beam_width, in_tables, lm_weight, length_bonus)
    return [
        prefix_search.prefix_search(row[:real].tolist(), labels[:real].tolist(), *options)
        for row, labels, real in zip(log_probs, extensions, frames, strict=True)
    ]


def likeliest_labels(log_probs: Tensor, blank: int, top_k: int | None) -> Tensor:
    """The labels that may extend a prefix in each frame: (B, T, min(k, C − 1)), ascending, the blank not among them."""
    B, T, C = log_probs.shape  # utterances, frames, classes
    labels = torch.tensor([c for c in range(C) if c != blank], device=log_probs.device)
    if top_k is None or top_k >= C - 1:
        return labels.expand(B, T, -1)
    order = log_probs[..., labels].sort(dim=2, descending=True, stable=True).indices
    return labels[order[..., :top_k]].sort(dim=2).values


def _choose_backend(backend: str, device: torch.device, language_model: LanguageModel | None) -> str:
    in_tables = language_model is None or isinstance(language_model, NGram)
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, but is {backend!r}")
    if backend in ("torch", "compiled") and not in_tables:
        raise ValueError(
            f'backend="{backend}" knows no language model but NGram, and language_model is a '
            f'{type(language_model).__name__}; use backend="readable"'
        )
    if backend == "compiled" and device.type != "cpu":
        raise ValueError(f'backend="compiled" runs on the CPU, but log_probs are on {device}; use backend="torch"')
    if backend == "compiled" and find_spec("numba") is None:
        raise ModuleNotFoundError('backend="compiled" needs numba: pip install numba, or use "torch"')
    if backend == "auto":
        if not in_tables:
            return "readable"
        return "torch" if device.type != "cpu" else "compiled" if numba_compiles() else "readable"
    return backend
