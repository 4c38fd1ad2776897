"""Sphinx: the reference is made from the docstrings, and chapters and reference lead to each other.

A page below `book/reference` holds the token `{{ modules }}`; here it becomes the modules of that page. A chapter's
name in a docstring becomes a link to it, and each chapter ends, on its page only, with links to the modules that it
imports. The notebooks stay as they are.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "w2v2course"
CHAPTERS, REFERENCE = "book/chapters/", "book/reference/"
# First part of a module's name to its page; what is named nowhere stands on the last page.
NETWORK = ("config", "lengths", "features", "attention", "positions", "encoder", "model", "checkpoints", "vocabulary")
PAGES = dict.fromkeys(NETWORK, "network") | {"ctc": "ctc"}
PAGES |= dict.fromkeys(("speech", "training", "experiments", "tables"), "experiments")
PAGES |= dict.fromkeys(("exercises", "grading"), "grading")
REST = "notebooks"
HIDDEN = ("exercises.mistakes",)  # wrong answers, kept to test the graders
TOKEN = "{{ modules }}"


def modules() -> list[str]:
    """Every public module, as `ctc.loss`, those of one page in the order in which they import each other."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        name = ".".join(parts)
        if parts and not any(part.startswith("_") for part in parts) and not name.startswith(HIDDEN):
            found.append(name)
    order = list(PAGES)
    return sorted(found, key=lambda name: (order.index(top(name)) if top(name) in PAGES else len(order), name))


def top(name: str) -> str:
    return name.partition(".")[0]


def page_of(name: str) -> str:
    return PAGES.get(top(name), REST)


def reference(page: str) -> str:
    """Markdown that documents the modules of one page."""
    pieces = []
    for name in modules():
        if page_of(name) == page:
            members = "" if (PACKAGE / name.replace(".", "/")).is_dir() else "   :members:\n"
            directive = f".. automodule:: w2v2course.{name}\n{members}   :show-inheritance:"
            place = (PACKAGE / name.replace(".", "/")).relative_to(ROOT)
            file = place / "__init__.py" if members == "" else place.with_suffix(".py")
            pieces.append(f"## `{name}`\n\nThe code: `{file.as_posix()}`\n\n```{{eval-rst}}\n{directive}\n```\n")
    return "\n".join(pieces)


def imported(code: str) -> list[str]:
    """Modules of the package that code imports, by name."""
    names = set(re.findall(r"^\s*(?:from|import) w2v2course\.([\w.]+)", code, flags=re.M))
    for package, what in re.findall(r"^\s*from w2v2course(\.[\w.]+)? import ([\w, ]+)", code, flags=re.M):
        names |= {f"{package}.{name.split()[0]}".removeprefix(".") for name in what.split(",") if name.strip()}
    return [name for name in modules() if name in names and name != "notebook"]


def links(code: str) -> str:
    """The line at a chapter's end."""
    anchors = [
        f'<a href="../reference/{page_of(name)}.html#module-w2v2course.{name}"><code>{name}</code></a>'
        for name in imported(code)
    ]
    return f"**In the reference:** {', '.join(anchors)}." if anchors else ""


def read(app, name: str, source: list[str]) -> None:
    if name.startswith(REFERENCE):
        source[0] = source[0].replace(TOKEN, reference(name.removeprefix(REFERENCE)))
    if name.startswith(CHAPTERS):
        notebook = json.loads(source[0])
        code = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
        if line := links(code):
            notebook["cells"].append({"cell_type": "markdown", "id": "reference", "metadata": {}, "source": line})
        source[0] = json.dumps(notebook)


def docstring(app, what, name, obj, options, lines: list[str]) -> None:
    """`order` after the word chapter is a link to it, other words in single backticks are code."""
    there = {doc.removeprefix(CHAPTERS) for doc in app.env.found_docs if doc.startswith(CHAPTERS)}
    text = "\n".join(lines)

    def marked(found: re.Match) -> str:
        role, ticks, inner = found.groups()
        if role or len(ticks) > 1:
            return found[0]
        line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        if inner in there and "chapter" in line.lower():
            return f":doc:`{inner} </{CHAPTERS}{inner}>`"
        return f"``{inner}``"

    lines[:] = re.sub(r"(:\w+:)?(`+)([^`]+)\2", marked, text).split("\n")


def sections(app, what, name, obj, options, lines: list[str]) -> None:
    """What napoleon would misread, put right before it reads: a sentence with a colon is no type, `T.` no list."""
    fresh, inside = [], False
    for line in lines:
        if line == "Returns:":
            fresh.append(":returns:")
            inside = True
            continue
        if inside and line and not line.startswith(" "):
            inside = False
        fresh.append(re.sub(r"^(\s+\w+: )(?=[A-Z]\.)", r"\1\\", line))
    lines[:] = fresh


def setup(app) -> dict:
    sys.path.insert(0, str(ROOT))
    app.connect("autodoc-process-docstring", sections, priority=400)  # napoleon's own is 500
    app.connect("source-read", read)
    app.connect("autodoc-process-docstring", docstring)
    return {"version": "1", "parallel_read_safe": True}
