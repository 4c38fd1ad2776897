"""The measured parts of *How this book is checked*, made from data files.

python -m tools.checked            # write them into book/appendix/checked.md
python -m tools.checked --check    # say whether the page is in step with its data; writes nothing

A part stands between two comments on the page and is never edited there. Each is made from a file that one command
writes; a file that is not there yet gives a sentence with its command, and no number.
"""

import csv
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from w2v2course.checkpoints import SMALL
from w2v2course.tables import FOLDER

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "book" / "appendix" / "checked.md"
RESULTS = ROOT / "benchmarks" / "results"
PART = re.compile(r"(<!-- made from data: ([\w-]+) -->\n)(.*?)(<!-- end of data -->)", flags=re.S)


def rows(path: Path) -> tuple[list[dict[str, str]], dict[str, str]]:
    """A table and where it comes from, the comments in front of it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    origin = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    return list(csv.DictReader(line for line in lines if not line.startswith("#"))), origin


def table(head: list[str], body: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *body])


def told(origin: dict[str, str]) -> str:
    """Where a table comes from, as a line below it."""
    words = ", ".join(origin[key] for key in ("date", "machine", "versions") if key in origin)
    return f"Made by `{origin['made by']}`: {words}."


def stages() -> str:
    path = RESULTS / "stages.csv"
    if not path.exists():
        return "`make test RECORD=1` keeps the minutes of every stage here; it has not been run in this copy."
    found, origin = rows(path)
    total = sum(float(row["minutes"]) for row in found)
    body = [[row["stage"], row["minutes"]] for row in found]
    return table(["stage", "minutes"], [*body, ["all", f"{total:.1f}"]]) + "\n\n" + told(origin)


def mutations() -> str:
    found, origin = rows(RESULTS / "mutations.csv")
    modules = list(dict.fromkeys(row["module"] for row in found))
    body = []
    for module in modules:
        mine = [row for row in found if row["module"] == module]
        body.append([f"`ctc.{module}`", str(len(mine)), str(sum(row["caught"] == "yes" for row in mine))])
    caught = sum(row["caught"] == "yes" for row in found)
    body.append(["all", str(len(found)), str(caught)])
    return table(["broken in", "mistakes", "noticed"], body) + "\n\n" + told(origin)


def parity() -> str:
    found, origin = rows(RESULTS / "parity.csv")
    networks = list(dict.fromkeys((row["network"], row["layout"]) for row in found))
    parts = list(dict.fromkeys(row["part"] for row in found))
    error = {(row["network"], row["layout"], row["part"]): row["error"].replace("0.0e+00", "0") for row in found}
    bar = {row["part"]: row["bar"] for row in found}
    head = ["part", *(f"{network}, {layout}" for network, layout in networks), "at most"]
    body = [[part, *(error[network, layout, part] for network, layout in networks), bar[part]] for part in parts]
    return table(head, body) + "\n\n" + told(origin)


def speed() -> str:
    pieces = []
    for name, what in (("ctc_loss", "CTC loss, forward and backward"), ("beam_search", "beam search, an utterance")):
        found, origin = rows(FOLDER / f"{name}.csv")
        body = [
            [row["case"], row["ours_ms"], row["peer_ms"], f"{float(row['ratio']):.1f}", row["bar"]] for row in found
        ]
        head = [what, "ours, ms", "peer, ms", "times faster", "promised"]
        pieces.append(table(head, body) + "\n\n" + told(origin))
    return "\n\n".join(pieces)


def bench() -> str:
    path = RESULTS / "bench.json"
    if not path.exists():
        return "`make bench` keeps its rows here; it has not been run in this copy."
    found = json.loads(path.read_text(encoding="utf-8"))
    body = [
        [
            f"{row['script'].removeprefix('benchmarks.')}: {row['case']}",
            f"{row['ours_ms']:.4g}",
            f"{row['peer_ms']:.4g}",
            f"{row['ratio']:.1f}",
            "" if row["bar"] is None else f"{row['bar']:g}",
        ]
        for row in found["rows"]
    ]
    versions = ", ".join(f"{package} {number}" for package, number in found["versions"].items())
    origin = {"made by": "make bench", "date": found["date"], "versions": versions}
    origin["machine"] = f"{found['processor']}, {found['threads']} threads"
    return table(["case", "ours, ms", "peer, ms", "times faster", "promised"], body) + "\n\n" + told(origin)


def model() -> str:
    facts = json.loads((Path(SMALL) / "scores.json").read_text(encoding="utf-8"))
    body = [
        [
            f"`{split}`",
            f"{100 * score['character_error_rate']:.1f}",
            f"{100 * score['word_error_rate']:.1f}",
            f"{score['right']} of {score['clips']}",
        ]
        for split, score in facts["scores"].items()
    ]
    head = ["clips", "wrong characters, %", "wrong words, %", "whole clips right"]
    origin = {"made by": "python -m w2v2course.training", "date": facts["date"], "machine": facts["machine"]}
    origin["versions"] = f"torch {facts['torch']}, python {facts['python']}"
    return table(head, body) + "\n\n" + told(origin)


PARTS: dict[str, Callable[[], str]] = {
    "stages": stages, "mutations": mutations, "parity": parity, "speed": speed, "bench": bench, "model": model,
}  # fmt: skip


def made(text: str) -> str:
    """The page with every part as its data say.

    Raises:
        KeyError: a part that nobody knows.
    """
    return PART.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n\n{found[4]}", text)


def prose(text: str) -> str:
    """The page without those parts that are exactly what their data say; anything else counts as prose."""
    return PART.sub(lambda found: "" if made(found[0]) == found[0] else found[0], text)


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    fresh = made(text)
    if "--check" in sys.argv[1:]:
        if fresh != text:
            sys.exit("book/appendix/checked.md is out of step with its data: run python -m tools.checked")
        print("the page on checks is in step with its data")
        return
    PAGE.write_text(fresh, encoding="utf-8")
    print("the page on checks is up to date" if fresh == text else "the page on checks was brought up to date")


if __name__ == "__main__":
    main()
