"""The order task (chapters `order` to `race`): say of each frame which phone it is and what stood to its left.

A clip is a row of made-up phones, each two to four frames long, each frame the phone's vector plus noise. A frame's
label is its phone and whether the phone *before* it belongs to set A. The phone can be read off the frame itself; the
neighbour's set cannot, and the neighbour to the right is just as near: only order tells them apart.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

PHONES = 8  # phones 0 … 7; set A is the upper half, 4 … 7
WIDTH = 16  # channels of a frame
CLASSES = 2 * PHONES
IGNORED = -100  # the label of padding, as torch.nn.functional.cross_entropy ignores it
SEED = 123  # of the phones' vectors, which never change


@dataclass(frozen=True)
class Clips:
    """A batch of the order task.

    Attributes:
        frames: (B, T, 16).
        lengths: (B,), real frames of each clip.
        phones: (B, T), the phone that each frame belongs to; −100 in padding.
        labels: (B, T), ``phone + 8 · [phone to the left is in set A]``; −100 in padding.
        mirrored: (B, T), the labels that the same frames have once the clip is played backwards.
    """

    frames: Tensor
    lengths: Tensor
    phones: Tensor
    labels: Tensor
    mirrored: Tensor

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Clips":
        """The same clips on another device, their frames in another dtype."""
        moved = {field.name: getattr(self, field.name).to(device) for field in fields(self)}
        return Clips(**moved | {"frames": moved["frames"].to(dtype or self.frames.dtype)})


def draw_clips(
    clips: int,
    shortest: int,
    longest: int,
    generator: torch.Generator,
    noise: float = 0.5,
    frames_a_phone: tuple[int, int] = (2, 4),
) -> Clips:
    """Draw clips of the order task on the CPU.

    Args:
        clips: B.
        shortest, longest: phones in a clip, both included; no phone follows itself.
        generator: where all chance comes from.
        noise: standard deviation added to each channel of each frame.
        frames_a_phone: the fewest and the most frames that a phone lasts.

    Raises:
        ValueError: counts below one, or the fewest more than the most.
    """
    if clips < 1 or not 1 <= shortest <= longest or not 1 <= frames_a_phone[0] <= frames_a_phone[1]:
        raise ValueError(
            f"clips, phones and frames must be at least 1 and the least not above the most, but clips is {clips}, "
            f"phones {shortest} to {longest}, frames a phone {frames_a_phone[0]} to {frames_a_phone[1]}"
        )
    counts = torch.randint(shortest, longest + 1, (clips,), generator=generator)
    S = int(counts.max())
    # Steps of 1 … 7 round the circle of eight phones: no phone follows itself.
    steps = torch.randint(1, PHONES, (clips, S), generator=generator)
    steps[:, 0] = torch.randint(0, PHONES, (clips,), generator=generator)
    phones = steps.cumsum(1) % PHONES  # (B, S)
    durations = torch.randint(frames_a_phone[0], frames_a_phone[1] + 1, (clips, S), generator=generator)
    durations = durations * (torch.arange(S) < counts[:, None])  # a phone past the count lasts no frame
    lengths = durations.sum(1)
    T = int(lengths.max())

    in_a = (phones >= PHONES // 2) & (durations > 0)
    nobody = torch.zeros(clips, 1, dtype=torch.bool)
    left = torch.cat([nobody, in_a[:, :-1]], 1)  # (B, S); the first phone has nobody to its left
    right = torch.cat([in_a[:, 1:], nobody], 1)

    # Which phone each frame belongs to: how many phones have ended at or before it.
    segment = (torch.arange(T)[None, :, None] >= durations.cumsum(1)[:, None, :]).sum(-1).clamp(max=S - 1)  # (B, T)
    padding = torch.arange(T) >= lengths[:, None]
    phone = phones.gather(1, segment)
    vectors = torch.randn(PHONES, WIDTH, generator=torch.Generator().manual_seed(SEED))
    frames = vectors[phone] + noise * torch.randn(clips, T, WIDTH, generator=generator)
    return Clips(
        frames=frames.masked_fill(padding[..., None], 0.0),
        lengths=lengths,
        phones=phone.masked_fill(padding, IGNORED),
        labels=(phone + PHONES * left.gather(1, segment)).masked_fill(padding, IGNORED),
        mirrored=(phone + PHONES * right.gather(1, segment)).masked_fill(padding, IGNORED),
    )
