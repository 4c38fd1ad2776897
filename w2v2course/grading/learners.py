"""The class by learner, `learners.csv`: whoever hands in several notebooks gets one row."""

import csv
import io
from collections.abc import Sequence

from w2v2course.grading.assignment import Assignment
from w2v2course.grading.scores import harmless


def learner(submission: str) -> str:
    """Who handed it in: the first folder of its path, or its own name where there is no folder."""
    return submission.partition("/")[0]


def best(records: Sequence[dict], assignment: Assignment) -> dict[str, list[float]]:
    """For each learner the points of each exercise: the most that one of their notebooks got.

    Args:
        records: those that were graded, and those that could not be, which add nothing.
        assignment: its exercises are the columns.
    """
    points: dict[str, list[float]] = {}
    for record in records:
        if "failure" not in record:
            row = points.setdefault(learner(record["submission"]), [0.0] * len(assignment.exercises))
            row[:] = map(max, row, (exercise["score"] for exercise in record["exercises"]))
    return points


def table(records: Sequence[dict], assignment: Assignment) -> str:
    """The text of `learners.csv`; scores are empty where none of a learner's notebooks could be graded."""
    functions = [exercise.function for exercise in assignment.exercises]
    out_of = sum(exercise.points for exercise in assignment.exercises)
    points = best(records, assignment)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["learner", *functions, "total", "out_of", "notebooks", "not_graded"])
    for name in sorted({learner(record["submission"]) for record in records}):
        theirs = [record for record in records if learner(record["submission"]) == name]
        row = points.get(name)
        cells = [""] * (len(functions) + 1) if row is None else [f"{score:g}" for score in (*row, sum(row))]
        failed = "; ".join(record["submission"] for record in theirs if "failure" in record)
        writer.writerow([harmless(name), *cells, f"{out_of:g}", len(theirs), harmless(failed)])
    return text.getvalue()
