"""Sound to learn from (first heard in chapter `order`): human recordings, and synthetic digits with true timings.

Everything ships with the package, so that it is there in Colab and offline, and is checked by its hash when it is read.

- *Recordings*: 394 prompts spoken by Allison Smith (Asterisk core sounds, CC BY-SA 3.0), one file each.
- *Synthetic digits*: strings of spelled digits in 61 voices, and 15 voices that no training split has, spoken by
  espeak-ng, with the start of every word. One file a split, decoded when its first waveform is asked for.
"""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal, get_args, overload

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset

from w2v2course.vocabulary import Vocabulary

AUDIO = files("w2v2course") / "audio"
SyntheticName = Literal["train", "validation", "test", "test-unseen", "long", "long-unseen"]
SplitName = SyntheticName | Literal["recordings", "digits", "sentences"]
SYNTHETIC: tuple[SyntheticName, ...] = get_args(SyntheticName)
DIGITS = tuple("zero one two three four five six seven eight nine".split())


@dataclass(frozen=True, eq=False)
class Clip:
    """One utterance (chapter `order`).

    Attributes:
        id: its name, such as ``"star"`` or ``"test-0007"``.
        waveform: (N,) float32 samples between −1 and 1.
        sample_rate: samples a second, 16,000 throughout.
        text: what is said, in lower case.
        licence: of the sound.
        source: where it comes from and whom to thank, to be shown wherever it is played.
        spans: ``(word, start, end)`` in seconds where true timings are known (synthetic speech; a word ends where the
            next begins, the last one with the clip); empty where they are not.
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


class Split(Sequence[Clip]):
    """Clips that are read when they are asked for (chapter `listen`).

    Attributes:
        ids, texts, samples: of every clip, in order (samples: its length); none reads any sound.
    """

    def __init__(self, folder: str, entries: list[dict]):
        self._folder, self._entries = folder, entries
        self.ids = [entry["id"] for entry in entries]
        self.texts = [entry["text"] for entry in entries]
        self.samples = [entry["samples"] for entry in entries]

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> "Split": ...
    def __getitem__(self, index: int | slice) -> "Clip | Split":
        if isinstance(index, slice):
            return Split(self._folder, self._entries[index])
        return (_recording if self._folder == "recordings" else _utterance)(self._entries[index])


class SpeechDataset(Dataset):
    """A split as training examples (chapter `listen`).

    Args:
        clips: any sequence of clips, such as ``load("train")``.
        vocabulary: how texts become labels.

    Each item is ``(waveform (N,) float32, target (S,) int64)``; batches are made by :func:`collate`.
    """

    def __init__(self, clips: Sequence[Clip], vocabulary: Vocabulary):
        self.clips, self.vocabulary = clips, vocabulary

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        clip = self.clips[index]
        return clip.waveform, torch.tensor(self.vocabulary.encode(clip.text), dtype=torch.long)

    @cached_property
    def samples(self) -> list[int]:
        """How long each waveform is, to put clips of a length together."""
        if isinstance(self.clips, Split):
            return self.clips.samples
        return [len(clip.waveform) for clip in self.clips]


def collate(examples: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pad examples to a batch (chapter `listen`).

    Args:
        examples: B pairs (waveform (N_b,), target (S_b,)).

    Returns:
        waveforms (B, N) with zeros behind the shorter ones, lengths (B,) in samples,
        targets (B, S) with zeros behind the shorter ones, target_lengths (B,).

    Raises:
        ValueError: there are no examples.
    """
    if not examples:
        raise ValueError("examples is empty; a batch needs at least one (waveform, target)")
    waveforms, targets = zip(*examples, strict=True)
    return (
        pad_sequence(list(waveforms), batch_first=True),
        torch.tensor([len(waveform) for waveform in waveforms]),
        pad_sequence(list(targets), batch_first=True),
        torch.tensor([len(target) for target in targets]),
    )


@overload
def load(name_or_split: SplitName) -> Split: ...
@overload
def load(name_or_split: str) -> Clip | Split: ...
def load(name_or_split: str) -> Clip | Split:
    """A clip by its name, or all clips of a split (chapter `order`).

    Args:
        name_or_split: the id of a recording, such as ``"star"``; or a split: ``"recordings"`` (all human ones),
            ``"digits"`` (the ten recorded digits, zero first), ``"sentences"`` (recordings of three words and more);
            synthetic: ``"train"``, ``"validation"``, ``"test"`` (1–4 words, voices of training), ``"test-unseen"``
            (held-out voices), ``"long"``, ``"long-unseen"`` (8–12 words).

    Returns:
        One :class:`Clip` for a name, a :class:`Split` for a split.

    Raises:
        ValueError: there is no such clip or split.
        OSError: the sound is missing, or is not what was shipped (its SHA-256 differs from the manifest's).
    """
    if name_or_split in SYNTHETIC:
        return Split("synthetic", _synthetic()["splits"][name_or_split]["utterances"])
    recordings = {entry["id"]: entry for entry in _recordings()["clips"]}
    splits = {
        "recordings": list(recordings.values()),
        "digits": [recordings[word] for word in DIGITS],
        "sentences": [entry for entry in recordings.values() if entry["text"].count(" ") >= 2],
    }
    if name_or_split in splits:
        return Split("recordings", splits[name_or_split])
    if name_or_split not in recordings:
        raise ValueError(
            f"there is no clip or split {name_or_split!r}; splits are {', '.join((*splits, *SYNTHETIC))}; "
            f'clips are those of load("recordings").ids, such as star or weasels'
        )
    return _recording(recordings[name_or_split])


@cache
def _recordings() -> dict:
    return json.loads((AUDIO / "recordings" / "manifest.json").read_text(encoding="utf-8"))


@cache
def _synthetic() -> dict:
    return json.loads((AUDIO / "synthetic" / "manifest.json").read_text(encoding="utf-8"))


def _recording(entry: dict) -> Clip:
    manifest = _recordings()
    return Clip(
        id=entry["id"],
        waveform=_decode("recordings", entry["file"], entry["sha256"], "float32"),
        sample_rate=manifest["sample_rate"],
        text=entry["text"],
        licence=manifest["licence"],
        source=manifest["attribution"],
    )


def _utterance(entry: dict) -> Clip:
    rate = _synthetic()["sample_rate"]
    samples = _pack(entry["id"].rsplit("-", 1)[0])[entry["start"] : entry["start"] + entry["samples"]]
    bounds = [*entry["starts"], entry["samples"] / rate]
    return Clip(
        id=entry["id"],
        waveform=samples / 32768,
        sample_rate=rate,
        text=entry["text"],
        licence="CC0-1.0",
        source=f"Synthetic voice: espeak-ng, {entry['voice']}",
        spans=tuple(zip(entry["text"].split(), bounds[:-1], bounds[1:], strict=True)),
    )


@cache
def _pack(split: str) -> Tensor:
    """All samples of a synthetic split, int16: half the memory of floats."""
    entry = _synthetic()["splits"][split]
    return _decode("synthetic", entry["file"], entry["sha256"], "int16")


def _decode(folder: str, file: str, sha256: str, dtype: str) -> Tensor:
    import soundfile  # not needed by readers who bring their own waveforms

    try:
        data = (AUDIO / folder / file).read_bytes()
    except FileNotFoundError:
        raise OSError(f"the sound {folder}/{file} is missing from the package: reinstall w2v2course") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise OSError(f"the sound {folder}/{file} was changed or cut short (SHA-256 differs): reinstall w2v2course")
    return torch.from_numpy(soundfile.read(io.BytesIO(data), dtype=dtype)[0])
