"""The notebook that a source asks for: its cells, ids and stale key; nothing is run here."""

import hashlib
import re
import sys
from pathlib import Path

import jupytext
import nbformat

from tools.repository import address
from tools.stale import stale_key

SETUP, COLAB = "{{ setup }}", "{{ colab }}"
DEVICE = "from w2v2course.notebook import device  # CUDA, else MPS, else CPU"
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
KEPT = ("tags", "mystnb")  # cell metadata that belong to the text
KINDS = ("chapters", "exercises", "solutions")  # folders of book/; the last two are made of one source


def planned(source: Path, kind: str = "chapters") -> nbformat.NotebookNode:
    """The notebook of one kind that a source asks for.

    Exits with a sentence where the source has no set-up cell, or a solution without beginning or end.
    """
    notebook = jupytext.read(source, fmt="md:myst")
    cells = notebook.cells
    if not any(cell.cell_type == "code" and cell.source.strip() == SETUP for cell in cells):
        sys.exit(f"{source}: the set-up cell {SETUP} is missing")
    for cell in cells:
        if cell.cell_type == "code":
            try:
                cell.source = solved(cell.source) if kind == "solutions" else unsolved(cell.source)
            except ValueError as error:
                sys.exit(f"{source}: {error}")
    also = (DEVICE,) if kind == "chapters" else (f"import w2v2course.exercises.{source.stem.replace('-', '_')}",)
    key = stale_key((cell.source for cell in cells if cell.cell_type == "code" and cell.source.strip() != SETUP), also)
    url, seen = address(), {}
    what = "chapter" if kind == "chapters" else "notebook"
    for cell in cells:
        cell.metadata = nbformat.from_dict({k: cell.metadata[k] for k in KEPT if k in cell.metadata})
        cell.source = cell.source.replace(COLAB, colab_line(url, f"book/{kind}/{source.stem}.ipynb", what))
        if cell.cell_type == "code" and cell.source.strip() == SETUP:
            cell.source = setup_cell(url, draws=kind == "chapters")
            cell.metadata["tags"] = ["setup", "hide-input"]  # readers of the page need it once, if ever
        digest = hashlib.sha256(cell.source.encode()).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "w2v2course": {"key": key},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def solved(code: str) -> str:
    """A cell with its solution, without the marks round it."""
    check_marks(code)
    return "\n".join(line for line in code.splitlines() if line.strip() not in (BEGIN, END))


def unsolved(code: str) -> str:
    """A cell with a stub in place of its solution.

    Raises:
        ValueError: a mark without its partner, or a solution outside a function.
    """
    check_marks(code)
    kept, inside, function = [], False, None
    for line in code.splitlines():
        if found := re.match(r"def (\w+)", line):
            function = found[1]
        if line.strip() == BEGIN:
            if function is None:
                raise ValueError(f"{BEGIN} stands outside a function")
            inside, indent = True, line[: len(line) - len(line.lstrip())]
            kept += [f"{indent}# your code here", f'{indent}raise NotImplementedError("{function}")']
        elif line.strip() == END:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def check_marks(code: str) -> None:
    """Require that each mark has its partner.

    Raises:
        ValueError: one has not.
    """
    marks = [line.strip() for line in code.splitlines() if line.strip() in (BEGIN, END)]
    if marks != [BEGIN, END] * (len(marks) // 2) or code.count("SOLUTION") != len(marks):
        raise ValueError(f"{BEGIN} and {END} must take turns, each on a line of its own, in the cell\n{code}")


def setup_cell(url: str, draws: bool) -> str:
    """The same in every notebook that draws; others need no device and no figures. It installs only what is missing."""
    install = (
        f"""get_ipython().run_line_magic("pip", "install -q --no-deps git+{url} jiwer rapidfuzz")"""
        if url
        else 'print("No repository address is set in this copy: install w2v2course from its folder with pip install .")'
    )
    package = f'import importlib.util; importlib.util.find_spec("w2v2course") or {install}'
    return f"{package}\n{DEVICE}" if draws else f"{package};"  # shows nothing


def colab_line(url: str, path: str, what: str = "chapter") -> str:
    """Where a notebook says how to run it."""
    slug = re.fullmatch(r"https://github\.com/([^/]+/[^/]+?)(\.git)?/?", url)
    if slug:
        return f"[Open this {what} in Colab](https://colab.research.google.com/github/{slug[1]}/blob/main/{path})"
    if url:
        return f"*Colab opens notebooks from GitHub; this course is kept at {url}.*"
    return "*No Colab button here: this copy of the course has not been told its repository address.*"
