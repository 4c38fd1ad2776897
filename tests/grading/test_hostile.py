"""No submission changes anybody's score, forges its own, loses a result, gets out, or stops the run."""

import json
from pathlib import Path

import pytest

from tests.grading.hostile import HOSTILE
from tests.grading.notebooks import FULL


def scores(record: dict) -> dict[str, float]:
    return {exercise["function"]: exercise["score"] for exercise in record["exercises"]}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_submission_gets_what_it_earned(graded, name):
    record = graded[0][name]
    assert "failure" not in record, record
    assert scores(record) == HOSTILE[name].scores, record
    assert HOSTILE[name].says in json.dumps(record, ensure_ascii=False), record
    assert HOSTILE[name].flag in "; ".join(record["flags"]), record
    assert "FOUND" not in json.dumps(record["notes"]), record


@pytest.mark.parametrize("name", ["an honest one", "zoe, honest too"])
def test_the_honest_ones_among_them_get_everything(graded, name):
    record = graded[0][name]
    assert scores(record) == FULL
    assert record["notes"] == record["flags"] == []


def test_nobody_wrote_to_the_folders(graded):
    _, folder = graded
    assert sorted(path.name for path in (folder / "results").iterdir()) == ["records", "seed"]
    assert len(list((folder / "results" / "records").iterdir())) == len(HOSTILE) + 2
    assert {path.suffix for path in (folder / "submissions").iterdir()} == {".ipynb"}
    assert not Path("/tmp/w2v2course-was-here").exists()


def test_each_ends_in_its_time_and_space(graded, limits):
    for record in graded[0].values():
        assert record["cost"]["seconds"] < limits.total_wall + 30, record  # the last run may be under way
        assert record["cost"]["megabytes"] <= 3 * (limits.memory >> 20), record  # seen four times a second
