"""Which clips make which batch, and how their sound is varied (chapter `listen`).

Everything here follows from (seed, step) alone, so that a run that was killed goes on with the very batches that it
would have had, and two processes share a batch as one process would have it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def batch_order(samples: list[int], batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """The batches of one epoch: clips of about one length together, in random order.

    Args:
        samples: the length of every clip.
        batch_size: clips a batch; the few that do not fill the last one, mostly the longest, sit out this epoch.
        seed, epoch: what the order follows from.

    Returns:
        Lists of ``batch_size`` indices.

    Raises:
        ValueError: there are fewer clips than a batch needs.
    """
    if len(samples) < batch_size:
        raise ValueError(f"batch_size is {batch_size}, but there are only {len(samples)} clips; make it smaller")
    generator = torch.Generator().manual_seed(1_000_003 * seed + epoch)
    # Sorted by length, give or take 15 %: little padding, and yet other neighbours each time.
    noisy = torch.tensor(samples, dtype=torch.float64).log() + 0.15 * torch.rand(
        len(samples), dtype=torch.float64, generator=generator
    )
    batches = noisy.argsort()[: len(samples) // batch_size * batch_size].view(-1, batch_size)
    return batches[torch.randperm(len(batches), generator=generator)].tolist()


def batch_at(step: int, samples: list[int], batch_size: int, seed: int) -> list[int]:
    """The indices of one step's batch, counted over all epochs."""
    epoch, place = divmod(step, len(samples) // batch_size or 1)
    return batch_order(samples, batch_size, seed, epoch)[place]


def vary(waveform: Tensor, seed: int, step: int, index: int, sample_rate: int = 16_000) -> Tensor:
    """The same words by another voice in another room, roughly: speed, tone, silence and noise at random.

    Args:
        waveform: (N,).
        seed, step, index: what the variation follows from; index is the clip's place in the data.
        sample_rate: samples a second.

    Returns:
        (N'), the clip played at 0.67 to 1.18 times its speed, with up to 0.3 s of silence at either end.
    """
    generator = torch.Generator().manual_seed((seed * 10_000_019 + step) * 100_003 + index)
    speed, tone, noise, before, after = torch.rand(5, generator=generator).tolist()
    # Played faster or slower: pitch and formants move with the tempo, as in a shorter or longer throat.
    count = round(len(waveform) * 0.85 * (1.5 / 0.85) ** speed)
    waveform = F.interpolate(waveform[None, None], size=count, mode="linear", align_corners=False)[0, 0]
    # A first-order filter, darker or brighter.
    waveform = waveform - (1.2 * tone - 0.6) * F.pad(waveform[:-1], (1, 0))
    level = waveform.std() * 10 ** (-(10 + 40 * noise) / 20)  # white noise, 10 to 50 dB below the speech
    waveform = F.pad(waveform, (int(0.3 * sample_rate * before), int(0.3 * sample_rate * after)))
    return waveform + level * torch.randn(len(waveform), generator=generator)
