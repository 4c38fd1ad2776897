"""How near forced alignment comes to the truth (chapter `spans`): one command remakes `timing.csv`.

python -m w2v2course.experiments.timing FOLDER
"""

import argparse
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from w2v2course.checkpoints import SMALL, load_checkpoint
from w2v2course.ctc.forced import forced_align
from w2v2course.features import normalize, receptive_field, stride
from w2v2course.model import Wav2Vec2ForCTC
from w2v2course.speech import Clip, SplitName, load
from w2v2course.tables import write_table

SPLITS: tuple[SplitName, ...] = ("test", "test-unseen", "long", "long-unseen")


@dataclass(frozen=True)
class WordTiming:
    """A word where the alignment puts it, and where it is (chapter `spans`).

    Attributes:
        word: which.
        start, end: of its first and its last letter's frames, in seconds; a frame stands for the middle of its window.
        true_start, true_end: in seconds.
    """

    word: str
    start: float
    end: float
    true_start: float
    true_end: float

    @property
    def error(self) -> float:
        """How late the word begins in the alignment, in seconds; negative: early."""
        return self.start - self.true_start

    @property
    def inside(self) -> bool:
        """Whether its first letter is written while the word is being spoken, give or take a frame (20 ms)."""
        return self.true_start - 0.02 <= self.start <= self.true_end + 0.02


@torch.no_grad()
def word_timings(model: Wav2Vec2ForCTC, clip: Clip) -> list[WordTiming]:
    """Align a clip's own text with its sound, and compare word by word.

    Args:
        model: with a vocabulary that spells the text.
        clip: with true timings.

    Raises:
        ValueError: the clip has no true timings, or the model no vocabulary.
    """
    if not clip.spans:
        raise ValueError(f"clip {clip.id!r} has no true timings; take one of the synthetic splits, such as 'test'")
    if model.vocabulary is None:
        raise ValueError("the model has no vocabulary to spell the text with; make it with one")
    waveform = clip.waveform[None].to(next(model.parameters()).device)
    logits, _ = model(normalize(waveform) if model.do_normalize else waveform)
    target = torch.tensor([model.vocabulary.encode(clip.text)])
    alignment = forced_align(logits.log_softmax(-1).cpu(), target, blank=model.blank)[0]
    letters = iter(alignment.spans)
    timings = []
    for number, (word, true_start, true_end) in enumerate(clip.spans):
        if number:
            next(letters)  # the word delimiter
        spans = [next(letters) for _ in word]
        timings.append(
            WordTiming(word, _middle(spans[0].start, model), _middle(spans[-1].end - 1, model), true_start, true_end)
        )
    return timings


@dataclass(frozen=True)
class TimingScores:
    """What :func:`timing_scores` finds.

    Attributes:
        words: how many.
        median, worst: of the absolute errors of the words' beginnings, in milliseconds.
        late: median of the signed errors, in milliseconds.
        inside: share of words whose first letter is written while they are being spoken.
        place: median place of the first letter's frame in its word, 0 at its start, 1 at its end.
    """

    words: int
    median: float
    worst: float
    late: float
    inside: float
    place: float


def timing_scores(model: Wav2Vec2ForCTC, clips: Sequence[Clip]) -> TimingScores:
    """Errors over many clips."""
    words = [timing for clip in clips for timing in word_timings(model, clip)]
    errors = [1000 * word.error for word in words]
    return TimingScores(
        words=len(words),
        median=statistics.median(map(abs, errors)),
        worst=max(map(abs, errors)),
        late=statistics.median(errors),
        inside=sum(word.inside for word in words) / len(words),
        place=statistics.median((word.start - word.true_start) / (word.true_end - word.true_start) for word in words),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m w2v2course.experiments.timing", description=__doc__)
    parser.add_argument("folder", type=Path, help="where timing.csv goes")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    model = load_checkpoint(SMALL).eval()
    rows = []
    for split in SPLITS:
        found = timing_scores(model, load(split))
        rows.append(
            {
                "split": split,
                "words": found.words,
                "median_ms": f"{found.median:.0f}",
                "worst_ms": f"{found.worst:.0f}",
                "late_ms": f"{found.late:.0f}",
                "inside": f"{found.inside:.4f}",
                "place": f"{found.place:.3f}",
            }
        )
    origin = {
        "made by": "python -m w2v2course.experiments.timing",
        "date": time.strftime("%Y-%m-%d"),
        "machine": platform.machine(),
        "versions": f"python {platform.python_version()}, torch {torch.__version__}",
    }
    write_table(folder / "timing.csv", rows, origin)


def _middle(frame: int, model: Wav2Vec2ForCTC) -> float:
    """Seconds at the middle of a frame's window."""
    return (frame * stride(model.config) + receptive_field(model.config) / 2) / 16_000


if __name__ == "__main__":
    main()
