"""What the class sees by learner, and what a learner may read."""

import csv

from tests.grading.test_records import ASSIGNMENT, CLASS, WRONG, record
from tests.grading.toy import EXERCISES
from w2v2course.grading import feedback, learners, report
from w2v2course.grading.judging import Answer, scored

ONLY = {"submission": "ann/collapse", "score": 0, "points": 9, "notes": [], "flags": [], "cost": {}}


def test_a_learner_is_the_first_folder():
    assert learners.learner("ann/week 1/late") == "ann" and learners.learner("ann") == "ann"


def test_the_best_of_several_notebooks_counts():
    theirs = [record("ann/one", {"collapse"}), record("ann/two", {"attention"}), record("bob/one", set())]
    theirs += [{"submission": "bob/two", "failure": "its worker did not start"}]
    theirs += [{"submission": "=eve", "failure": "its worker did not start"}]
    assert learners.best(theirs, ASSIGNMENT) == {"ann": [4, 0, 3], "bob": [0, 0, 0]}
    rows = list(csv.reader(learners.table(theirs, ASSIGNMENT).splitlines()))
    assert rows[0] == ["learner", *EXERCISES, "total", "out_of", "notebooks", "not_graded"]
    assert rows[1] == ["'=eve", "", "", "", "", "9", "1", "'=eve"]
    assert rows[2] == ["ann", "4", "0", "3", "7", "9", "2", ""]
    assert rows[3] == ["bob", "0", "0", "0", "0", "9", "2", "bob/two"]


def test_a_notebook_without_an_exercise_makes_it_no_harder():
    apart = ONLY | {"exercises": scored(ASSIGNMENT, {}, {"collapse"})}
    assert report.hardest([*CLASS[:3], apart], ASSIGNMENT)[0] == ("attention", 0.5, 3)
    page = report.page([apart], ASSIGNMENT)
    assert "not in this notebook: attention, count_paths" in page and page.count("<td class=score>–</td>") == 2


def test_feedback_quotes_public_cases_only():
    told = feedback.text(record("bob", {"collapse"}, ["a remark"], WRONG), ASSIGNMENT)
    assert told.startswith("bob\n\n") and "collapse: 3 of 3, right" in told and "a remark" not in told
    assert "root of the width" in told and "count_paths: 0 of 2" in told
    hidden = {
        ("attention", i): Answer(got="secret" if case.hidden else ASSIGNMENT.expected["attention"][i])
        for i, case in enumerate(EXERCISES["attention"].cases)
    }
    told = feedback.text(record("eve", set(), answers=hidden), ASSIGNMENT)
    assert "right in the public cases, wrong in 2 hidden ones" in told and "secret" not in told
    assert "Not graded yet" in feedback.text(CLASS[3], ASSIGNMENT)
    apart = ONLY | {"exercises": scored(ASSIGNMENT, {}, set(EXERCISES))}
    assert "Not in this notebook" not in feedback.text(apart, ASSIGNMENT)
    apart = ONLY | {"exercises": scored(ASSIGNMENT, {}, {"collapse"})}
    assert "Not in this notebook: attention, count_paths" in feedback.text(apart, ASSIGNMENT)
    stub = {("collapse", i): Answer(problem="not attempted yet") for i in range(9)}
    told = feedback.text(record("dan", set(), answers=stub), ASSIGNMENT)
    assert "collapse: 0 of 3, not attempted yet" in told
