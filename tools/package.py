"""The package as a product: a wheel and a source archive, built from a clean copy so that nothing stray gets in.

python -m tools.package FOLDER    # writes both there and prints their names
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PARTS = ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT", "CITATION.cff", "w2v2course")
BUILD = "import sys; from setuptools import build_meta; print(getattr(build_meta, sys.argv[1])(sys.argv[2]))"


def copy_of_what_is_installed(folder: Path) -> Path:
    """The files that make the package, in a new folder, without caches."""
    folder.mkdir(parents=True)
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc"))
        else:
            shutil.copy2(ROOT / part, folder / part)
    return folder


def build(kind: str, into: Path) -> Path:
    """One archive.

    Args:
        kind: "wheel" or "sdist".
        into: the folder to write to; made if need be.

    Raises:
        RuntimeError: setuptools failed; its words are in the message.
    """
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        source = copy_of_what_is_installed(Path(folder) / "course")
        command = [sys.executable, "-c", BUILD, f"build_{kind}", str(into.resolve())]
        done = subprocess.run(command, cwd=source, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the {kind} could not be built:\n{done.stderr}")
    return into / done.stdout.splitlines()[-1]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("give one folder: python -m tools.package FOLDER")
    for kind in ("wheel", "sdist"):
        print(build(kind, Path(sys.argv[1])))
