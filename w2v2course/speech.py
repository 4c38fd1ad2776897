"""Sound to learn from (first heard in chapter `order`): recordings that ship with the package, checked by their hashes.

The recordings are Asterisk's prompts, spoken by Allison Smith, CC BY-SA 3.0 (`w2v2course/audio/LICENSE`).
"""

import hashlib
import io
import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import torch
from torch import Tensor

AUDIO = files("w2v2course") / "audio"


@dataclass(frozen=True, eq=False)
class Clip:
    """One recording (chapter `order`).

    Attributes:
        id: its name, such as ``"star"``.
        waveform: (N,) float32 samples between −1 and 1.
        sample_rate: samples a second, 16,000 throughout.
        text: what is said, in lower case.
        licence: of the sound.
        source: where it comes from and whom to thank, to be shown wherever it is played.
        spans: ``(word, start, end)`` in seconds where true timings are known; empty where they are not.
    """

    id: str
    waveform: Tensor = field(repr=False)
    sample_rate: int
    text: str
    licence: str
    source: str
    spans: tuple[tuple[str, float, float], ...] = ()

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.waveform) / self.sample_rate


def load(name_or_split: str) -> Clip | list[Clip]:
    """A clip by its name, or all clips of a split (chapter `order`).

    Args:
        name_or_split: a clip's id, such as ``"star"``; or ``"recordings"`` for every human recording,
            ``"digits"`` for the ten recorded digits, zero first.

    Returns:
        One :class:`Clip` for a name, a list of them for a split.

    Raises:
        ValueError: there is no such clip or split.
        OSError: the file is not there, or is not what was shipped (its SHA-256 differs from the manifest's).
    """
    clips = {clip["id"]: clip for clip in _manifest()["clips"]}
    splits = {
        "recordings": list(clips),
        "digits": "zero one two three four five six seven eight nine".split(),
    }
    if name_or_split in splits:
        return [_read(clips[name]) for name in splits[name_or_split]]
    if name_or_split not in clips:
        raise ValueError(
            f"there is no clip or split {name_or_split!r}; splits are {', '.join(splits)}, clips are {', '.join(clips)}"
        )
    return _read(clips[name_or_split])


@cache
def _manifest() -> dict:
    return json.loads((AUDIO / "manifest.json").read_text(encoding="utf-8"))


def _read(entry: dict) -> Clip:
    import soundfile  # not needed by readers who bring their own waveforms

    manifest = _manifest()
    try:
        data = (AUDIO / entry["file"]).read_bytes()
    except FileNotFoundError:
        raise OSError(f"the recording {entry['file']} is missing from the package: reinstall w2v2course") from None
    if hashlib.sha256(data).hexdigest() != entry["sha256"]:
        raise OSError(f"the recording {entry['file']} was changed or cut short (SHA-256 differs): reinstall w2v2course")
    samples, sample_rate = soundfile.read(io.BytesIO(data), dtype="float32")
    return Clip(
        id=entry["id"],
        waveform=torch.from_numpy(samples),
        sample_rate=sample_rate,
        text=entry["text"],
        licence=manifest["licence"],
        source=manifest["attribution"],
    )
