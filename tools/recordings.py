"""Rebuild the package's human recordings from the Debian packages they come from.

    python -m tools.recordings            # rewrites w2v2course/audio
    python -m tools.recordings --check    # rebuilds elsewhere and compares every hash

Needs Debian's or Ubuntu's `apt-get` and `dpkg-deb` (the sounds come as two packages) and `ffmpeg` (G.722 in, Opus out).
"""

import argparse
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import soundfile
from tqdm import tqdm

PACKAGES = ("asterisk-core-sounds-en-g722", "asterisk-core-sounds-en")
SOUNDS = "usr/share/asterisk/sounds/en_US_f_Allison"
TRANSCRIPTS = "usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
AUDIO = Path(__file__).parent.parent / "w2v2course" / "audio"

# Which prompts, by their names in the package, with what is heard where the transcript is not plain words.
CLIPS = {
    "hello-world": None,
    "something-terribly-wrong": None,
    "one-moment-please": None,
    "goodbye": None,
    "tt-weasels": None,
    "digits/star": None,
    **{f"digits/{digit}": None for digit in range(10)},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with what is there instead of rewriting it")
    check = parser.parse_args().check
    for program in ("apt-get", "dpkg-deb", "ffmpeg"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is missing: on Debian or Ubuntu, install ffmpeg with apt-get and run this again")
    with tempfile.TemporaryDirectory() as folder:
        unpacked = unpack(Path(folder))
        out = Path(folder) / "audio" if check else AUDIO
        out.mkdir(exist_ok=True)
        manifest = build(unpacked, out)
    written = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    if not check:
        (AUDIO / "manifest.json").write_text(written)
        print(f"{len(manifest['clips'])} clips written to {AUDIO}")
    elif written != (AUDIO / "manifest.json").read_text():
        sys.exit("the rebuilt recordings differ from those in the repository")
    else:
        print(f"{len(manifest['clips'])} clips rebuilt, every hash the same")


def unpack(folder: Path) -> Path:
    """Download both packages into the folder and unpack them, nothing is installed."""
    subprocess.run(["apt-get", "download", "-q", *PACKAGES], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder / "unpacked"], check=True)
    return folder / "unpacked"


def build(unpacked: Path, out: Path) -> dict:
    """Encode every clip of `CLIPS` as Opus and return the manifest."""
    transcripts = read_transcripts(unpacked / TRANSCRIPTS)
    clips = []
    for prompt, heard in tqdm(CLIPS.items(), desc="clips", file=sys.stderr):
        source = unpacked / SOUNDS / f"{prompt}.g722"
        name = prompt.removeprefix("tt-") if not prompt.startswith("digits/") else spelled(transcripts[prompt])
        file = out / f"{name}.opus"
        encode(source, file)
        clips.append(
            {
                "id": name,
                "text": heard or spelled(transcripts[prompt]),
                "file": file.name,
                "samples": len(soundfile.read(file)[0]),
                "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
                "source": f"{PACKAGES[0]}: {prompt}.g722",
            }
        )
    return {
        "sample_rate": 16000,
        "speaker": "Allison Smith",
        "licence": "CC-BY-SA-3.0",
        "attribution": "Recording: Allison Smith, Asterisk core sounds, CC BY-SA 3.0",
        "clips": clips,
    }


def encode(source: Path, target: Path) -> None:
    """G.722 to Opus at 24 kbit/s; the `bitexact` flags keep random serial numbers and version strings out."""
    decode = ["-f", "g722", "-i", str(source), "-ar", "16000", "-ac", "1"]
    encode = ["-c:a", "libopus", "-b:a", "24k", "-fflags", "+bitexact", "-flags:a", "+bitexact", str(target)]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *decode, *encode], check=True)


def read_transcripts(path: Path) -> dict[str, str]:
    """Prompt name to what is said in it."""
    lines = gzip.open(path, "rt", errors="replace").read().splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line and not line.startswith(";"))
    return {name.strip(): text.strip() for name, text in pairs}


def spelled(text: str) -> str:
    """Lower-case words, apostrophes kept: what a speech recogniser should write."""
    return " ".join(re.findall(r"[a-z']+", text.lower()))


if __name__ == "__main__":
    main()
