"""The class on one page, `report.html`: which exercise was hardest, which named mistake was commonest, who got what."""

from collections import Counter
from collections.abc import Sequence
from html import escape

from w2v2course.grading.assignment import Assignment
from w2v2course.grading.judging import ABSENT, UNTRIED
from w2v2course.grading.learners import best

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; } th, td { border: 1px solid #8888; padding: .2rem .6rem; }
th, td { text-align: left; vertical-align: top; } td.score { text-align: right; }
.wide { overflow-x: auto; } meter { width: 8rem; } details[open] { width: min(40rem, 75vw); overflow-wrap: anywhere; }
"""


def page(records: Sequence[dict], assignment: Assignment) -> str:
    """The text of `report.html`; it asks nothing from any other host, and nothing in it runs."""
    graded = [record for record in records if "failure" not in record]
    parts = [
        _summary(records, graded, assignment),
        _exercises(graded, assignment),
        _mistakes(graded),
        _submissions(records, assignment),
    ]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Class report</title>'
    body = "\n".join(parts)
    return f'<!doctype html>\n<html lang="en"><head>{head}<style>{STYLE}</style></head>\n<body>{body}</body></html>\n'


def hardest(graded: Sequence[dict], assignment: Assignment) -> list[tuple[str, float, int]]:
    """Exercises from the hardest on: name, mean share of its points, how many attempted it.

    A notebook in which no cell makes the function counts for neither: it is another exercise's notebook.
    """
    rows = []
    for index, exercise in enumerate(assignment.exercises):
        ours = [record["exercises"][index] for record in graded]
        ours = [one for one in ours if one["message"] != ABSENT]
        share = sum(one["score"] for one in ours) / (len(ours) * exercise.points) if ours else 0.0
        attempted = sum(not _untouched(one) for one in ours)
        rows.append((exercise.function, share, attempted))
    return sorted(rows, key=lambda row: row[1])


def commonest(graded: Sequence[dict]) -> list[tuple[str, str, int]]:
    """Named mistakes from the commonest on: exercise, mistake, how many made it."""
    made = Counter((e["function"], e["mistake"]) for record in graded for e in record["exercises"] if e["mistake"])
    return [
        (function, mistake, count) for (function, mistake), count in sorted(made.items(), key=lambda m: (-m[1], m[0]))
    ]


def _untouched(exercise: dict) -> bool:
    return exercise["score"] == 0 and exercise["message"].startswith(("not attempted", "not defined", UNTRIED))


def _summary(records: Sequence[dict], graded: Sequence[dict], assignment: Assignment) -> str:
    totals = [sum(points) for points in best(graded, assignment).values()]
    mean = sum(totals) / len(totals) if totals else 0.0
    out_of = sum(exercise.points for exercise in assignment.exercises)
    flagged = sum(bool(record["flags"]) for record in graded)
    failed = len(records) - len(graded)
    words = f"{len(records)} submissions of {len(totals)} learners, mean {mean:.1f} of {out_of:g} points a learner"
    words += f"; {flagged} flagged for a look"
    return f"<h1>Class report</h1><p>{words}{f'; <strong>{failed} could not be graded</strong>' if failed else ''}.</p>"


def _exercises(graded: Sequence[dict], assignment: Assignment) -> str:
    rows = [
        f"<tr><td><code>{escape(name)}</code></td><td><meter value='{share:.3f}'>{share:.0%}</meter> {share:.0%}</td>"
        f"<td class=score>{attempted}</td></tr>"
        for name, share, attempted in hardest(graded, assignment)
    ]
    head = "<tr><th scope=col>exercise</th><th scope=col>mean of its points</th><th scope=col>attempted by</th></tr>"
    return f"<h2>Exercises, the hardest first</h2>{_table(head, rows)}"


def _mistakes(graded: Sequence[dict]) -> str:
    rows = [
        f"<tr><td><code>{escape(function)}</code></td><td>{escape(mistake)}</td><td class=score>{count}</td></tr>"
        for function, mistake, count in commonest(graded)
    ]
    head = "<tr><th scope=col>exercise</th><th scope=col>mistake</th><th scope=col>made by</th></tr>"
    words = _table(head, rows) if rows else "<p>No mistake was recognised by name.</p>"
    return f"<h2>Mistakes, the commonest first</h2>{words}"


def _submissions(records: Sequence[dict], assignment: Assignment) -> str:
    functions = [exercise.function for exercise in assignment.exercises]
    head = "".join(f"<th scope=col>{escape(name)}</th>" for name in ("submission", "total", "remarks", *functions))
    rows = [_row(record, len(functions)) for record in records]
    return f"<h2>Submissions</h2>{_table(f'<tr>{head}</tr>', rows)}"


def _table(head: str, rows: Sequence[str]) -> str:
    """A table that scrolls by itself where it is wider than the page."""
    return f"<div class=wide tabindex=0><table>{head}{''.join(rows)}</table></div>"


def _row(record: dict, columns: int) -> str:
    name = f"<th scope=row>{escape(record['submission'])}</th>"
    if "failure" in record:
        return f"<tr>{name}<td colspan={columns + 2}>not graded: {escape(record['failure'])}</td></tr>"
    scores = ["–" if one["message"] == ABSENT else f"{one['score']:g}" for one in record["exercises"]]
    cells = "".join(f"<td class=score>{score}</td>" for score in scores)
    told = [exercise for exercise in record["exercises"] if exercise["message"] not in ("", ABSENT)]
    remarks = [f"{exercise['function']}: {exercise['message']}" for exercise in told]
    absent = [exercise["function"] for exercise in record["exercises"] if exercise["message"] == ABSENT]
    remarks += [f"not in this notebook: {', '.join(absent)}"] if absent else []
    remarks += [f"flag: {flag}" for flag in record["flags"]] + record["notes"]
    listed = "".join(f"<li>{escape(remark)}</li>" for remark in remarks)
    shown = f"<details><summary>{len(remarks)}</summary><ul>{listed}</ul></details>" if remarks else ""
    return f"<tr>{name}<td class=score>{record['score']:g}</td><td>{shown}</td>{cells}</tr>"
