"""Measurements that take too long to repeat on a page: tables that ship, each with where it comes from in front."""

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

FOLDER = Path(__file__).parent


def read_table(name: str | os.PathLike[str]) -> list[dict[str, str]]:
    """The rows of a table (chapters `race`, `trellis`, `decoding`).

    Args:
        name: a shipped table such as ``"race_order.csv"``, or the path of another one.

    Returns:
        One dictionary a row, column to text; numbers are still to be converted.

    Raises:
        FileNotFoundError: there is no such table.
    """
    path = FOLDER / name
    if not path.is_file():
        shipped = ", ".join(sorted(table.name for table in FOLDER.glob("*.csv")))
        raise FileNotFoundError(f"there is no table {os.fspath(name)!r}; the shipped ones are: {shipped}")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def write_table(path: Path, rows: Sequence[Mapping[str, object]], origin: Mapping[str, str]) -> None:
    """Write a table whole or not at all.

    Args:
        path: where to.
        rows: at least one; the first one's keys are the columns.
        origin: what made it, when, where and with what: one commented line each, such as ``# date: 2026-11-23``.
    """
    new = path.with_suffix(".new")
    with new.open("w", newline="", encoding="utf-8") as file:
        file.writelines(f"# {key}: {value}\n" for key, value in origin.items())
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    os.replace(new, path)
