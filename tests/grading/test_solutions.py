"""The course's own solutions get every point in the sandbox, and the learners' empty notebooks none."""

from pathlib import Path

import pytest

from w2v2course.exercises import registry
from w2v2course.grading.assignment import Assignment
from w2v2course.grading.collect import Submission
from w2v2course.grading.job import grade
from w2v2course.grading.limits import Limits
from w2v2course.grading.run import package_without

BOOK = Path(__file__).parents[2] / "book"


@pytest.mark.parametrize("path", sorted((BOOK / "solutions").glob("*.ipynb")), ids=lambda path: path.stem)
def test_solutions_pass_and_stubs_do_not(path, sandbox):
    assignment = Assignment(registry.notebook(path.stem), b"some seed")
    record = grade(Submission(path.stem, path.read_bytes()), assignment, sandbox, package_without, Limits())
    assert record["score"] == record["points"], record
    assert record["notes"] == [] and record["flags"] == [], record
    empty = (BOOK / "exercises" / path.name).read_bytes()
    record = grade(Submission(path.stem, empty), assignment, sandbox, package_without, Limits())
    assert record["score"] == 0
    assert {exercise["message"] for exercise in record["exercises"]} == {"not attempted yet"}
