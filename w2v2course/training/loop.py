"""The training loop (chapters `learning` and `listen`): one screen, resumable, on one device or several.

Several: ``torchrun --nproc-per-node 2 -m w2v2course.training …`` starts a process a device; each takes its share of
every batch, and the gradients are those of the whole batch.
"""

import math
import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from w2v2course.ctc.loss import ctc_loss
from w2v2course.features import normalize
from w2v2course.model import Wav2Vec2ForCTC
from w2v2course.speech import SpeechDataset, collate
from w2v2course.training.batches import batch_at, vary

Batch = tuple[Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Recipe:
    """What a run depends on, besides model and data (chapter `listen`).

    Args:
        steps: updates of the weights.
        batch_size: clips an update, over all processes together.
        learning_rate: the highest; it rises over the first tenth of the steps and falls as half a cosine to zero.
        weight_decay, clip: AdamW's decay; the largest norm of the gradient.
        varied: whether speed, tone and noise of the clips are varied.
        seed: of batches, variations and dropout.
    """

    steps: int = 8000
    batch_size: int = 16
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    clip: float = 1.0
    varied: bool = True
    seed: int = 0

    def rate_at(self, step: int) -> float:
        """The learning rate of a step."""
        done = (step + 1) / self.steps
        return self.learning_rate * (done / 0.1 if done < 0.1 else 0.5 + 0.5 * math.cos(math.pi * (done - 0.1) / 0.9))


def train(
    model: Wav2Vec2ForCTC,
    data: SpeechDataset,
    recipe: Recipe,
    folder: Path | None = None,
    save_every: int = 250,
    report: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Train with CTC; a run that was killed goes on where its last save was, to the same weights.

    Args:
        model: on the device to train on.
        data: training examples.
        recipe: steps, sizes, rates, seed.
        folder: where ``training.pt`` is saved and looked for; None saves nothing.
        save_every: steps between saves.
        report: called after each step with the step and its loss.

    Returns:
        The loss of each step that was made here, in nats a label.

    Raises:
        ValueError: the folder holds a run with another recipe.
    """
    rank, processes = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
    device = next(model.parameters()).device
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.98), weight_decay=recipe.weight_decay
    )
    torch.manual_seed(recipe.seed + 7919 * rank)  # dropout
    first = resume(model, optimizer, recipe, folder)
    network = DistributedDataParallel(model) if processes > 1 else model
    losses, samples = [], data.samples
    model.train()
    for step in tqdm(range(first, recipe.steps), initial=first, total=recipe.steps, disable=rank > 0, desc="training"):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate_at(step)
        indices = batch_at(step, samples, recipe.batch_size, recipe.seed)[rank::processes]
        batch = collate([_example(data, index, recipe, step) for index in indices])
        optimizer.zero_grad()
        waveforms, lengths, targets, target_lengths = (part.to(device) for part in batch)
        loss = batch_loss(network, (waveforms, lengths, targets, target_lengths), processes)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimizer.step()
        losses.append(loss.item())
        if report is not None:
            report(step, losses[-1])
        if folder is not None and rank == 0 and ((step + 1) % save_every == 0 or step + 1 == recipe.steps):
            save(model, optimizer, recipe, step + 1, folder)
    return losses


def batch_loss(network: nn.Module, batch: Batch, processes: int = 1) -> Tensor:
    """CTC loss of a batch in nats a label, such that gradients averaged over processes are the whole batch's.

    Args:
        network: the model, or the model wrapped for several processes.
        batch: waveforms (B, N), lengths (B,), targets (B, S), target_lengths (B,): this process's share.
        processes: how many share the batch.
    """
    waveforms, lengths, targets, target_lengths = batch
    labels = target_lengths.sum()
    if processes > 1:
        dist.all_reduce(labels)
    cuda = waveforms.device.type == "cuda"
    with torch.autocast("cuda", torch.bfloat16) if cuda else nullcontext():
        logits, frame_lengths = network(normalize(waveforms, lengths), lengths)
    log_probs = logits.float().log_softmax(dim=-1)
    model: Any = getattr(network, "module", network)
    total = ctc_loss(
        log_probs, targets, frame_lengths, target_lengths, blank=model.blank, reduction="sum", zero_infinity=True
    )
    return total * processes / labels


def _example(data: SpeechDataset, index: int, recipe: Recipe, step: int) -> tuple[Tensor, Tensor]:
    waveform, target = data[index]
    return (vary(waveform, recipe.seed, step, index) if recipe.varied else waveform), target


def save(model: nn.Module, optimizer: torch.optim.Optimizer, recipe: Recipe, step: int, folder: Path) -> None:
    """Write ``training.pt`` whole or not at all: a kill while writing leaves the save before it."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        "step": step,
        "recipe": asdict(recipe),
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "random": torch.get_rng_state(),
    }
    torch.save(state, folder / "training.pt.new")
    os.replace(folder / "training.pt.new", folder / "training.pt")


def resume(model: nn.Module, optimizer: torch.optim.Optimizer, recipe: Recipe, folder: Path | None) -> int:
    """Load ``training.pt`` if there is one; the step to go on with.

    Raises:
        ValueError: the run there has another recipe.
    """
    path = folder / "training.pt" if folder is not None else None
    if path is None or not path.exists():
        return 0
    state = torch.load(path, map_location=next(model.parameters()).device, weights_only=True)
    if state["recipe"] != asdict(recipe):
        raise ValueError(
            f"{path} is a run with another recipe ({state['recipe']}); go on with that one, or choose another folder"
        )
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["random"].cpu())
    return state["step"]
