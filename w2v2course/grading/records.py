"""One file for each result, written whole or not at all, so that a kill loses nothing and the next run goes on."""

import json
import os
import re
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Write a file in one step: whoever reads it sees the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with open(part, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def slug(name: str) -> str:
    """A name that any file system takes."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[:80] or "submission"


class Records:
    """The records below a folder of results.

    Args:
        results: the folder; `records/` in it is made where it is missing.
    """

    def __init__(self, results: Path):
        self._folder = results / "records"
        self._folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str, fingerprint: str) -> Path:
        """Where the record of a submission with this fingerprint lies."""
        return self._folder / f"{slug(name)}.{fingerprint}.json"

    def get(self, name: str, fingerprint: str) -> dict | None:
        """The record, if this very submission was graded before for this very assignment."""
        try:
            record = json.loads(self.path(name, fingerprint).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) and record.get("submission") == name else None

    def put(self, record: dict, fingerprint: str) -> None:
        """Keep a record."""
        write(self.path(record["submission"], fingerprint), json.dumps(record, indent=1, ensure_ascii=False) + "\n")
