"""Inputs that several tests of this folder share."""

import torch
from hypothesis import strategies as st
from torch import Tensor


def random_log_probs(*shape: int, seed: int = 0, sharpness: float = 1.0, dtype: torch.dtype = torch.float64) -> Tensor:
    """Random posteriors; a large sharpness makes them peaky."""
    logits = torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return (logits * sharpness).log_softmax(dim=-1).to(dtype)


@st.composite
def utterances(draw, most_frames: int = 6, most_classes: int = 4, most_labels: int = 3):
    """(log_probs (T, C) in float64, target, blank): few labels and fewer classes, so that repeats are frequent."""
    frames = draw(st.integers(1, most_frames))
    classes = draw(st.integers(2, most_classes))
    blank = draw(st.integers(0, classes - 1))
    letters = st.sampled_from([c for c in range(classes) if c != blank])
    target = draw(st.lists(letters, max_size=most_labels))
    if target and draw(st.booleans()):
        target = [target[0]] * len(target)  # repeats, favoured
    sharpness = draw(st.sampled_from([0.0, 0.5, 1.0, 3.0]))
    return random_log_probs(frames, classes, seed=draw(st.integers(0, 2**31)), sharpness=sharpness), target, blank
