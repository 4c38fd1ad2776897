"""One submission, from its bytes to its record: run, run again without what killed it, judge.

Nothing that a submission sends is trusted: frames are counted and capped, and whatever is wrong costs that submission alone.
"""

import os
import selectors
import time
from dataclasses import dataclass, field
from pathlib import Path

from w2v2course.exercises.plain import Raised
from w2v2course.grading import wire
from w2v2course.grading.assignment import Assignment
from w2v2course.grading.collect import Submission, readable
from w2v2course.grading.flags import flags
from w2v2course.grading.judging import Answer, scored
from w2v2course.grading.limits import Limits
from w2v2course.grading.processes import memory, started
from w2v2course.grading.reading import read
from w2v2course.grading.sandbox import Sandbox

STATUS = {
    "undefined": "not defined: no cell makes a function of this name",
    "stub": "not attempted yet",
    "too long": "took too long; larger cases were not tried",
    "killed": "ended the whole process (a crash, or too much memory)",
    "no answer": "ended the process without returning",
}


class NotGraded(RuntimeError):
    """The machine's fault, not the submission's: its worker could not even start."""


@dataclass
class Progress:
    """What is known of a submission so far.

    Attributes:
        answers: by function and index of case.
        notes: what happened, for the instructor.
        skip_cells: what is left out when it runs again.
        memory: the most bytes that were seen.
    """

    answers: dict[tuple[str, int], Answer] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    skip_cells: list[int] = field(default_factory=list)
    memory: int = 0

    def note(self, words: str) -> None:
        words = " ".join(readable(words).split())[:300]
        if words not in self.notes and len(self.notes) < 50:
            self.notes.append(words)


@dataclass
class Stage:
    """How far a run is: its cell, or its case, and since when."""

    ready: bool = False
    done: bool = False
    cell: int | None = None
    case: tuple[str, int] | None = None
    since: float = 0.0


def grade(submission: Submission, assignment: Assignment, sandbox: Sandbox, package: Path, limits: Limits) -> dict:
    """Grade one submission.

    Args:
        submission: what was handed in.
        assignment: what was asked.
        sandbox: where to run it.
        package: the masked copy of the package.
        limits: how much time and space it may take.

    Returns:
        Its record, which JSON can hold (`w2v2course.grading.records`).

    Raises:
        NotGraded: the worker cannot start on this machine.
    """
    began = time.monotonic()
    progress = Progress()
    notebook = read(submission.data) if not submission.problem else None
    problem = submission.problem or notebook.problem
    cells = () if problem else notebook.cells
    if problem:
        progress.note(problem)
    else:
        _run_all(cells, assignment, sandbox, package, limits, progress, began + limits.total_wall)
    scores = scored(assignment, progress.answers, "" if not problem else problem)
    return {
        "submission": submission.name,
        "score": sum(exercise["score"] for exercise in scores),
        "points": sum(exercise["points"] for exercise in scores),
        "exercises": scores,
        "notes": progress.notes,
        "flags": flags(cells, {name for _, name in assignment.hidden}),
        "cost": {"seconds": round(time.monotonic() - began, 1), "megabytes": progress.memory >> 20},
    }


def _run_all(
    cells: tuple[str, ...],
    assignment: Assignment,
    sandbox: Sandbox,
    package: Path,
    limits: Limits,
    progress: Progress,
    end: float,
) -> None:
    """Run until every case has its answer, at most ``limits.runs`` times more than once."""
    failed_to_start = 0
    for _ in range(1 + limits.runs):
        settings = {
            "cells": cells,
            "skip_cells": progress.skip_cells,
            "skip_cases": [list(key) for key in progress.answers],
            "threads": limits.processes // 2,
            **{name: getattr(limits, name) for name in ("cell_cpu", "case_cpu", "case_wall", "head_room", "message")},
        }
        stage, why = _run(settings, assignment, sandbox, package, limits, progress, end)
        if stage.done:
            return
        if not stage.ready:
            failed_to_start += 1
            if failed_to_start == 2:
                raise NotGraded(f"its worker did not start ({why})")
        elif stage.cell is not None:
            progress.note(f"cell {stage.cell + 1} ended its process ({why}); run again without it")
            progress.skip_cells.append(stage.cell)
        elif stage.case is not None:
            progress.answers.setdefault(stage.case, Answer(problem=STATUS["killed"]))
        if time.monotonic() > end:
            progress.note(f"everything together took longer than {limits.total_wall} s")
            return
    progress.note("its process was ended too often; the cases without an answer count as wrong")


def _run(
    settings: dict,
    assignment: Assignment,
    sandbox: Sandbox,
    package: Path,
    limits: Limits,
    progress: Progress,
    end: float,
) -> tuple[Stage, str]:
    """Run once: how far it came, and why it ended."""
    stage, frames = Stage(since=time.monotonic()), wire.Frames(limits.message)
    received = count = 0
    looked = 0.0
    asked = {(e.function, i) for e in assignment.exercises for i in range(len(e.cases))}
    with (
        started(sandbox, package, settings, wire.frame(*assignment.task), limits) as process,
        selectors.DefaultSelector() as selector,
    ):
        selector.register(process.stdout, selectors.EVENT_READ)
        while not stage.done:
            now = time.monotonic()
            allowed = limits.cell_wall if stage.cell is not None else limits.case_wall + 5
            if now > end:
                return stage, "time is over"
            if stage.ready and now - stage.since > allowed:
                return stage, "time is over"
            if now - looked > 0.25:
                looked = now
                held = memory(process.pid)
                progress.memory = max(progress.memory, held)
                if held > limits.memory:
                    return stage, "too much memory"
            if not selector.select(0.25):
                if process.poll() is not None:
                    return stage, "it ended"
                continue
            data = os.read(process.stdout.fileno(), 1 << 20)
            if not data:
                return stage, "it ended"
            received += len(data)
            try:
                whole = frames.add(data)
            except wire.BadFrame as error:
                return stage, str(error)
            count += len(whole)
            if received > limits.output or count > limits.frames:
                return stage, "it sent too much"
            for head, tensors in whole:
                _take(head, tensors, stage, progress, asked)
    return stage, ""


def _take(head: object, tensors: bytes, stage: Stage, progress: Progress, asked: set[tuple[str, int]]) -> None:
    """Take one frame in; what makes no sense is passed over."""
    match head:
        case {"is": "ready"}:
            stage.ready = True
        case {"is": "cell", "cell": int(cell)}:
            stage.cell = cell
        case {"is": "failed", "cell": int(cell), "error": str(error)}:
            progress.note(f"cell {cell + 1}: {error}")
        case {"is": "cells done"}:
            stage.cell = None
        case {"is": "case", "function": str(function), "case": int(case)} if (function, case) in asked:
            stage.case = function, case
        case {"is": "answer", "function": str(function), "case": int(case), "status": str(status)}:
            if (function, case) in asked:
                text = head.get("text")
                progress.answers[function, case] = _answer(status, text if type(text) is str else "", tensors)
            stage.case = None
        case {"is": "done"}:
            stage.done = True
        case _:
            return
    stage.since = time.monotonic()


def _answer(status: str, text: str, tensors: bytes) -> Answer:
    if status != "value":
        return Answer(problem=STATUS.get(status, STATUS["no answer"]), stub=status == "stub")
    try:
        told = wire.read_json(text)
        got, after = wire.unpack(told["value"], tensors)
        if not isinstance(after, list):
            raise ValueError("no list of arguments")
    except (ValueError, TypeError, KeyError):
        return Answer(problem="sent what is no value")
    if isinstance(got, Raised):
        got = Raised(readable(got.name), readable(got.message), readable(got.where))
    return Answer(got=got, after=after)
