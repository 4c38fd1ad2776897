"""How much of a score matrix is a matter of offset (chapter `clocks`): Yan et al.'s picture as one number."""

from dataclasses import dataclass

import torch
from torch import Tensor

from w2v2course.lengths import check_floating


@dataclass(frozen=True)
class OffsetShare:
    """What :func:`offset_share` finds.

    Attributes:
        share: of the double-centred scores' variance, how much the offset alone explains; 0 to 1.
        direction: of that, how much tells left from right (is odd in the offset); 0 to 1.
        profile: (2 T − 1,), the mean centred score at each offset, −(T − 1) … T − 1; offset −2 means a query looking
            two frames to its left.
    """

    share: float
    direction: float
    profile: Tensor

    @property
    def peak(self) -> int:
        """The offset with the highest mean score."""
        return int(self.profile.argmax()) - len(self.profile) // 2


def offset_share(scores: Tensor) -> OffsetShare:
    """How much of a score matrix depends on the distance between query and key, and not on where they stand.

    Scores are double-centred first: a constant added to a row is lost in the softmax, and one added to a column is a
    preference for a frame, not for a distance.

    Args:
        scores: (T, T), row i: query at position i, column j: key at position j.

    Raises:
        TypeError, ValueError: not a square matrix of floating numbers with two rows or more.

    Source: the measure is this course's; the question is Yan et al.'s (2019), arXiv 1911.04474, figure 2.
    """
    check_floating(scores, "scores")
    if scores.ndim != 2 or scores.shape[0] != scores.shape[1] or len(scores) < 2:
        raise ValueError(f"scores must be a square matrix (T, T), T at least 2, but its shape is {tuple(scores.shape)}")
    scores = scores.detach().double().cpu()
    T = len(scores)
    centred = scores - scores.mean(0) - scores.mean(1, keepdim=True) + scores.mean()
    profile = torch.stack([centred.diagonal(offset).mean() for offset in range(-T + 1, T)])
    time = torch.arange(T)
    explained = profile[time - time[:, None] + T - 1]  # (T, T), each cell its diagonal's mean
    odd = (explained - explained.T) / 2
    total = explained.square().sum()
    return OffsetShare(
        share=(total / centred.square().sum()).item(),
        direction=(odd.square().sum() / total).item(),
        profile=profile,
    )
