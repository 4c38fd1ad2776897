"""The class as a table, `scores.csv`: one row a submission, one column an exercise."""

import csv
import io
from collections.abc import Sequence

from w2v2course.grading.assignment import Assignment


def table(records: Sequence[dict], assignment: Assignment) -> str:
    """The text of `scores.csv`; scores are empty where a submission could not be graded."""
    functions = [exercise.function for exercise in assignment.exercises]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["submission", *functions, "total", "out_of", "flags", "remarks"])
    for record in records:
        if "failure" in record:
            cells = [""] * (len(functions) + 2) + ["", f"not graded: {record['failure']}"]
        else:
            by_name = {exercise["function"]: exercise["score"] for exercise in record["exercises"]}
            scores = [f"{by_name[function]:g}" for function in functions]
            cells = [*scores, f"{record['score']:g}", f"{record['points']:g}"]
            cells += ["; ".join(record["flags"]), "; ".join(record["notes"])]
        writer.writerow([harmless(record["submission"]), *map(harmless, cells)])
    return text.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and cell[:1] else cell
