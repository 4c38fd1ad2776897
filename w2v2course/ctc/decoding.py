"""Reading labels out of posteriors (chapter `decoding`): greedy search, and the one door to beam search."""

from torch import Tensor

from w2v2course.ctc.arguments import check_log_probs, on_float64_device
from w2v2course.ctc.hypothesis import Hypothesis
from w2v2course.lengths import check_lengths

__all__ = ["Hypothesis", "greedy_decode"]


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
        TypeError, ValueError: log_probs, lengths or blank are not as said above.

    Source: Graves et al. (2006), section 3.2, best path decoding.
    """
    check_log_probs(log_probs, blank)
    B, T, _ = log_probs.shape  # utterances, frames, classes
    lengths = check_lengths(lengths, B, T, log_probs.device)
    frames = [T] * B if lengths is None else lengths.tolist()
    best, path = on_float64_device(log_probs.detach()).double().max(dim=-1)  # (B, T) each
    return [
        [_best_path(symbols[:real], values[:real].sum().item(), blank)]
        for symbols, values, real in zip(path.tolist(), best, frames, strict=True)
    ]


def _best_path(path: list[int], log_prob: float, blank: int) -> Hypothesis:
    begins = [t for t, symbol in enumerate(path) if symbol != blank and (t == 0 or path[t - 1] != symbol)]
    return Hypothesis(tuple(path[t] for t in begins), log_prob, log_prob, tuple(begins))
