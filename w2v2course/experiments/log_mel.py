"""Log-mel frames (chapter `race`): a front that needs no training, so that a race of positions is about positions."""

import math

import torch
from torch import Tensor

WINDOW, HOP, BANDS = 400, 160, 40  # samples, samples, frequencies: 25 ms each 10 ms
SIZE = 2 * BANDS  # numbers a frame: two windows side by side make a frame of 20 ms


def mel_filters(bands: int = BANDS, window: int = WINDOW, sample_rate: int = 16_000) -> Tensor:
    """Triangles, evenly spaced on the mel scale 2595 log10(1 + f / 700), from 60 Hz to half the sample rate.

    Returns:
        (bands, window // 2 + 1), one row a triangle.
    """
    mel = torch.linspace(2595 * math.log10(1 + 60 / 700), 2595 * math.log10(1 + sample_rate / 1400), bands + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)  # Hz
    frequency = torch.linspace(0, sample_rate / 2, window // 2 + 1)
    up = (frequency - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - frequency) / (edges[2:] - edges[1:-1])[:, None]
    return torch.minimum(up, down).clamp(min=0)


def log_mel(waveform: Tensor) -> Tensor:
    """Log energies in bands, each band with mean 0 and deviation 1 over the clip.

    Args:
        waveform: (N,) samples at 16 kHz.

    Returns:
        (T, 80): T = (⌊(N − 400) / 160⌋ + 1) // 2 frames, 50 a second.

    Raises:
        ValueError: fewer than 560 samples, which is one frame.
    """
    if waveform.ndim != 1 or len(waveform) < WINDOW + HOP:
        raise ValueError(
            f"waveform must be (N,) with at least {WINDOW + HOP} samples, but its shape is {tuple(waveform.shape)}"
        )
    windows = waveform.unfold(0, WINDOW, HOP) * torch.hann_window(WINDOW)
    energy = torch.fft.rfft(windows).abs().square() @ mel_filters().T  # (2 T or 2 T + 1, 40)
    bands = (energy + 1e-6).log()
    bands = (bands - bands.mean(0)) / (bands.std(0, correction=0) + 1e-3)
    T = len(bands) // 2
    return bands[: 2 * T].reshape(T, SIZE)
