"""Rebuild the package's human recordings from the Debian packages they come from.

    python -m tools.recordings            # rewrites w2v2course/audio/recordings
    python -m tools.recordings --check    # rebuilds elsewhere and compares

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
AUDIO = Path(__file__).parent.parent / "w2v2course" / "audio" / "recordings"

MUSIC = 12  # Opus configurations from here on hold music, or speech and music; below is speech alone
LONGEST = 4.0  # seconds; what is longer is instructions that nobody wants to hear twice


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
        if check:
            compare(json.loads((AUDIO / "manifest.json").read_text()), manifest)
            return
    (AUDIO / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(manifest['clips'])} clips written to {AUDIO}")


def compare(shipped: dict, rebuilt: dict) -> None:
    """Exit with a sentence unless the rebuilt clips are those of the repository, to the bit."""
    if shipped != rebuilt:
        ours, theirs = ({clip["id"]: clip for clip in manifest["clips"]} for manifest in (shipped, rebuilt))
        other = sorted(name for name in ours | theirs if ours.get(name) != theirs.get(name))
        named = f"{len(other)} clips: {', '.join(other[:5])}{' …' if len(other) > 5 else ''}"
        sys.exit(f"the rebuilt recordings differ in {named if other else 'what the manifest says of them all'}")
    print(f"{len(rebuilt['clips'])} clips rebuilt, every hash the same")


def unpack(folder: Path) -> Path:
    """Download both packages into the folder and unpack them, nothing is installed."""
    subprocess.run(["apt-get", "download", "-q", *PACKAGES], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder / "unpacked"], check=True)
    return folder / "unpacked"


def build(unpacked: Path, out: Path) -> dict:
    """Encode every prompt that is plain words as Opus and return the manifest."""
    transcripts = read_transcripts(unpacked / TRANSCRIPTS)
    for old in out.glob("*.opus"):
        old.unlink()
    clips, heard = {}, set()
    for source in tqdm(sorted((unpacked / SOUNDS).rglob("*.g722")), desc="clips", file=sys.stderr):
        prompt = source.relative_to(unpacked / SOUNDS).with_suffix("").as_posix()
        text = spelled(transcripts.get(prompt, ""))
        seconds = source.stat().st_size * 2 / 16000  # G.722 keeps two samples in a byte
        if not text or seconds > LONGEST or (text in heard and not prompt.startswith("digits/")):
            continue
        heard.add(text)
        name = called(prompt, text)
        file = out / f"{name}.opus"
        encode(source, file)
        clips[name] = {
            "id": name,
            "text": text,
            "file": file.name,
            "samples": len(soundfile.read(file)[0]),
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "source_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
            "source": f"{PACKAGES[0]}: {prompt}.g722",
        }
    return {
        "sample_rate": 16000,
        "speaker": "Allison Smith",
        "licence": "CC-BY-SA-3.0",
        "attribution": "Recording: Allison Smith, Asterisk core sounds, CC BY-SA 3.0",
        "clips": [clips[name] for name in sorted(clips)],
    }


def called(prompt: str, text: str) -> str:
    """A clip's id: `three`, `letter-a`, `alpha`, `weasels`."""
    folder, _, rest = prompt.rpartition("/")
    if folder in ("digits", "phonetic", "letters"):
        return f"letter-{text}" if len(text) == 1 else text.replace(" ", "-")
    return (f"{folder}-{rest}" if folder else rest).removeprefix("tt-").replace("_", "-").lower()


def encode(source: Path, target: Path) -> None:
    """G.722 to Opus at 24 kbit/s, the same bytes on every processor.

    The `bitexact` flags keep random serial numbers and version strings out. Where Opus takes speech for music, its
    search uses approximate reciprocals that kinds of processors round differently (libopus 1.3, `celt/x86/vq_sse2.c`).
    A clip where it did is encoded again, ready for lost packets, which keeps it to speech; the copies that this packs
    in want 32 kbit/s.
    """
    decode = ["-f", "g722", "-i", str(source), "-ar", "16000", "-ac", "1"]
    exact = ["-fflags", "+bitexact", "-flags:a", "+bitexact", str(target)]
    for rate in (["-b:a", "24k"], ["-b:a", "32k", "-fec", "1", "-packet_loss", "10"]):
        subprocess.run(["ffmpeg", "-v", "error", "-y", *decode, "-c:a", "libopus", *rate, *exact], check=True)
        if all(kind < MUSIC for kind in configurations(target.read_bytes())):
            return
    raise RuntimeError(f"{source.name}: Opus takes it for music, so that its bytes would differ by processor")


def configurations(ogg: bytes) -> list[int]:
    """Configuration number of every audio packet in an Ogg Opus file (RFC 3533, section 6; RFC 6716, section 3.1)."""
    packets, packet, at = [], b"", 0
    while at < len(ogg):
        lengths = ogg[at + 27 : at + 27 + ogg[at + 26]]  # of the page's segments; one below 255 ends a packet
        at += 27 + len(lengths)
        for length in lengths:
            packet += ogg[at : at + length]
            at += length
            if length < 255:
                packets.append(packet)
                packet = b""
    return [packet[0] >> 3 for packet in packets[2:]]  # the first two are headers


def read_transcripts(path: Path) -> dict[str, str]:
    """Prompt name to what is said in it."""
    lines = gzip.open(path, "rt", errors="replace").read().splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line and not line.startswith(";"))
    return {name.strip(): text.strip() for name, text in pairs}


def spelled(text: str) -> str:
    """Lower-case words as a speech recogniser should write them; empty where the transcript is not plain words."""
    text = text.replace("...", " ").strip()
    if re.search(r"[^A-Za-z' .,!?:;-]|[A-Z]{2}|[A-Za-z]\.[A-Za-z]", text):
        return ""  # digits, signs, sounds in brackets, abbreviations: what is said is not what is written
    return " ".join(re.findall(r"[a-z']+", text.lower()))


if __name__ == "__main__":
    main()
