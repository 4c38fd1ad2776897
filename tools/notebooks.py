"""Make the notebooks from their sources, and check that they are in step.

    python -m tools.notebooks                         # run what is stale
    python -m tools.notebooks order exercises/order   # only these
    python -m tools.notebooks --all                   # run everything
    python -m tools.notebooks --check                 # say what is out of step; writes nothing

`book/sources/<name>.md` (MyST text with code cells) becomes `book/chapters/<name>.ipynb`, run, outputs stored.
`book/sources/exercises/<name>.md` becomes two: `book/exercises/<name>.ipynb`, where a stub stands in place of each
solution, and `book/solutions/<name>.ipynb`. A notebook is stale when its code cells, or the package's code that they
import, changed; new text alone keeps the outputs. The set-up cell and the Colab line are filled in here and do not
count, so a new repository address runs nothing again.
"""

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from tools.plan import KINDS, planned

ROOT = Path(__file__).parent.parent
BOOK = ROOT / "book"
# One thread: the same sums in the same order, hence the same bytes, on one machine; nbval runs so too.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1") | {"PYTHONHASHSEED": "0"}


@dataclass(frozen=True)
class Page:
    """One notebook to make.

    Attributes:
        source: where its text lives.
        kind: the folder that it goes into.
    """

    source: Path
    kind: str = "chapters"

    @property
    def target(self) -> Path:
        return BOOK / self.kind / f"{self.source.stem}.ipynb"

    @property
    def name(self) -> str:
        return self.source.stem if self.kind == "chapters" else f"{self.kind}/{self.source.stem}"


def pages() -> list[Page]:
    """Every notebook, in the order of its source's name; chapters first."""
    chapters = [Page(source) for source in sorted(BOOK.glob("sources/*.md"))]
    sources = sorted(BOOK.glob("sources/exercises/*.md"))
    return chapters + [Page(source, kind) for source in sources for kind in KINDS[1:]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="only these, such as 'order' or 'exercises/order'; default all")
    parser.add_argument("--all", action="store_true", help="run them whether stale or not")
    parser.add_argument("--check", action="store_true", help="only say what is out of step")
    arguments = parser.parse_args()
    os.environ.update(ONE_THREAD)
    unknown = set(arguments.names) - {page.name for page in pages()}
    if unknown:
        sys.exit(f"no source in book/sources is called {', '.join(sorted(unknown))}")
    if arguments.check:
        check(pages())
        return
    for page in pages():
        if not arguments.names or page.name in arguments.names:
            make(page, run_anyway=arguments.all)


def make(page: Page, run_anyway: bool) -> None:
    """Bring one notebook up to date, running it only if need be."""
    fresh, stored = planned(page.source, page.kind), read(page.target)
    if not run_anyway and stored is not None and key_of(stored) == key_of(fresh) and not unrun(stored):
        outputs = iter([cell for cell in stored.cells if cell.cell_type == "code"])
        for cell in fresh.cells:
            if cell.cell_type == "code":
                old = next(outputs)
                cell.outputs, cell.execution_count = old.outputs, old.execution_count
        changed = write(fresh, page.target)
        print(f"{page.name}: {'text brought up to date' if changed else 'up to date'}", flush=True)
        return
    print(f"{page.name}: running … ", end="", flush=True)
    started, cpu = time.perf_counter(), os.times()
    run(fresh, page)
    spent = os.times()
    write(fresh, page.target)
    seconds = spent.children_user + spent.children_system - cpu.children_user - cpu.children_system
    print(f"{time.perf_counter() - started:.0f} s, {seconds:.0f} CPU-seconds", flush=True)


def run(notebook: nbformat.NotebookNode, page: Page) -> None:
    """Run every cell; a failure names the source, the line and the cell."""
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(page.target.parent)}},
    )
    page.target.parent.mkdir(parents=True, exist_ok=True)
    with client.setup_kernel():
        for number, cell in enumerate(notebook.cells):
            try:
                client.execute_cell(cell, number)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                print("failed")
                said = getattr(error, "ename", type(error).__name__) + ": " + str(getattr(error, "evalue", error))
                sys.exit(f"{where(page.source, cell.source)}, cell {number + 1}: {said}\n\n{cell.source}")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for output in cell.outputs:  # a live view means nothing without its kernel; its HTML twin stays
                output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)


def where(source: Path, code: str) -> str:
    """`book/sources/order.md:120`, the line where a cell's code begins."""
    text = source.read_text(encoding="utf-8")
    place = text.find(code)
    if place < 0:  # a stub stands where the source has a solution: look for the line above it
        place = text.find(code.partition("\n")[0])
    line = f":{text.count(chr(10), 0, place) + 1}" if place >= 0 else ""
    return f"{source.relative_to(ROOT)}{line}"


def check(wanted: list[Page]) -> None:
    """Exit with what is out of step, or say that nothing is."""
    wrong = []
    for page in wanted:
        stored, fresh = read(page.target), planned(page.source, page.kind)
        name = page.source.relative_to(ROOT).as_posix() + (" (solutions)" if page.kind == "solutions" else "")
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
    made = {page.target for page in wanted}
    for orphan in sorted(path for kind in KINDS for path in (BOOK / kind).glob("*.ipynb") if path not in made):
        wrong.append(f"{orphan.relative_to(ROOT)} has no source")
    if wrong:
        sys.exit("\n".join([*wrong, "run 'make notebooks' to bring them into step"]))
    print(f"{len(wanted)} notebooks in step with their sources")


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
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True


if __name__ == "__main__":
    main()
