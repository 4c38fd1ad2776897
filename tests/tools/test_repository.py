"""`make repository URL=…` on a copy of the course: set, set again, taken out; no made-up address at any time."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tools.notebooks import ROOT

URL = "https://github.com/you/course"


STEPS = (
    ["-m", "tools.repository"],
    # A notebook that is stale for another reason must not be run here: that takes minutes and is no part of this.
    ["-c", "from tools import notebooks; notebooks.run = lambda *_: None; notebooks.main()"],
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """What the command reads and writes, in a folder of its own, and which notebooks were stale to begin with."""
    folder = tmp_path_factory.mktemp("copy")
    unneeded = shutil.ignore_patterns("__pycache__", "*.opus", "*.safetensors", "_build", "_static")
    for part in ("tools", "w2v2course", "book"):
        shutil.copytree(ROOT / part, folder / part, ignore=unneeded)
    shutil.copy2(ROOT / "_config.yml", folder / "_config.yml")
    return folder, command(folder, "")  # a course whose own address is set is looked at without it


def command(folder, url):
    """The two steps of `make repository`. Which notebooks would be run, or None if a step failed."""
    for step in ([*STEPS[0], url], STEPS[1]):
        environment = os.environ | {"PYTHONPATH": str(folder)}
        done = subprocess.run([sys.executable, *step], cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            return None
    return re.findall(r"^(\S+): running", done.stdout, flags=re.M)


def state(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in [folder / "_config.yml", *sorted((folder / "book").rglob("*.ipynb"))]
    }


def test_the_makefile_runs_these_two_steps():
    rule = re.search(r"^repository:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), flags=re.M)[1]
    assert re.findall(r"-m (\S+)(.*)", rule) == [("tools.repository", ' "$(URL)"'), ("tools.notebooks", "")]


def test_an_address_is_set_again_and_taken_out(copy):
    folder, stale = copy
    before = state(folder)
    said = [data.decode() for name, data in before.items() if "/chapters/" in name]
    assert len(said) > 5
    assert all("has not been told its repository address" in page and "github.com/you" not in page for page in said)
    assert command(folder, URL) == stale, "an address makes no notebook stale"
    stamped = state(folder)
    for name, data in stamped.items():
        page = data.decode()
        assert page != before[name].decode()
        if "/chapters/" in name:
            assert f"https://colab.research.google.com/github/you/course/blob/main/{name}" in page
            assert f"git+{URL}" in page and "has not been told" not in page
    assert command(folder, URL + "/") == stale
    assert state(folder) == stamped, "setting it twice changes nothing"
    assert command(folder, "") == stale
    assert state(folder) == before, "and taking it out brings everything back"


def test_a_wrong_address_changes_nothing(copy):
    folder, _ = copy
    before = state(folder)
    assert command(folder, "you/course") is None
    assert state(folder) == before
