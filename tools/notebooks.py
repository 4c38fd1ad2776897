"""Make the notebooks from their sources, and check that they are in step.

    python -m tools.notebooks            # run what is stale
    python -m tools.notebooks --all      # run everything
    python -m tools.notebooks --check    # say what is out of step; writes nothing

`book/sources/<name>.md` (MyST text with code cells) becomes `book/chapters/<name>.ipynb`, run, outputs stored.
A notebook is stale when its code cells, or the package's code that they import, changed; new text alone keeps the
outputs. The set-up cell and the Colab line are filled in here and do not count, so a new repository address runs
nothing again.
"""

import argparse
import ast
import hashlib
import os
import re
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from tools.repository import address

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "w2v2course"
SOURCES = ROOT / "book" / "sources"
CHAPTERS = ROOT / "book" / "chapters"

SETUP, COLAB = "{{ setup }}", "{{ colab }}"
KEPT = ("tags", "mystnb")  # cell metadata that belong to the text
# One thread: the same sums in the same order, hence the same bytes, on one machine; nbval runs so too.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1") | {"PYTHONHASHSEED": "0"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="only these, such as 'order'; default all")
    parser.add_argument("--all", action="store_true", help="run them whether stale or not")
    parser.add_argument("--check", action="store_true", help="only say what is out of step")
    arguments = parser.parse_args()
    os.environ.update(ONE_THREAD)
    sources = sorted(SOURCES.glob("*.md"))
    unknown = set(arguments.names) - {source.stem for source in sources}
    if unknown:
        sys.exit(f"no source in book/sources is called {', '.join(sorted(unknown))}")
    if arguments.check:
        check(sources)
        return
    for source in sources:
        if not arguments.names or source.stem in arguments.names:
            make(source, run_anyway=arguments.all)


def make(source: Path, run_anyway: bool) -> None:
    """Bring one notebook up to date, running it only if need be."""
    target = CHAPTERS / f"{source.stem}.ipynb"
    fresh, stored = planned(source), read(target)
    if not run_anyway and stored is not None and key_of(stored) == key_of(fresh) and not unrun(stored):
        outputs = iter([cell for cell in stored.cells if cell.cell_type == "code"])
        for cell in fresh.cells:
            if cell.cell_type == "code":
                old = next(outputs)
                cell.outputs, cell.execution_count = old.outputs, old.execution_count
        changed = write(fresh, target)
        print(f"{source.stem}: {'text brought up to date' if changed else 'up to date'}", flush=True)
        return
    print(f"{source.stem}: running … ", end="", flush=True)
    started, cpu = time.perf_counter(), os.times()
    run(fresh, source)
    spent = os.times()
    write(fresh, target)
    seconds = spent.children_user + spent.children_system - cpu.children_user - cpu.children_system
    print(f"{time.perf_counter() - started:.0f} s, {seconds:.0f} CPU-seconds", flush=True)


def planned(source: Path) -> nbformat.NotebookNode:
    """The notebook that a source asks for: cells, ids and stale key; nothing run."""
    notebook = jupytext.read(source, fmt="md:myst")
    cells = notebook.cells
    if not any(cell.cell_type == "code" and cell.source.strip() == SETUP for cell in cells):
        sys.exit(f"{source.relative_to(ROOT)}: the set-up cell {SETUP} is missing")
    key = stale_key(cells)
    url, seen = address(), {}
    for cell in cells:
        cell.metadata = nbformat.from_dict({k: cell.metadata[k] for k in KEPT if k in cell.metadata})
        cell.source = cell.source.replace(COLAB, colab_line(url, f"book/chapters/{source.stem}.ipynb"))
        if cell.cell_type == "code" and cell.source.strip() == SETUP:
            cell.source = setup_cell(url)
            cell.metadata["tags"] = ["setup"]
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


def setup_cell(url: str) -> str:
    """Two lines, the same in every notebook; where the package is there already they install nothing."""
    install = (
        f"""get_ipython().run_line_magic("pip", "install -q --no-deps git+{url} jiwer rapidfuzz")"""
        if url
        else 'print("No repository address is set in this copy: install w2v2course from its folder with pip install .")'
    )
    return (
        f'import importlib.util; importlib.util.find_spec("w2v2course") or {install}\n'
        "from w2v2course.notebook import device  # CUDA, else MPS, else CPU"
    )


def colab_line(url: str, path: str) -> str:
    """Where a chapter says how to run it."""
    slug = re.fullmatch(r"https://github\.com/([^/]+/[^/]+?)(\.git)?/?", url)
    if slug:
        return f"[Open this chapter in Colab](https://colab.research.google.com/github/{slug[1]}/blob/main/{path})"
    if url:
        return f"*Colab opens notebooks from GitHub; this course is kept at {url}.*"
    return "*No Colab button here: this copy of the course has not been told its repository address.*"


def stale_key(cells: list) -> str:
    """A hash of the code cells and of every package file that they can reach by imports or by name."""
    code = [cell.source for cell in cells if cell.cell_type == "code" and cell.source.strip() != SETUP]
    digest = hashlib.sha256("\0".join(code).encode())
    for path in reached([*code, "from w2v2course.notebook import device"]):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def reached(code: list[str]) -> list[Path]:
    """Package files behind pieces of code: modules imported, theirs in turn, and data that they name in a string."""
    found, waiting = set(), list(code)
    while waiting:
        tree = ast.parse(re.sub(r"^\s*[%!].*$", "", waiting.pop(), flags=re.M))
        for path in imported(tree) | named(tree, found):
            if path not in found:
                found.add(path)
                if path.suffix == ".py":
                    waiting.append(path.read_text(encoding="utf-8"))
    return sorted(found)


def imported(tree: ast.AST) -> set[Path]:
    """Files of the package's modules that a piece of code imports."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    paths = set()
    for name in names:
        parts = name.split(".")
        if parts[0] == PACKAGE.name:
            for depth in range(1, len(parts) + 1):
                base = PACKAGE.joinpath(*parts[1:depth])
                paths |= {path for path in (base / "__init__.py", base.with_suffix(".py")) if path.is_file()}
    return paths


def named(tree: ast.AST, modules: set[Path]) -> set[Path]:
    """Data files of the package whose name, or whose folder's name, stands in a string."""
    folders = {PACKAGE, *(module.parent for module in modules)}
    paths = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[\w.-]+", node.value):
            for base in (folder / node.value for folder in folders):
                if base.is_dir() and not (base / "__init__.py").exists():
                    paths |= {path for path in base.rglob("*") if path.suffix in (".json", ".csv")}
                if base.is_file() and base.suffix != ".py":
                    paths.add(base)
                    # An explorer's script has a style sheet of its name beside it.
                    paths |= {style for style in [base.with_suffix(".css")] if base.suffix == ".js" and style.is_file()}
    return paths


def run(notebook: nbformat.NotebookNode, source: Path) -> None:
    """Run every cell; a failure names the source, the line and the cell."""
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(CHAPTERS)}},
    )
    CHAPTERS.mkdir(exist_ok=True)
    with client.setup_kernel():
        for number, cell in enumerate(notebook.cells):
            try:
                client.execute_cell(cell, number)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                print("failed")
                said = getattr(error, "ename", type(error).__name__) + ": " + str(getattr(error, "evalue", error))
                sys.exit(f"{where(source, cell.source)}, cell {number + 1}: {said}\n\n{cell.source}")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for output in cell.outputs:  # a live view means nothing without its kernel; its HTML twin stays
                output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)


def where(source: Path, code: str) -> str:
    """`book/sources/order.md:120`, the line where a cell's code begins."""
    text = source.read_text(encoding="utf-8")
    place = text.find(code)
    line = f":{text.count(chr(10), 0, place) + 1}" if place >= 0 else ""
    return f"{source.relative_to(ROOT)}{line}"


def check(sources: list[Path]) -> None:
    """Exit with what is out of step, or say that nothing is."""
    wrong = []
    for source in sources:
        stored, fresh = read(CHAPTERS / f"{source.stem}.ipynb"), planned(source)
        name = source.relative_to(ROOT)
        if stored is None:
            wrong.append(f"{name} has no notebook")
            continue
        for number, (theirs, ours) in enumerate(zip(stored.cells, fresh.cells, strict=False), start=1):
            if text_of(theirs) != text_of(ours):
                wrong.append(f"{name}: cell {number} of the notebook is not the source's")
                break
        if len(stored.cells) != len(fresh.cells):
            wrong.append(f"{name} has {len(fresh.cells)} cells, its notebook {len(stored.cells)}")
        if key_of(stored) != key_of(fresh):
            wrong.append(f"{name}: code of its cells, or package code they use, changed after the notebook was run")
        if unrun(stored):
            wrong.append(f"{name}: the notebook has code cells that were never run")
    for orphan in {path.stem for path in CHAPTERS.glob("*.ipynb")} - {source.stem for source in sources}:
        wrong.append(f"book/chapters/{orphan}.ipynb has no source")
    if wrong:
        sys.exit("\n".join([*wrong, "run 'make notebooks' to bring them into step"]))
    print(f"{len(sources)} sources in step with their notebooks")


def text_of(cell: nbformat.NotebookNode) -> tuple:
    return cell.cell_type, cell.source, cell.id, dict(cell.metadata)


def key_of(notebook: nbformat.NotebookNode) -> str | None:
    return notebook.metadata.get("w2v2course", {}).get("key")


def unrun(notebook: nbformat.NotebookNode) -> bool:
    return any(cell.cell_type == "code" and cell.execution_count is None for cell in notebook.cells)


def read(path: Path) -> nbformat.NotebookNode | None:
    return nbformat.read(path, as_version=4) if path.exists() else None


def write(notebook: nbformat.NotebookNode, path: Path) -> bool:
    """Write if the bytes differ; whether they did."""
    text = nbformat.writes(notebook) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True


if __name__ == "__main__":
    main()
