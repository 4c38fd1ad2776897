"""The mirror test (chapter `order`): a model blind to order errs on at least half, whatever it has learned.

Each clip is heard forwards and backwards. Scored are the frames whose label differs between the two: same frame, same
set of frames around it, other answer. A permutation equivariant model must answer both times the same, so of each such
pair it gets at most one right, on any finite sample and after any training.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from w2v2course.experiments.order_task import Clips


def backwards(x: Tensor, lengths: Tensor) -> Tensor:
    """Reverse the real part of each row; padding stays behind it.

    Args:
        x: (B, T, …).
        lengths: (B,).
    """
    B, T = x.shape[:2]
    time = torch.arange(T, device=x.device)
    real = time < lengths[:, None]
    source = torch.where(real, lengths[:, None] - 1 - time, time)  # (B, T)
    return x[torch.arange(B, device=x.device)[:, None], source]


def mirror(clips: Clips) -> Clips:
    """The same clips played backwards, with the labels that they then have."""
    return Clips(
        frames=backwards(clips.frames, clips.lengths),
        lengths=clips.lengths,
        phones=backwards(clips.phones, clips.lengths),
        labels=backwards(clips.mirrored, clips.lengths),
        mirrored=backwards(clips.labels, clips.lengths),
    )


@torch.no_grad()
def mirror_error(model: Callable[[Tensor, Tensor], Tensor], clips: Clips) -> float:
    """Share of wrong answers over frames whose label changes when the clip is played backwards.

    Args:
        model: ``model(frames, lengths)`` gives logits (B, T, C); its dropout should be off. Run it in float64, so that
            rounding cannot break a tie differently in the two directions.
        clips: what it is asked, on the model's device and in its dtype.

    Returns:
        Between 0 and 1. At least one half for every permutation equivariant model.

    Raises:
        ValueError: in no frame do the two directions ask for different answers.
    """
    contested = clips.labels != clips.mirrored  # (B, T); false in padding, where both are −100
    if not contested.any():
        raise ValueError("no frame's label changes when these clips are played backwards; draw more or longer clips")
    reverse = mirror(clips)
    forth = model(clips.frames, clips.lengths).argmax(-1)
    back = backwards(model(reverse.frames, reverse.lengths).argmax(-1), clips.lengths)
    wrong = (forth != clips.labels)[contested].sum() + (back != clips.mirrored)[contested].sum()
    return wrong.item() / (2 * int(contested.sum()))
