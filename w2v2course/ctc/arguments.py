"""What the functions of this package accept, checked once a public call (used by chapters `trellis` to `spans`)."""

import os
from importlib.util import find_spec

import torch
from torch import Tensor

from w2v2course.lengths import INTEGERS, check_floating, check_lengths, padding_mask


def check_log_probs(log_probs: Tensor, blank: int, axes: str = "(B, T, C)") -> None:
    """Require log-probabilities with the given axes, and a blank among the classes.

    Raises:
        TypeError: not a floating tensor, or the blank is no integer.
        ValueError: another number of axes, no classes, or a blank that is not one of them.
    """
    check_floating(log_probs, "log_probs")
    wanted = axes.count(",") + 1
    if log_probs.ndim != wanted:
        hint = "add the batch axis with log_probs[None]" if wanted == 3 else "pass one utterance, such as log_probs[0]"
        raise ValueError(f"log_probs must have the axes {axes}, but its shape is {tuple(log_probs.shape)}; {hint}")
    if isinstance(blank, bool) or not isinstance(blank, int):
        raise TypeError(f"blank must be the integer index of a class, but is a {type(blank).__name__}")
    if not 0 <= blank < log_probs.shape[-1]:
        raise ValueError(
            f"blank must be one of the {log_probs.shape[-1]} classes of log_probs, "
            f"0 … {log_probs.shape[-1] - 1}, but is {blank}"
        )


def numba_compiles() -> bool:
    """Whether loops compiled by numba are to be had: it is installed, and nobody switched its compiler off."""
    return find_spec("numba") is not None and os.environ.get("NUMBA_DISABLE_JIT", "") in ("", "0")


def on_float64_device(x: Tensor) -> Tensor:
    """The tensor itself, or a copy on the CPU where its device knows no float64 (Apple's MPS)."""
    return x.cpu() if x.device.type == "mps" else x


def real_frames(log_probs: Tensor, lengths: Tensor | None) -> tuple[Tensor, list[int]]:
    """log_probs (B, T, C) in float64, off the autograd graph, zero past lengths; and how many frames each row has.

    Raises:
        ValueError: a real frame holds not-a-number.
    """
    B, T, _ = log_probs.shape  # utterances, frames
    log_probs = on_float64_device(log_probs.detach()).double()
    if lengths is None:
        frames = [T] * B
    else:
        frames = lengths.tolist()
        log_probs = log_probs.masked_fill(padding_mask(lengths.to(log_probs.device), T)[..., None], 0.0)
    if log_probs.isnan().any():
        row, frame = log_probs.isnan().any(2).nonzero()[0].tolist()
        raise ValueError(f"log_probs[{row}, {frame}] hold not-a-number; look for what made it before decoding")
    return log_probs, frames


def pad_targets(
    targets: Tensor, target_lengths: Tensor | None, batch: int, classes: int, blank: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Validate targets, padded or concatenated, and bring them into one form.

    Args:
        targets: (B, S) padded, or (sum of target_lengths,) concatenated; integers.
        target_lengths: (B,), how many labels of each row are real; None: all of a padded row.
        batch: B.
        classes: C.
        blank: the class that no target may hold.
        device: where log_probs lie.

    Returns:
        targets (B, S), int64, with the blank where a row is padding, and target_lengths (B,), int64. On `meta`, where
        lengths have no values, concatenated targets are taken to be one row each as long as all together.

    Raises:
        TypeError: targets are no integer tensor.
        ValueError: shapes or devices that do not fit, or a real label that is the blank or no class.
    """
    if not isinstance(targets, Tensor):
        raise TypeError(f"targets must be an integer tensor, but is a {type(targets).__name__}; use torch.tensor")
    if targets.dtype not in INTEGERS:
        raise TypeError(f"targets must hold integers, but its dtype is {targets.dtype}; convert it with .long()")
    if targets.device != device:
        raise ValueError(
            f"targets are on {targets.device} and log_probs on {device}; move them with .to({str(device)!r})"
        )
    if (targets.ndim == 2 and targets.shape[0] != batch) or targets.ndim not in (1, 2):
        raise ValueError(
            f"targets must be padded, ({batch}, S), or concatenated, with one axis, but their shape is "
            f"{tuple(targets.shape)}; the batch of {batch} is the first axis of log_probs, which are (B, T, C) here"
        )
    if target_lengths is None:
        if targets.ndim == 1:
            raise ValueError("target_lengths is None, but concatenated targets need it: pass one length for each row")
        target_lengths = torch.full((batch,), targets.shape[1], device=device)
    longest = targets.shape[-1]
    target_lengths = check_lengths(target_lengths, batch, longest, device, name="target_lengths", unit="labels")
    targets = targets.long()
    if targets.ndim == 1:
        targets = _unpack(targets, target_lengths)
    padding = torch.arange(targets.shape[1], device=device) >= target_lengths[:, None]
    if not targets.is_meta:
        _check_labels(targets, padding, classes, blank)
    return targets.masked_fill(padding, blank), target_lengths


def _unpack(targets: Tensor, target_lengths: Tensor) -> Tensor:
    """Concatenated targets as padded rows; padding repeats some label, the caller masks it."""
    if targets.is_meta:
        return targets.expand(target_lengths.shape[0], -1)
    total = int(target_lengths.sum())
    if total != targets.shape[0]:
        raise ValueError(
            f"target_lengths add up to {total}, but concatenated targets hold {targets.shape[0]} labels; "
            f"they must be equal"
        )
    longest = int(target_lengths.max()) if target_lengths.numel() else 0
    begin = target_lengths.cumsum(0) - target_lengths
    place = begin[:, None] + torch.arange(longest, device=targets.device)
    return targets[place.clamp_(max=max(total - 1, 0))]


def _check_labels(targets: Tensor, padding: Tensor, classes: int, blank: int) -> None:
    wrong = ((targets < 0) | (targets >= classes) | (targets == blank)) & ~padding
    if wrong.any():
        row, place = wrong.nonzero()[0].tolist()
        label = int(targets[row, place])
        if label == blank:
            raise ValueError(
                f"targets[{row}, {place}] is the blank, {blank}; a target holds labels only, "
                f"blanks come in by themselves: drop it"
            )
        raise ValueError(
            f"targets[{row}, {place}] is {label}, but log_probs have the classes 0 … {classes - 1}; "
            f"check the vocabulary, or target_lengths if that label is padding"
        )
