"""A hundred submissions, a third of them hostile, in one run (`make test-all`)."""

import zlib

import pytest

from tests.grading.conftest import LIMITS
from tests.grading.hostile import HOSTILE
from tests.grading.notebooks import FULL, honest
from tests.grading.test_hostile import scores
from w2v2course.grading.collect import Submission
from w2v2course.grading.records import Records
from w2v2course.grading.run import grade_all


@pytest.mark.slow
def test_a_hundred(assignment, sandbox, tmp_path):
    harm = dict(list(HOSTILE.items())[:: len(HOSTILE) // 33][:33])
    submissions = [Submission(name, hostile.data) for name, hostile in harm.items()]
    submissions += [Submission(f"learner {number}", honest()) for number in range(100 - len(harm))]
    submissions.sort(key=lambda submission: zlib.crc32(submission.name.encode()))
    records = grade_all(submissions, assignment, Records(tmp_path), sandbox, LIMITS, jobs=2, quiet=True)
    assert len(records) == 100
    for record in records:
        hostile = harm.get(record["submission"])
        assert scores(record) == (hostile.scores if hostile else FULL), record
