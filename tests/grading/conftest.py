"""What the grader's tests share: a sandbox, short limits, and one class graded once."""

import shutil
import socket
from pathlib import Path

import pytest

from tests.grading.hostile import HOSTILE
from tests.grading.notebooks import honest
from tests.grading.toy import EXERCISES
from w2v2course.grading import sandbox as sandboxes
from w2v2course.grading.assignment import Assignment
from w2v2course.grading.collect import collect
from w2v2course.grading.limits import Limits
from w2v2course.grading.records import Records
from w2v2course.grading.run import grade_all, package_without

SEED = b"the-secret-of-the-tests"
LIMITS = Limits(cell_cpu=2, cell_wall=20, case_cpu=1, case_wall=10, total_wall=240)


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return Assignment(tuple(EXERCISES.values()), SEED)


@pytest.fixture(scope="session")
def limits() -> Limits:
    return LIMITS


@pytest.fixture(scope="session")
def sandbox() -> sandboxes.Sandbox:
    """The sandbox that this machine gives; without one the tests of hostile submissions have no meaning."""
    try:
        return sandboxes.choose("bwrap", False, package_without(frozenset()))
    except ValueError as error:
        if shutil.which("bwrap"):
            pytest.fail(str(error))
        pytest.skip(f"SKIPPED LOUDLY: {error}")


@pytest.fixture(scope="session")
def graded(assignment, sandbox, limits, tmp_path_factory) -> tuple[dict[str, dict], Path]:
    """Every hostile submission and two honest ones, graded together once: records by name, and the folder."""
    folder = tmp_path_factory.mktemp("class")
    submissions, results = folder / "submissions", folder / "results"
    submissions.mkdir()
    results.mkdir()
    (results / "seed").write_bytes(SEED)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        for name, hostile in HOSTILE.items():
            data = hostile.data.replace(b"PORT", str(port).encode()).replace(b"RESULTS", str(results).encode())
            (submissions / f"{name}.ipynb").write_bytes(data)
        for name in ("an honest one", "zoe, honest too"):
            (submissions / f"{name}.ipynb").write_bytes(honest())
        records = grade_all(collect(submissions), assignment, Records(results), sandbox, limits, jobs=2, quiet=True)
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody called
            listener.accept()
    return {record["submission"]: record for record in records}, folder
