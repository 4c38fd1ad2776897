"""Twelve submissions, five of them hostile: the same results with one job and four, on Dask, and after a kill."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.grading.conftest import LIMITS, SEED
from tests.grading.hostile import HOSTILE
from tests.grading.notebooks import FULL, honest
from tests.grading.toy import EXERCISES
from w2v2course.grading import command

ROOT = Path(__file__).parents[2]
HARM = ("loop in a function", "_exit in a cell", "forged frames", "fork bomb", "no JSON")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, sandbox) -> Path:
    """A folder of twelve submissions: two of one stem, one that is a link."""
    folder = tmp_path_factory.mktemp("mix")
    notebooks = {f"{name}.ipynb": HOSTILE[name].data for name in HARM}
    notebooks |= {f"{name}/hw.ipynb": honest() for name in ("ann", "bob", "cy")}
    notebooks |= {"stub.ipynb": HOSTILE["stub"].data, "wrong.ipynb": HOSTILE["no scaling"].data, "dee.ipynb": honest()}
    for name, data in notebooks.items():
        path = folder / "submissions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "submissions" / "eve.ipynb").symlink_to("dee.ipynb")
    (folder / "seed").write_bytes(SEED)
    return folder


def run(folder: Path, name: str, *options: str) -> dict[str, bytes]:
    """Grade the folder in this process; what was written, without what runs cost."""
    arguments = [str(folder / "submissions"), "--out", str(folder / name), "--seed-file", str(folder / "seed")]
    failed = command.run(command._options().parse_args([*arguments, "--gradescope", *options]), EXERCISES, LIMITS)
    assert failed == 0
    return written(folder / name)


def written(results: Path) -> dict[str, object]:
    """Every file below a folder of results; of records all but their cost."""
    found = {}
    for path in sorted(results.rglob("*")):
        if path.is_file():
            found[path.relative_to(results).as_posix()] = path.read_text(encoding="utf-8")
            if path.parent.name == "records":
                found[path.relative_to(results).as_posix()] = json.loads(path.read_text()) | {"cost": None}
    return found


@pytest.fixture(scope="module")
def once(mixed) -> dict[str, object]:
    """The results with one job."""
    return run(mixed, "one job", "--jobs", "1")


def test_everybody_gets_what_they_earned(once):
    rows = {row["submission"]: row for row in csv.DictReader(once["scores.csv"].splitlines())}
    earned = {name: HOSTILE[name].scores for name in HARM}
    earned |= dict.fromkeys(("ann/hw", "bob/hw", "cy/hw", "dee"), FULL)
    earned |= {"stub": HOSTILE["stub"].scores, "wrong": HOSTILE["no scaling"].scores, "eve": dict.fromkeys(FULL, 0.0)}
    assert {name: {f: float(row[f]) for f in FULL} for name, row in rows.items()} == earned
    assert "links are not followed" in rows["eve"]["remarks"]
    assert sum(name.startswith("records/") for name in once) == 12
    assert sum(name.startswith("gradescope/") for name in once) == 12
    assert "no scaling" in once["report.html"]


def test_four_jobs_give_the_same(mixed, once):
    assert run(mixed, "four jobs", "--jobs", "4") == once


def test_what_is_known_is_not_run_again(mixed, once):
    folder = mixed / "one job" / "records"
    times = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    started = time.process_time()
    assert run(mixed, "one job", "--jobs", "1") == once
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == times
    assert time.process_time() - started < 5


def test_a_killed_grader_loses_nothing(mixed, once):
    results = mixed / "killed"
    arguments = [str(mixed / "submissions"), "--out", str(results), "--seed-file", str(mixed / "seed"), "--jobs", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.grading.mixed", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    records = results / "records"
    while not (records.is_dir() and len([p for p in records.iterdir() if p.suffix == ".json"]) >= 4):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = {path.name: path.stat().st_mtime_ns for path in records.glob("*.json")}
    assert 4 <= len(kept) < 12 and not (results / "scores.csv").exists()
    for name in kept:
        assert json.loads((records / name).read_text()) | {"cost": None} == once[f"records/{name}"]
    again = run(mixed, "killed", "--jobs", "2")
    assert {name: text for name, text in again.items() if not name.endswith(".part")} == once
    assert {name: (records / name).stat().st_mtime_ns for name in kept} == kept


def test_a_dask_cluster_gives_the_same(mixed, once):
    with cluster(mixed) as address:
        assert run(mixed, "dask", "--dask", address) == once


class cluster:
    """A scheduler and two workers on loopback, as processes of their own."""

    def __init__(self, folder: Path):
        self._file = folder / "scheduler.json"
        self._processes: list[subprocess.Popen] = []

    def __enter__(self) -> str:
        file = ["--scheduler-file", str(self._file)]
        self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", *file)
        for _ in range(2):
            options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--memory-limit", "0")
            self._start("dask_worker", *options, *file)
        while True:
            assert all(process.poll() is None for process in self._processes)
            try:
                return json.loads(self._file.read_text())["address"]
            except (OSError, ValueError):
                time.sleep(0.1)

    def _start(self, module: str, *options: str) -> None:
        self._processes.append(
            subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *options],
                cwd=self._file.parent,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:  # one that waits for a scheduler which is gone
                process.kill()
                process.wait()
