"""Files are written whole; the class's files are right and harmless."""

import csv
import json
from html.parser import HTMLParser

import pytest

from tests.grading.notebooks import FULL
from tests.grading.toy import EXERCISES
from w2v2course.exercises.plain import plain
from w2v2course.grading import gradescope, report, scores
from w2v2course.grading.assignment import Assignment, choose
from w2v2course.grading.judging import Answer, scored
from w2v2course.grading.records import Records, slug, write

ASSIGNMENT = Assignment(tuple(EXERCISES.values()), b"a seed")


def record(name: str, right: set[str], notes: list[str] = (), answers: dict | None = None) -> dict:
    """A record in which these functions are right."""
    given = {
        (function, case): Answer(got=expected)
        for function in right
        for case, expected in enumerate(ASSIGNMENT.expected[function])
    }
    judged = scored(ASSIGNMENT, given | (answers or {}), set(FULL))
    return {
        "submission": name,
        "score": sum(one["score"] for one in judged),
        "points": 9,
        "exercises": judged,
        "notes": list(notes),
        "flags": [],
        "cost": {},
    }


def unscaled(case: int) -> Answer:
    mistake = EXERCISES["attention"].mistakes[0].function
    return Answer(got=plain(mistake(*ASSIGNMENT.arguments["attention"][case])))


WRONG = {("attention", case): unscaled(case) for case in range(4)}
CLASS = [
    record("ann", set(FULL)),
    record("=cmd()", {"collapse"}, ["<script>alert(1)</script>"], WRONG),
    record("bob", {"collapse", "count_paths"}, answers=WRONG),
    {"submission": "eve", "failure": "its worker did not start"},
]


def test_points_by_the_share_of_cases():
    one = scored(ASSIGNMENT, {("attention", 0): Answer(got=ASSIGNMENT.expected["attention"][0])}, set(FULL))
    assert [exercise["score"] for exercise in one] == [1.0, 0.0, 0.0]
    assert CLASS[0]["score"] == 9.0
    assert CLASS[1]["exercises"][0]["mistake"] == "no scaling"
    assert "root of the width" in CLASS[1]["exercises"][0]["message"]


def test_the_table():
    rows = list(csv.reader(scores.table(CLASS, ASSIGNMENT).splitlines()))
    assert rows[0] == ["submission", "attention", "count_paths", "collapse", "total", "out_of", "flags", "remarks"]
    assert rows[1] == ["ann", "4", "2", "3", "9", "9", "", ""]
    assert rows[2] == ["'=cmd()", "1", "0", "3", "4", "9", "", "<script>alert(1)</script>"]
    assert rows[4] == ["eve", "", "", "", "", "", "", "not graded: its worker did not start"]
    assert scores.harmless("") == "" and scores.harmless("a=b") == "a=b" and scores.harmless("@x") == "'@x"


def test_the_report():
    page = report.page(CLASS, ASSIGNMENT)
    graded = CLASS[:3]
    assert [name for name, _, _ in report.hardest(graded, ASSIGNMENT)] == ["attention", "count_paths", "collapse"]
    assert report.hardest(graded, ASSIGNMENT)[0][1:] == (0.5, 3)
    assert report.commonest(graded) == [("attention", "no scaling", 2)]
    assert "<script" not in page and "&lt;script&gt;alert(1)" in page and "eve" in page and "http" not in page
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append(tag)
    parser.feed(page)
    assert tags.count("tr") == 4 + 2 + 5


def test_gradescope_reads_it():
    told = json.loads(gradescope.results(CLASS[2]))
    assert told["score"] == 6.0 and len(told["tests"]) == 9
    assert all(test.keys() == {"name", "score", "max_score", "output", "visibility"} for test in told["tests"])
    assert sum(test["max_score"] for test in told["tests"]) == pytest.approx(9)
    hidden = {case.id for exercise in EXERCISES.values() for case in exercise.cases if case.hidden}
    for test in told["tests"]:
        assert test["visibility"] == ("after_published" if test["name"].split(": ")[1] in hidden else "visible")
    assert json.loads(gradescope.results(CLASS[3]))["score"] == 0


def test_records_come_back_and_broken_ones_do_not(tmp_path):
    records = Records(tmp_path)
    records.put(CLASS[1], "0" * 16)
    assert records.get("=cmd()", "0" * 16) == CLASS[1]
    assert records.get("=cmd()", "1" * 16) is None and records.get("cmd()", "0" * 16) is None
    records.path("=cmd()", "0" * 16).write_text('{"submission": ')
    assert records.get("=cmd()", "0" * 16) is None
    write(tmp_path / "a" / "b", "text")
    assert (tmp_path / "a" / "b").read_text() == "text" and len(list((tmp_path / "a").iterdir())) == 1
    assert slug("../../etc/passwd") == "etc_passwd" and slug("…") == "submission" and len(slug("x" * 999)) == 80


def test_a_fingerprint_changes_with_whatever_matters():
    prints = {
        ASSIGNMENT.fingerprint("ann", b"x"),
        ASSIGNMENT.fingerprint("bob", b"x"),
        ASSIGNMENT.fingerprint("ann", b"y"),
        Assignment(ASSIGNMENT.exercises, b"another").fingerprint("ann", b"x"),
        Assignment(ASSIGNMENT.exercises[:2], b"a seed").fingerprint("ann", b"x"),
    }
    assert len(prints) == 5
    assert Assignment(ASSIGNMENT.exercises, b"a seed\n").fingerprint("ann", b"x") in prints


def test_inputs_follow_from_the_seed_alone():
    again = Assignment(ASSIGNMENT.exercises[::-1], b"a seed")
    other = Assignment(ASSIGNMENT.exercises, b"another")
    assert again.task(["collapse"]) == ASSIGNMENT.task(["collapse"]) != other.task(["collapse"])


def test_wrong_choices_are_said():
    with pytest.raises(ValueError, match="no exercise and no notebook of exercises is called cubism"):
        choose("cubism", EXERCISES)
    with pytest.raises(ValueError, match="the seed is empty"):
        Assignment(ASSIGNMENT.exercises, b"\n")
    assert [one.function for one in choose("collapse, attention", EXERCISES)] == ["collapse", "attention"]
    assert [one.function for one in choose("frames")][:2] == ["frame_count", "receptive_field"]
