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
    # Sampled from lists, because ranges favour their ends: most targets would be empty, most utterances one frame.
    frames = draw(st.sampled_from(range(1, most_frames + 1)))
    classes = draw(st.sampled_from(range(2, most_classes + 1)))
    blank = draw(st.sampled_from(range(classes)))
    letters = st.sampled_from([c for c in range(classes) if c != blank])
    size = draw(st.sampled_from(range(most_labels + 1)))
    target = draw(st.lists(letters, min_size=size, max_size=size))
    if size > 1 and draw(st.sampled_from([False, False, True])):
        target[1] = target[0]  # repeats, favoured
    sharpness = draw(st.sampled_from([1.0, 0.5, 3.0, 0.0]))
    return random_log_probs(frames, classes, seed=draw(st.integers(0, 2**31)), sharpness=sharpness), target, blank
