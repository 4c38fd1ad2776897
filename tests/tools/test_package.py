"""The package as a product: archives that carry everything, installed in an empty environment, used from elsewhere."""

import subprocess
import tarfile
import venv
import zipfile

import pytest

from tests.colab.test_colab import borrowed, lend, outside
from tools.package import build, copy_of_what_is_installed

USE = """
import sys
import torch
import w2v2course
from w2v2course import speech
from w2v2course.checkpoints import SMALL, load_checkpoint
from w2v2course.explorers.kernel import slide_kernel
from w2v2course.notebook import show_source
from w2v2course.tables import read_table
from w2v2course.ctc import ctc_loss

assert w2v2course.__file__.startswith(sys.prefix), w2v2course.__file__
star, digits, test = speech.load("star"), speech.load("digits"), speech.load("test")
assert len(star.waveform) > 8000 and len(digits) == 10 and test[0].spans
model = load_checkpoint(SMALL).eval()
right = sum(model.transcribe(clip.waveform[None]) == [clip.text] for clip in test[:5])
assert right >= 3, right
assert len(read_table("race_order.csv")) > 10
page = slide_kernel(torch.arange(6.0), torch.tensor([1.0, 0.0, -1.0]))._repr_html_()
assert "<style" in page and "<script" in page
assert "softmax" in repr(show_source(w2v2course.attention.attention))
print("used", w2v2course.__version__)
"""


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    return build("wheel", folder), build("sdist", folder)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """Every file that the package has here, below `w2v2course/`."""
    copy = copy_of_what_is_installed(tmp_path_factory.mktemp("copy") / "course")
    return {path.relative_to(copy).as_posix() for path in (copy / "w2v2course").rglob("*") if path.is_file()}


def test_both_carry_every_file_of_the_package(archives, shipped):
    wheel, sdist = archives
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if not name.endswith("/")}
    with tarfile.open(sdist) as archive:
        source = {name.partition("/")[2] for name in archive.getnames()}
    assert {"py.typed", "style.mplstyle"} <= {name.removeprefix("w2v2course/") for name in shipped}
    for ending in (".opus", ".safetensors", ".json", ".js", ".css", ".csv", ".mplstyle"):
        assert any(name.endswith(ending) for name in shipped), ending
    assert shipped - inside == set(), "missing in the wheel"
    assert shipped - source == set(), "missing in the source archive"
    stray = {name for name in inside - shipped if ".dist-info/" not in name}
    assert stray == set(), "in the wheel, but no part of the package"
    licences = {name.rpartition("/")[2] for name in inside if "/licenses/" in name}
    assert {"LICENSE", "LICENSE-TEXT"} <= licences


def test_the_wheel_says_what_it_is(archives):
    wheel, _ = archives
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("METADATA"))
        metadata = archive.read(name).decode()
    assert "Name: w2v2course" in metadata and "Requires-Python: >=3.11" in metadata
    assert "Requires-Dist: torch>=2.6" in metadata and "Provides-Extra: fast" in metadata
    assert wheel.stat().st_size < 15e6


@pytest.mark.parametrize("kind", [0, 1], ids=["wheel", "sdist"])
def test_it_is_installed_and_used_elsewhere(archives, kind, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True, symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    lend(borrowed("w2v2course", "setuptools") - {"w2v2course"}, tmp_path / "lent")
    site = next((tmp_path / "venv" / "lib").glob("python3.*/site-packages"))
    (site / "lent.pth").write_text(f"{tmp_path / 'lent'}\n")
    # Python 3.11 puts an old setuptools into every new environment; the pinned one is lent.
    subprocess.run([python, "-m", "pip", "uninstall", "-q", "-y", "setuptools"], check=True, env=outside())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    install = [python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation", archives[kind]]
    done = subprocess.run(install, cwd=elsewhere, env=outside(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    used = subprocess.run([python, "-c", USE], cwd=elsewhere, env=outside(), capture_output=True, text=True)
    assert used.returncode == 0 and used.stdout.startswith("used "), used.stderr
    if kind == 0:
        told = subprocess.run(
            [python, "-m", "w2v2course"], cwd=elsewhere, env=outside(), capture_output=True, text=True
        )
        assert "ctc.alignments" in told.stdout
