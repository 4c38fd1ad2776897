"""One submission, from its bytes to its record: read it, run it, judge what it sent."""

import time
from collections.abc import Callable
from pathlib import Path

from w2v2course.grading import wire
from w2v2course.grading.assignment import Assignment
from w2v2course.grading.attempts import Progress, Task, run
from w2v2course.grading.collect import Submission
from w2v2course.grading.flags import flags
from w2v2course.grading.judging import scored
from w2v2course.grading.limits import Limits
from w2v2course.grading.mask import Named
from w2v2course.grading.names import made
from w2v2course.grading.reading import read
from w2v2course.grading.sandbox import Sandbox


def grade(
    submission: Submission,
    assignment: Assignment,
    sandbox: Sandbox,
    package_without: Callable[[frozenset[Named]], Path],
    limits: Limits,
) -> dict:
    """Grade one submission.

    Args:
        submission: what was handed in.
        assignment: what was asked.
        sandbox: where to run it.
        package_without: makes a copy of the package without some functions (`run.package_without`).
        limits: how much time and space it may take.

    Returns:
        Its record, which JSON can hold (`w2v2course.grading.records`).

    Raises:
        NotGraded: the worker cannot start on this machine.
    """
    began = time.monotonic()
    progress = Progress()
    notebook = read(submission.data)
    problem = submission.problem or notebook.problem
    cells = () if problem else notebook.cells
    functions = made(cells)
    hidden = assignment.hidden(functions)
    if problem:
        progress.note(problem)
    else:
        asked = {(e.function, i) for e in assignment.exercises for i in range(len(e.cases)) if e.function in functions}
        task = Task(cells, wire.frame(*assignment.task(functions)), asked)
        run(task, sandbox, package_without(hidden), limits, progress)
    scores = scored(assignment, progress.answers, functions, problem)
    return {
        "submission": submission.name,
        "score": sum(exercise["score"] for exercise in scores),
        "points": sum(exercise["points"] for exercise in scores),
        "exercises": scores,
        "notes": progress.notes,
        "flags": flags(cells, assignment.references(functions), assignment.given(functions)),
        "cost": {
            "seconds": round(time.monotonic() - began, 1),
            "cpu_seconds": progress.cpu,
            "megabytes": progress.memory >> 20,
        },
    }
