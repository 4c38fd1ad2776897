"""A notebook's code cells, as they are run: installs and demonstrations left out."""

import re
from dataclasses import dataclass

import nbformat
import nbformat.reader

# `%pip install …`, `!pip …`, `!python -m pip …`, also conda, mamba and uv: the sandbox has no network to install from.
INSTALL = re.compile(r"^(\s*)[%!]{1,2}\s*(?:\S*python[\d.]*\s+-m\s+)?(?:pip3?|conda|mamba|uv)\b.*$")
DEMO = "demo"
LONGEST = 200_000  # characters of all code; a notebook of this course has a tenth


@dataclass(frozen=True)
class Notebook:
    """What of a submission is run.

    Attributes:
        cells: source of each code cell, in order; empty for a cell that is not run.
        problem: why there is nothing to run, or nothing.
    """

    cells: tuple[str, ...]
    problem: str = ""


def read(data: bytes) -> Notebook:
    """Read a notebook; whatever the bytes are, this raises nothing."""
    if not data.strip():
        return Notebook((), "the file is empty")
    try:
        # Not `nbformat.reads`, which would print what is not to the letter of the format; learners' tools vary.
        notebook = nbformat.convert(nbformat.reader.reads(data.decode("utf-8-sig")), 4)
        cells = tuple(_source(cell) for cell in notebook.cells if cell.get("cell_type") == "code")
    except (Exception, RecursionError) as error:
        return Notebook((), f"this is no notebook that can be read ({type(error).__name__})")
    if sum(map(len, cells)) > LONGEST:
        return Notebook((), f"the notebook holds more than {LONGEST:,} characters of code")
    return Notebook(cells, "" if any(cell.strip() for cell in cells) else "the notebook has no code")


def _source(cell: dict) -> str:
    source = cell.get("source", "")
    source = "".join(source) if isinstance(source, list) else source
    if not isinstance(source, str):
        raise TypeError("a cell's source is text")
    tags = cell.get("metadata", {}).get("tags", [])
    return "" if DEMO in tags else without_installs(source)


def without_installs(source: str) -> str:
    """Source in which each line that installs is a `pass`, its continuation lines left out."""
    kept: list[str] = []
    going_on = False
    for line in source.splitlines():
        if going_on:
            going_on = line.rstrip().endswith("\\")
            continue
        install = INSTALL.match(line)
        if install:
            going_on = line.rstrip().endswith("\\")
            line = f"{install[1]}pass"
        kept.append(line)
    return "\n".join(kept)
