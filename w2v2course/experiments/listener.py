"""A small Transformer for the order task, with any positions (chapters `clocks` to `race`), and how it is trained."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from w2v2course.config import Wav2Vec2Config
from w2v2course.encoder import ContextNetwork
from w2v2course.experiments.order_task import CLASSES, IGNORED, WIDTH, draw_clips

CONFIG = Wav2Vec2Config(
    hidden_size=64,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=256,
    hidden_dropout=0.0,
    activation_dropout=0.0,
    attention_dropout=0.0,
    layerdrop=0.0,
    do_stable_layer_norm=True,
    num_conv_pos_embeddings=16,
    num_conv_pos_embedding_groups=4,
)
SHORTEST, LONGEST = 4, 12  # phones in a training clip


class Listener(nn.Module):
    """Frames in, a guess for each frame out: the course's own Transformer between two projections.

    Args:
        positions: a module of ``w2v2course.positions`` or one of ``experiments.variants``; None: the convolution.
        rotate: turns queries and keys (rotary positions), if given.
    """

    def __init__(self, positions: nn.Module | None = None, rotate: Callable[[Tensor], Tensor] | None = None):
        super().__init__()
        self.project = nn.Linear(WIDTH, CONFIG.hidden_size)
        self.context = ContextNetwork(CONFIG, positions, rotate)
        self.head = nn.Linear(CONFIG.hidden_size, CLASSES)

    def forward(self, frames: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, T, 16) frames and (B,) lengths to (B, T, 16) logits, one for each class of the order task."""
        return self.head(self.context(self.project(frames), lengths))


def train_listener(
    model: Listener, steps: int, seed: int, report: Callable[[int, float], None] | None = None
) -> Listener:
    """Train on fresh clips of 4 to 12 phones: cross-entropy a frame, 32 clips a step, warm-up and half a cosine.

    Args:
        model: on the device to train on.
        steps: updates.
        seed: of the clips.
        report: called after each step with the step and its loss.

    Returns:
        The model, in evaluation mode.
    """
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.98), weight_decay=0.01)
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 50) * (0.5 + 0.5 * math.cos(math.pi * step / steps))
        clips = draw_clips(32, SHORTEST, LONGEST, generator).to(device)
        loss = F.cross_entropy(model(clips.frames, clips.lengths).mT, clips.labels, ignore_index=IGNORED)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if report is not None:
            report(step, loss.item())
    return model.eval()


@torch.no_grad()
def frame_errors(model: Callable[[Tensor, Tensor], Tensor], phones: tuple[int, int], clips: int = 128) -> Tensor:
    """Which frames a model gets wrong, on clips that are the same for every model.

    Args:
        model: frames and lengths to logits, on the CPU.
        phones: fewest and most phones a clip; (4, 12) is what it was trained on.
        clips: how many.

    Returns:
        (B, T) of 0.0 and 1.0, NaN in padding: its ``nanmean()`` is the error, ``nanmean(0)`` the error by frame.
    """
    test = draw_clips(clips, *phones, torch.Generator().manual_seed(1000 + phones[1]))
    wrong = (model(test.frames, test.lengths).argmax(-1) != test.labels).double()
    return wrong.masked_fill(test.labels == IGNORED, math.nan)
