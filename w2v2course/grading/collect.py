"""Submissions in a folder: their names and bytes, nothing followed that is not a plain file."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

LARGEST = 32 << 20


@dataclass(frozen=True)
class Submission:
    """One notebook that was handed in.

    Attributes:
        name: its path below the folder without the suffix, such as ``"alice/attention"``; two files never share one.
        data: its bytes.
        problem: why it was not read, or nothing.
    """

    name: str
    data: bytes = b""
    problem: str = ""


def collect(folder: Path) -> list[Submission]:
    """Every ``.ipynb`` at any depth, in order of name; a link is reported and not followed.

    Raises:
        ValueError: the folder is not there, or holds no notebook.
    """
    if not folder.is_dir():
        raise ValueError(f"SUBMISSIONS is {folder}, which is no folder; pass the folder that holds the notebooks")
    paths = []
    for place, folders, files in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if name != ".ipynb_checkpoints"]
        linked = [name for name in folders if name.lower().endswith(".ipynb")]
        paths += [Path(place, name) for name in [*files, *linked] if name.lower().endswith(".ipynb")]
    if not paths:
        raise ValueError(f"{folder} holds no .ipynb file, at any depth")
    found: dict[str, Submission] = {}
    for path in sorted(paths):
        name = readable(path.relative_to(folder).as_posix())
        short = name[: -len(".ipynb")]
        name = name if short in found or not short else short  # a.ipynb and a.IPYNB
        found[name] = _read(path, name)
    return [found[name] for name in sorted(found)]


def readable(name: str) -> str:
    """Text that can be printed and written: control characters, and what is no character at all, are spelt out."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in name)


def _read(path: Path, name: str) -> Submission:
    try:
        # Neither links nor, by O_NONBLOCK, a pipe on which nobody writes.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        link = "it is a link, and links are not followed"
        return Submission(name, problem=link if path.is_symlink() else f"it cannot be opened ({error.strerror})")
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return Submission(name, problem="it is not a plain file")
        if status.st_size > LARGEST:
            return Submission(name, problem=f"it is larger than {LARGEST >> 20} MiB; clear its outputs")
        return Submission(name, file.read(LARGEST + 1)[:LARGEST])
