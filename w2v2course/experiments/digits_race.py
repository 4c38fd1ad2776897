"""The race of positions on spoken digits (chapter `race`): one command remakes `race_digits.csv`.

    python -m w2v2course.experiments.digits_race FOLDER --jobs 2

The schemes of the order race, three seeds each, on log-mel frames of synthetic voices. Every model learns from clips of
one to four digits by CTC over whole digits (spelling would mix in a second difficulty), and is then tested on held-out
clips and on two, four and eight of them joined. What is done already is not done again.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from w2v2course import speech
from w2v2course.config import Wav2Vec2Config
from w2v2course.ctc.decoding import greedy_decode
from w2v2course.ctc.loss import ctc_loss
from w2v2course.encoder import ContextNetwork
from w2v2course.experiments.log_mel import SIZE, log_mel
from w2v2course.experiments.remake import remake
from w2v2course.experiments.variants import RandomOffsets, SymmetricConvolution, attention_window
from w2v2course.positions import LearnedPositions, NoPositions, SinusoidalPositions, rotate
from w2v2course.speech import SplitName
from w2v2course.training.batches import batch_at
from w2v2course.training.loop import Recipe

CONFIG = Wav2Vec2Config(
    hidden_size=96,
    num_hidden_layers=3,
    num_attention_heads=4,
    intermediate_size=192,
    hidden_dropout=0.1,
    attention_dropout=0.1,
    activation_dropout=0.0,
    layerdrop=0.0,
    do_stable_layer_norm=True,
    num_conv_pos_embeddings=32,
    num_conv_pos_embedding_groups=8,
)
D = CONFIG.hidden_size
TIMES = (1, 2, 4, 8)  # test clips joined
WINDOW = 48  # frames to either side, about a mean training clip
LONG = 700  # frames; no joined clip is longer
STEPS = 1000
RECIPE: dict[str, Any] = {"batch_size": 32, "learning_rate": 2e-3}
# Scheme: its positions, what turns queries and keys, how many times STEPS it is given.
SCHEMES: dict[str, tuple[Callable[[], nn.Module | None], Callable[[Tensor], Tensor] | None, int]] = {
    "none": (NoPositions, None, 1),
    "table": (lambda: _table(), None, 1),
    "sinusoids": (lambda: SinusoidalPositions(D), None, 1),
    "table, random offsets": (lambda: RandomOffsets(_table(), LONG), None, 2),
    "sinusoids, random offsets": (lambda: RandomOffsets(SinusoidalPositions(D), LONG), None, 2),
    "rotary": (NoPositions, rotate, 1),
    "symmetric convolution": (lambda: SymmetricConvolution(D, 31, 8), None, 1),
    "convolution": (lambda: None, None, 1),
}


class DigitListener(nn.Module):
    """Log-mel frames in, a guess for each frame out: blank or one of ten digits (chapter `race`).

    Args:
        positions: what is added to the frames; None: the convolution.
        rotate: turns queries and keys (rotary positions), if given.
    """

    def __init__(self, positions: nn.Module | None = None, rotate: Callable[[Tensor], Tensor] | None = None):
        super().__init__()
        self.project = nn.Sequential(nn.Linear(SIZE, D), nn.LayerNorm(D))
        self.context = ContextNetwork(CONFIG, positions, rotate)
        self.head = nn.Linear(D, 1 + len(speech.DIGITS))

    def forward(self, frames: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, T, 80) frames and (B,) lengths to (B, T, 11) logits; class 0 is the blank."""
        return self.head(self.context(self.project(frames), lengths))


def digits_of(text: str) -> list[int]:
    """Classes of a text: 1 for zero … 10 for nine."""
    return [speech.DIGITS.index(word) + 1 for word in text.split()]


def joined(split: SplitName, times: int) -> list[tuple[Tensor, list[int]]]:
    """Clips of a split in an order of their own, so many joined into one; each clip is used once.

    Returns:
        (T, 80) frames of the joined sound, and its digits.
    """
    clips = speech.load(split)
    order = torch.randperm(len(clips), generator=torch.Generator().manual_seed(times)).tolist()
    groups = [[clips[i] for i in order[start : start + times]] for start in range(0, len(clips), times)]
    return [
        (
            log_mel(torch.cat([clip.waveform for clip in group])),
            [digit for clip in group for digit in digits_of(clip.text)],
        )
        for group in groups
    ]


def train_digits(
    model: DigitListener,
    examples: Sequence[tuple[Tensor, list[int]]],
    steps: int,
    seed: int,
    report: Callable[[int, float], None] | None = None,
) -> DigitListener:
    """CTC a digit, AdamW, a tenth of the steps warm-up, then half a cosine; the model comes back in evaluation mode.

    Args:
        model: on the CPU.
        examples: frames and digits.
        steps: updates.
        seed: of batches and dropout.
        report: called after each step with the step and its loss.
    """
    recipe = Recipe(steps=steps, seed=seed, **RECIPE)
    lengths = [len(frames) for frames, _ in examples]
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    torch.manual_seed(seed)
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate_at(step)
        batch = [examples[i] for i in batch_at(step, lengths, recipe.batch_size, seed)]
        frames, frame_lengths, targets, target_lengths = _padded(batch)
        log_probs = model(frames, frame_lengths).log_softmax(-1)
        total = ctc_loss(log_probs, targets, frame_lengths, target_lengths, reduction="sum", zero_infinity=True)
        loss = total / target_lengths.sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimizer.step()
        if report is not None:
            report(step, loss.item())
    return model.eval()


@torch.no_grad()
def digit_error(model: DigitListener, examples: Sequence[tuple[Tensor, list[int]]]) -> float:
    """Edits from what greedy decoding writes to the truth, over all clips together, a digit of the truth."""
    import jiwer

    truths, texts = [], []
    for start in range(0, len(examples), 25):
        batch = examples[start : start + 25]
        frames, lengths, _, _ = _padded(batch)
        decoded = greedy_decode(model(frames, lengths).log_softmax(-1), lengths)
        truths += [" ".join(map(str, digits)) for _, digits in batch]
        texts += [" ".join(map(str, best[0].labels)) for best in decoded]
    return jiwer.wer(truths, texts)


def run(job: tuple[str, int]) -> dict[str, list[dict]]:
    """Train one scheme with one seed; its rows."""
    scheme, seed = job
    torch.set_num_threads(1)
    positions, turn, more = SCHEMES[scheme]
    torch.manual_seed(seed)
    model = train_digits(DigitListener(positions(), turn), _examples("train", 1), more * STEPS, seed)
    tests = {str(times): _examples("test", times) for times in TIMES} | {
        "1, held-out voices": _examples("test-unseen", 1),
        "8 to 12 digits, one voice": _examples("long", 1),
    }
    stamp = {"positions": scheme, "seed": seed, "steps": more * STEPS}
    rows = []
    for window in ("full", WINDOW):
        with nullcontext() if window == "full" else attention_window(model, WINDOW):
            rows += [
                {"clips": name, "window": window, "digit_error": f"{digit_error(model, test):.4f}"} | stamp
                for name, test in tests.items()
            ]
    return {"race_digits": rows}


def _table() -> LearnedPositions:
    table = LearnedPositions(2 * LONG + 100, D)
    nn.init.normal_(table.table, std=0.5)  # as in the order race
    return table


_examples = cache(joined)


def _padded(batch: Sequence[tuple[Tensor, list[int]]]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    frames = pad_sequence([frames for frames, _ in batch], batch_first=True)
    targets = [torch.tensor(digits) for _, digits in batch]
    return (
        frames,
        torch.tensor([len(frames) for frames, _ in batch]),
        torch.cat(targets),
        torch.tensor([len(target) for target in targets]),
    )


if __name__ == "__main__":
    remake(__doc__, run, list(SCHEMES), ["race_digits"])
