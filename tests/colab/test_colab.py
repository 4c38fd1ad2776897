"""Plays Colab: its versions in a clean environment, one notebook in an empty folder, the package from the set-up cell.

The copy of the notebook carries an address, as `make repository` would give it; git is told that this address is a
repository on this machine (`insteadOf`), so the set-up cell does what it does in Colab and asks no other host for the
course. Two chapters run always, all of them with `make test-all`.
"""

import os
import subprocess
import venv
from importlib.metadata import distribution, requires
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement

from tools import plan
from tools.notebooks import BOOK, ONE_THREAD
from tools.package import copy_of_what_is_installed
from tools.plan import planned

ADDRESS = "https://github.com/you/course"
PINS = Path(__file__).parent / "pins.txt"
ALWAYS = ("frames", "alignments")  # sound and features; the small model and CTC
SOURCES, CHAPTERS = BOOK / "sources", BOOK / "chapters"
NAMES = sorted(path.stem for path in SOURCES.glob("*.md"))


def borrowed(*names: str) -> set[str]:
    """Names of distributions and of all that they need here: PyTorch is too large to install once more."""
    found, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for needed in map(Requirement, requires(name) or []):
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                waiting.append(needed.name)
    return found


def lend(names: set[str], folder: Path) -> None:
    """Links in a folder to the packages of these distributions, and to nothing else that is installed here."""
    folder.mkdir()
    for name in names:
        held = distribution(name)
        tops = {file.parts[0] for file in held.files if file.parts[0] not in ("..", "__pycache__")}
        for top in tops:
            if not (folder / top).exists():
                (folder / top).symlink_to(Path(held.locate_file(top)).resolve())


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    """Colab's Python: the pinned packages installed; PyTorch, numba and transformers lent; nothing of the course."""
    home = tmp_path_factory.mktemp("colab")
    venv.create(home / "venv", with_pip=True, symlinks=True)
    python = home / "venv" / "bin" / "python"
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", PINS]
    done = subprocess.run(pip, capture_output=True, text=True, env=outside())
    assert done.returncode == 0, f"Colab's versions could not be installed:\n{done.stderr}"
    lend(borrowed("torch", "numba", "transformers"), home / "lent")  # what is installed above comes first
    site = next((home / "venv" / "lib").glob("python3.*/site-packages"))
    (site / "lent.pth").write_text(f"{home / 'lent'}\n")
    seen = subprocess.run([python, "-c", "import w2v2course"], capture_output=True, cwd=home, env=outside())
    assert b"No module named" in seen.stderr, "Colab must not know the course before the set-up cell"
    return python


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A git repository on this machine that holds the package as it stands here."""
    folder = copy_of_what_is_installed(tmp_path_factory.mktemp("served") / "course")
    git = ["git", "-c", "user.name=you", "-c", "user.email=you@localhost", "-c", "init.defaultBranch=main"]
    for arguments in (["init", "-q"], ["add", "--all"], ["commit", "-q", "-m", "The course"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    return folder


def outside(**more: str) -> dict[str, str]:
    """The environment without what would let the course or its versions in from here."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return kept | ONE_THREAD | more


@pytest.fixture(autouse=True)
def address(monkeypatch):
    """The course's address is set, in this process only."""
    monkeypatch.setattr(plan, "address", lambda: ADDRESS)


def stamped(name: str, folder: Path) -> Path:
    """The chapter's notebook alone in a folder, with the address filled in and no outputs."""
    notebook = planned(SOURCES / f"{name}.md")
    assert ADDRESS in notebook.cells[1].source and "colab.research.google.com" in notebook.cells[0].source
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    assert [cell.source for cell in notebook.cells[2:]] == [
        cell.source for cell in nbformat.read(CHAPTERS / f"{name}.ipynb", as_version=4).cells[2:]
    ], "what runs here is what Colab opens"
    return path


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in ALWAYS else pytest.mark.slow) for name in NAMES]
)
def test_a_chapter_runs_in_colab(name, colab, served, tmp_path):
    path = stamped(name, tmp_path)
    rewritten = outside(
        GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0=f"url.{served.as_uri()}.insteadOf", GIT_CONFIG_VALUE_0=ADDRESS
    )
    command = [colab, "-m", "jupyter", "execute", "--timeout=600", "--output", "run.ipynb", path.name]
    done = subprocess.run(command, cwd=tmp_path, env=rewritten, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    run = nbformat.read(tmp_path / "run.ipynb", as_version=4)
    code = [cell for cell in run.cells if cell.cell_type == "code"]
    assert code and all(cell.execution_count for cell in code)
    assert [o for cell in code for o in cell.outputs if o.output_type == "error"] == []
    show = "import w2v2course, IPython, ipywidgets as w; print(w2v2course.__file__, IPython.__version__, w.__version__)"
    said = subprocess.run([colab, "-c", show], cwd=tmp_path, env=outside(), capture_output=True, text=True, check=True)
    assert str(colab.parent.parent) in said.stdout and "7.34.0 7.7.1" in said.stdout
