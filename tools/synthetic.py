"""Rebuild the package's synthetic digits: strings of spoken digit words with true word timings.

    python -m tools.synthetic            # rewrites w2v2course/audio/synthetic
    python -m tools.synthetic --check    # rebuilds elsewhere and compares every hash

Needs espeak-ng's library and `ffmpeg` (Debian: `apt-get install libespeak-ng1 ffmpeg`). The sound is made once and
shipped, since a reader in Colab or on a phone has neither. Each utterance is spoken in a process of its own: a second
one in the same process would differ by a few samples.
"""

import argparse
import ctypes
import hashlib
import json
import multiprocessing
import random
import shutil
import subprocess
import sys
import tempfile
from itertools import count as count_from
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from tqdm import tqdm

AUDIO = Path(__file__).parent.parent / "w2v2course" / "audio" / "synthetic"
WORDS = "zero one two three four five six seven eight nine".split()
ACCENTS = ["en-us", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan"]
HELD_OUT = 15  # voices that are never trained on
RATE, GAP = 16_000, 1_600  # samples a second; silence between utterances in a file, so that none leaks into the next
# Split: utterances, fewest and most words, whether its voices are held out, seed.
SPLITS = {
    "train": (3000, 1, 4, False, 1),
    "validation": (200, 1, 4, False, 2),
    "test": (200, 1, 4, False, 3),
    "test-unseen": (200, 1, 4, True, 4),
    "long": (100, 8, 12, False, 5),
    "long-unseen": (100, 8, 12, True, 6),
}
# Voices made to sound like no person: whispers, robots, machines.
NO_PERSON = ("whisper", "croak", "demonic", "half-life", "klatt", "rici", "uni", "robo", "storm", "fast")


class _Name(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    """espeak_EVENT of espeak-ng's `speak_lib.h`."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Name),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with what is there instead of rewriting it")
    check = parser.parse_args().check
    if shutil.which("ffmpeg") is None:
        sys.exit("ffmpeg is missing: on Debian or Ubuntu, apt-get install ffmpeg, and run this again")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) if check else AUDIO
        out.mkdir(exist_ok=True)
        written = json.dumps(build(out), separators=(",", ":")) + "\n"
    written = written.replace('{"id"', '\n{"id"')  # one line an utterance
    if not check:
        (AUDIO / "manifest.json").write_text(written)
    elif written != (AUDIO / "manifest.json").read_text():
        sys.exit("the rebuilt utterances differ from those in the repository")
    else:
        print("every hash the same")


def build(out: Path) -> dict:
    """Speak, resample and encode every split; return the manifest."""
    # spawn: each utterance in a fresh process, whose library has spoken nothing yet.
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        seen, unseen = voices(pool.apply(variants))
    manifest = {"sample_rate": RATE, "voices": {"seen": seen, "unseen": unseen}, "splits": {}}
    for split, (count, fewest, most, held_out, seed) in SPLITS.items():
        rng = random.Random(seed)
        wanted = []
        for _ in range(count + count // 4):
            words = [rng.choice(WORDS) for _ in range(rng.randint(fewest, most))]
            voice = f"{rng.choice(ACCENTS)}+{rng.choice(unseen if held_out else seen)}"
            wanted.append((words, voice, rng.randint(120, 220), rng.randint(25, 75)))
        utterances, pieces, place = [], [], 0
        with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
            for request, spoken in zip(
                wanted, tqdm(pool.imap(speak, wanted, chunksize=1), desc=split, total=len(wanted)), strict=True
            ):
                if spoken is None or len(utterances) == count:
                    continue  # an utterance whose events do not match its words; spares make up for it
                samples, starts = spoken
                words, voice, rate, pitch = request
                utterances.append(
                    {"id": f"{split}-{len(utterances):04}", "text": " ".join(words), "start": place}
                    | {"samples": len(samples), "starts": starts, "voice": voice, "rate": rate, "pitch": pitch}
                )
                pieces += [samples, np.zeros(GAP, np.int16)]
                place += len(samples) + GAP
        if len(utterances) < count:
            sys.exit(f"{split}: only {len(utterances)} of {count} utterances had events that match their words")
        file = out / f"{split}.opus"
        encode(np.concatenate(pieces), file)
        manifest["splits"][split] = {
            "file": file.name,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "utterances": utterances,
        }
    return manifest


def voices(names: list[str]) -> tuple[list[str], list[str]]:
    """Voices to train on, and voices held out."""
    random.Random(0).shuffle(names)
    return sorted(names[HELD_OUT:]), sorted(names[:HELD_OUT])


def variants() -> list[str]:
    """Names of espeak-ng's voice variants that sound like a person and exist for every accent."""
    library, _ = _library()
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.c_void_p)
    path = ctypes.c_char_p()
    library.espeak_Info.restype = ctypes.c_char_p
    library.espeak_Info(ctypes.byref(path))
    names = sorted(file.name for file in (Path(path.value.decode()) / "voices" / "!v").iterdir())
    people = [name for name in names if " " not in name and not name.lower().startswith(NO_PERSON)]
    exists = [n for n in people if all(library.espeak_SetVoiceByName(f"{a}+{n}".encode()) == 0 for a in ACCENTS)]
    return exists


def _library():
    """The library, set to give waveform and events to us instead of a loudspeaker; and its sample rate."""
    library = ctypes.CDLL("libespeak-ng.so.1")
    rate = library.espeak_Initialize(2, 0, None, 1)  # AUDIO_OUTPUT_SYNCHRONOUS, with phoneme events
    if rate <= 0:
        raise OSError("espeak-ng did not start: is its data (Debian: espeak-ng-data) installed?")
    return library, rate


def speak(request: tuple[list[str], str, int, int]) -> tuple[np.ndarray, list[float]] | None:
    """Words to int16 samples at 16 kHz and each word's start in seconds; None where the events do not match."""
    words, voice, rate, pitch = request
    library, native = _library()
    blocks, starts = [], []

    def receive(samples, count, events):
        if samples and count > 0:
            blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        for number in count_from(0):
            if events[number].type == 0:  # the list ends
                break
            if events[number].type == 1:  # a word begins
                starts.append(events[number].sample / native)
        return 0

    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))(
        receive
    )
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(voice.encode()) != 0:
        return None
    library.espeak_SetParameter(1, rate, 0)  # words a minute
    library.espeak_SetParameter(3, pitch, 0)
    text = " ".join(words).encode() + b"\0"
    library.espeak_Synth(text, ctypes.c_size_t(len(text)), 0, 0, 0, 1, None, None)
    library.espeak_Synchronize()
    samples = resample(np.concatenate(blocks).astype(np.float64), native)
    starts = [round(start, 4) for start in starts if start < len(samples) / RATE - 0.05]  # the trailing event goes
    if len(starts) != len(words) or any(b - a < 0.08 for a, b in pairwise(starts)):
        return None
    return (samples * (0.7 * 32767 / np.abs(samples).max())).round().astype(np.int16), starts


def resample(x: np.ndarray, rate: int) -> np.ndarray:
    """To 16 kHz by cutting the spectrum: exact for what lies below 8 kHz."""
    count = round(len(x) * RATE / rate)
    return np.fft.irfft(np.fft.rfft(x)[: count // 2 + 1], count) * (count / len(x))


def encode(samples: np.ndarray, target: Path) -> None:
    """Opus at 14 kbit/s; the `bitexact` flags keep random serial numbers and version strings out."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        soundfile.write(file.name, samples, RATE)
        encoder = ["-c:a", "libopus", "-b:a", "14k", "-fflags", "+bitexact", "-flags:a", "+bitexact", str(target)]
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", file.name, *encoder], check=True)


if __name__ == "__main__":
    main()
