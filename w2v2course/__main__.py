"""The command line: `python -m w2v2course`, or `w2v2course` where the package is installed."""

import ast
import sys
from importlib.resources import files
from importlib.resources.abc import Traversable

from w2v2course import __version__

COMMANDS = {
    "python -m w2v2course": "this overview",
    "python -m w2v2course grade SUBMISSIONS/ --out RESULTS/": "grade a folder of exercise notebooks",
    "python -m w2v2course.training FOLDER": "train the small model again",
    "python -m w2v2course.experiments FOLDER": "make the tables of the race again",
}
CHAPTERS = {
    "frames": "what the network hears",
    "order": "attention does not know what comes first",
    "clocks": "a tag for every position",
    "neighbours": "let the neighbours say who stands left and right",
    "race": "two locks, two keys",
    "context-network": "the whole network",
    "alignments": "fifty guesses a second, a few letters",
    "trellis": "the same sum in a small table",
    "learning": "what the gradient says",
    "decoding": "reading the text out",
    "spans": "which letter when",
    "listen": "a small wav2vec 2.0 learns to hear",
}


def main(arguments: list[str] | None = None) -> None:
    """`grade …` goes to the grader, anything else shows what there is.

    Raises:
        SystemExit: an unknown command.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] == "grade":
        from w2v2course.grading.command import main as grade

        grade(arguments[1:])
        return
    if arguments and arguments[0] not in ("-h", "--help"):
        sys.exit(f"there is no command {arguments[0]!r}; the one that takes arguments is: grade")
    print(overview())


def overview() -> str:
    """Chapters, modules and commands, as text."""
    modules = dict(_modules(files("w2v2course"), ""))
    return "\n".join(
        [
            f"w2v2course {__version__}: the package of the course *The Intuition of Wav2Vec2's Transformer*.",
            *("", "Chapters (book/chapters/<name>.ipynb in the course's repository):", *_table(CHAPTERS)),
            *("", "Modules (help(w2v2course.<name>) says more):", *_table(modules)),
            *("", "Commands:", *_table(COMMANDS)),
        ]
    )


def _table(rows: dict[str, str]) -> list[str]:
    width = max(map(len, rows))
    return [f"  {name:{width}}  {words}" for name, words in rows.items()]


def _modules(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    """Name and first sentence of every public module; nothing is imported for it."""
    found = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = entry.name.removesuffix(".py")
        if entry.is_dir() and (entry / "__init__.py").is_file():
            words = _first_line(entry / "__init__.py")
            found += [(prefix + name, words)] if words else []
            found += _modules(entry, f"{prefix}{name}.")
        elif entry.name.endswith(".py") and not name.startswith("_") and (words := _first_line(entry)):
            found.append((prefix + name, words))
    return found


def _first_line(module: Traversable) -> str:
    return (ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or "").partition("\n")[0]


if __name__ == "__main__":
    main()
