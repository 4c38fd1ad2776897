"""Learning to spell from a flat start, with label priors or without (chapter `learning`).

A convolutional network small enough to be trained while one reads, on log-mel frames of spoken digits. Its head begins
at zero, so before the first step every class is equally probable in every frame: a flat start.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from w2v2course import speech
from w2v2course.ctc.loss import ctc_loss
from w2v2course.experiments.log_mel import SIZE, log_mel
from w2v2course.lengths import padding_mask
from w2v2course.training.batches import batch_at
from w2v2course.training.small import small_vocabulary

Examples = Sequence[tuple[Tensor, Tensor]]  # frames (T, 80) and labels (S,)

VOCABULARY = small_vocabulary()
D = 64
KERNEL, LAYERS = 5, 4  # a guess hears 17 frames, a third of a second
BATCH = 16
RATE = 3e-3
MEMORY = 0.9  # how much of the running prior a step keeps


class Speller(nn.Module):
    """Log-mel frames in, a guess for each frame out: a letter, ``|`` or ε (chapter `learning`)."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(SIZE, D)
        self.norms = nn.ModuleList(nn.LayerNorm(D) for _ in range(LAYERS))
        self.convolutions = nn.ModuleList(nn.Conv1d(D, D, KERNEL, padding=KERNEL // 2) for _ in range(LAYERS))
        self.head = nn.Linear(D, len(VOCABULARY))
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, frames: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, T, 80) frames and (B,) lengths to (B, T, C) logits; padding is not heard."""
        hidden = self.project(frames)
        padding = None if lengths is None else padding_mask(lengths, frames.shape[1])[..., None]
        for norm, convolution in zip(self.norms, self.convolutions, strict=True):
            heard = norm(hidden) if padding is None else norm(hidden).masked_fill(padding, 0.0)
            hidden = hidden + F.gelu(convolution(heard.mT)).mT
        return self.head(hidden)


def spelled(split: speech.SplitName, count: int) -> Examples:
    """The first clips of a split: log-mel frames (T, 80), and the labels of their letters (S,)."""
    clips = speech.load(split)[:count]
    return [(log_mel(clip.waveform), torch.tensor(VOCABULARY.encode(clip.text))) for clip in clips]


def padded(examples: Examples) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A batch: frames (B, T, 80), their lengths (B,), targets one behind the other, their lengths (B,)."""
    frames, targets = zip(*examples, strict=True)
    lengths, target_lengths = (torch.tensor([len(row) for row in rows]) for rows in (frames, targets))
    return pad_sequence(list(frames), batch_first=True), lengths, torch.cat(targets), target_lengths


@torch.no_grad()
def label_prior(log_probs: Tensor, lengths: Tensor) -> Tensor:
    """How often a model says each class, over the real frames of a batch (chapter `learning`).

    Args:
        log_probs: (B, T, C), natural log-probabilities.
        lengths: (B,), real frames.

    Returns:
        (C,), probabilities that sum to one.
    """
    return log_probs[~padding_mask(lengths, log_probs.shape[1])].exp().mean(dim=0)


def train_speller(
    model: Speller,
    examples: Examples,
    steps: int,
    seed: int,
    prior_scale: float = 0.0,
    report: Callable[[int, float], None] | None = None,
) -> Speller:
    """CTC, AdamW, warm-up, then a slow end; with label priors if asked (chapter `learning`).

    With a ``prior_scale`` a, the loss is that of ``log p − a log prior``: what a model says all the time counts less.
    The prior is the model's own average guess, a running mean over batches, with no gradient through it.

    Args:
        model: on the CPU.
        examples: frames and labels.
        steps: updates.
        seed: of the batches.
        prior_scale: a; 0 is CTC as it is.
        report: called before each step with its number and its loss in nats a letter.

    Source: Huang et al. (2024), "Less Peaky and More Accurate CTC Forced Alignment by Label Priors", arXiv 2406.02560,
    where the prior is that of the last epoch.
    """
    frame_counts = [len(frames) for frames, _ in examples]
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.01)
    prior = torch.full((len(VOCABULARY),), 1 / len(VOCABULARY))
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / (0.1 * steps), 2 * (1 - step / steps))
        batch = [examples[i] for i in batch_at(step, frame_counts, BATCH, seed)]
        frames, lengths, targets, target_lengths = padded(batch)
        log_probs = model(frames, lengths).log_softmax(-1)
        prior = MEMORY * prior + (1 - MEMORY) * label_prior(log_probs, lengths)
        scores = log_probs - prior_scale * prior.log()
        loss = ctc_loss(scores, targets, lengths, target_lengths, reduction="sum", zero_infinity=True)
        loss = loss / target_lengths.sum()
        if report is not None:
            report(step, loss.item())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


@dataclass(frozen=True)
class Habits:
    """How a model writes (chapter `learning`).

    Attributes:
        blank: share of frames, 0 to 1, whose best guess is ε.
        hold: frames a letter is held, on average: how long a run of one best guess is, ε left out; 0 if there is none.
        error: characters wrong, edits over all clips divided by what should have been written.
    """

    blank: float
    hold: float
    error: float


@torch.no_grad()
def habits(model: Speller, examples: Examples) -> Habits:
    """What a model's best guesses look like, frame by frame, and how well they spell (chapter `learning`)."""
    import jiwer

    frames, lengths, _, _ = padded(examples)
    best = model(frames, lengths).argmax(-1)
    runs = [
        [(symbol, len(list(run))) for symbol, run in groupby(row[:real])]
        for row, real in zip(best.tolist(), lengths.tolist(), strict=True)
    ]
    blank = VOCABULARY.blank
    held = [count for row in runs for symbol, count in row if symbol != blank]
    written = [VOCABULARY.decode([symbol for symbol, _ in row if symbol != blank]) for row in runs]
    truth = [VOCABULARY.decode(target.tolist()) for _, target in examples]
    total = int(lengths.sum())
    return Habits(1 - sum(held) / total, sum(held) / max(len(held), 1), jiwer.cer(truth, written))
