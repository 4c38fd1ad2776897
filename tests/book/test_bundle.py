"""The classroom's zip, used as a classroom would: unzipped in an empty folder, no network, no repository."""

import subprocess
import venv
import zipfile

import nbformat
import pytest

from tests.book.pages import Visit, in_contents
from tests.colab.test_colab import borrowed, lend, outside
from tools import bundle

CHAPTER = "clocks"
RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
for cell in notebook.cells:
    if cell.cell_type == "code":
        cell.outputs = []
NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[1])
"""
# A machine without a network: whatever asks for one is sent to a port where nobody listens.
OFFLINE = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")

pytestmark = pytest.mark.xdist_group("bundle")  # one process makes the zip for all of them


@pytest.fixture(scope="module")
def classroom(html, tmp_path_factory):
    """The unzipped folder."""
    folder = tmp_path_factory.mktemp("classroom")
    with zipfile.ZipFile(bundle.bundle(folder / "course.zip")) as archive:
        archive.extractall(folder)
    (folder / "course.zip").unlink()
    assert [path.name for path in folder.iterdir()] == [bundle.TOP]
    return folder / bundle.TOP


@pytest.fixture(scope="module")
def python(classroom, tmp_path_factory):
    """A Python that has the libraries, and the package from the wheel in the folder."""
    home = tmp_path_factory.mktemp("python")
    venv.create(home / "venv", with_pip=True, symlinks=True)
    python = home / "venv" / "bin" / "python"
    lend(borrowed("w2v2course", "nbclient", "ipykernel", "numba") - {"w2v2course"}, home / "lent")
    site = next((home / "venv" / "lib").glob("python3.*/site-packages"))
    (site / "lent.pth").write_text(f"{home / 'lent'}\n")
    wheel = next((classroom / "package").glob("*.whl"))
    install = [python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel]
    done = subprocess.run(install, cwd=classroom, env=outside(**OFFLINE), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return python


def test_it_says_what_it_carries_and_what_not(classroom):
    said = (classroom / "README.txt").read_text(encoding="utf-8")
    wheel = next((classroom / "package").glob("*.whl"))
    assert wheel.name in said and "NOT IN HERE" in said and "PyTorch" in said and "{" not in said
    chapters = {path.name for path in (classroom / "notebooks" / "chapters").iterdir()}
    assert chapters == {path.name for path in (bundle.ROOT / "book" / "chapters").glob("*.ipynb")}
    assert not list(classroom.rglob("*solutions*")), "no solutions in the learners' zip"


@pytest.mark.parametrize("path", in_contents())
def test_pages_open_from_the_folder(classroom, browser, path):
    context = browser.new_context()
    visited = Visit(context.new_page(), f"{(classroom / 'book').as_uri()}/").open(path)
    assert visited.outside == [] and visited.errors == []
    assert len(visited.page.inner_text("main")) > 500
    context.close()


def test_a_notebook_runs_there(classroom, python):
    path = classroom / "notebooks" / "chapters" / f"{CHAPTER}.ipynb"
    done = subprocess.run(
        [python, "-c", RUN, path], cwd=classroom, env=outside(**OFFLINE), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code) and code[0].outputs == []
