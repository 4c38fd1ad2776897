"""Running one submission, and running it again without what killed its worker.

Nothing that a submission sends is trusted: frames are counted and capped; what is wrong costs that submission alone.
"""

import os
import selectors
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from w2v2course.exercises.plain import Raised, plain
from w2v2course.grading import wire
from w2v2course.grading.collect import readable
from w2v2course.grading.judging import Answer
from w2v2course.grading.limits import Limits
from w2v2course.grading.processes import started, usage
from w2v2course.grading.sandbox import Sandbox

GRACE = 3  # CPU seconds that a worker may use on top, to end in its own way
STATUS = {
    "undefined": "not defined: the cell that makes it failed, or was not run",
    "stub": "not attempted yet",
    "too long": "took too long; larger cases were not tried",
    "killed": "ended its process (a crash, or too much memory); larger cases were not tried",
    "no answer": "ended its process without returning",
}


class NotGraded(RuntimeError):
    """The machine's fault, not the submission's: its worker could not even start."""


@dataclass(frozen=True)
class Task:
    """What is run.

    Attributes:
        cells: source of each code cell.
        told: the frame with names of functions and arguments of their cases.
        asked: function and index of every case in it.
    """

    cells: tuple[str, ...]
    told: bytes
    asked: set[tuple[str, int]]


@dataclass
class Progress:
    """What is known of a submission so far.

    Attributes:
        answers: by function and index of case.
        notes: what happened, for the instructor.
        skip_cells: what is left out when it runs again.
        memory: the most bytes that were seen.
        cpu: CPU seconds of the last run, as the worker says.
    """

    answers: dict[tuple[str, int], Answer] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    skip_cells: list[int] = field(default_factory=list)
    memory: int = 0
    cpu: float = 0.0

    def note(self, words: str) -> None:
        words = " ".join(readable(words).split())[:300]
        if words not in self.notes and len(self.notes) < 50:
            self.notes.append(words)


@dataclass
class Stage:
    """How far a run is: its cell, or its case, and since when."""

    since: float
    ready: bool = False
    done: bool = False
    cell: int | None = None
    case: tuple[str, int] | None = None


def run(task: Task, sandbox: Sandbox, package: Path, limits: Limits, progress: Progress) -> None:
    """Run until every case has its answer, at most ``limits.runs`` times more than once.

    Args:
        task: what to run.
        sandbox: where.
        package: the masked copy of the package.
        limits: how much time and space it may take.
        progress: takes the answers.

    Raises:
        NotGraded: the worker did not start, twice.
    """
    end = time.monotonic() + limits.total_wall
    failed_to_start, given_up = 0, set()
    for _ in range(1 + limits.runs):
        settings = {
            "cells": task.cells,
            "skip_cells": progress.skip_cells,
            "skip_cases": [list(key) for key in task.asked if key in progress.answers or key[0] in given_up],
            "threads": limits.processes // 2,
            **{name: getattr(limits, name) for name in ("cell_cpu", "case_cpu", "case_wall", "head_room", "message")},
        }
        with started(sandbox, package, settings, task.told, limits) as process:
            stage, why = _listen(process, task, limits, progress, end)
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
            given_up.add(stage.case[0])
        if time.monotonic() > end:
            progress.note(f"everything together took longer than {limits.total_wall} s")
            return
    progress.note("its process was ended too often; the cases without an answer count as wrong")


def _listen(process: subprocess.Popen, task: Task, limits: Limits, progress: Progress, end: float) -> tuple[Stage, str]:
    """Take in what one run sends: how far it came, and why it ended."""
    if process.stdout is None:
        raise ValueError("process must write to a pipe, but its stdout is None; start it with stdout=PIPE")
    stage, frames, pipe = Stage(since=time.monotonic()), wire.Frames(limits.message), process.stdout.fileno()
    received = count = 0
    looked = began = before = 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while not stage.done:
            now = time.monotonic()
            allowed = limits.cell_wall if stage.cell is not None else limits.case_wall + 5
            if now > end:
                return stage, "time is over"
            if stage.ready and now - stage.since > allowed:
                return stage, "time is over"
            if now - looked > 0.25:
                looked = now
                held, used = usage(process.pid)
                progress.memory = max(progress.memory, held)
                if held > limits.memory:
                    return stage, "too much memory"
                # All its processes together: a fork bomb would else take time from others until its wall time is over.
                if stage.since != began:
                    began, before = stage.since, used
                most = limits.cell_cpu if stage.cell is not None else limits.case_cpu
                if stage.ready and used - before > most + GRACE:
                    return stage, "too much processor time"
            if not selector.select(0.25):
                if process.poll() is not None:
                    return stage, "it ended"
                continue
            data = os.read(pipe, 1 << 20)
            if not data:
                return stage, "it ended"
            received += len(data)
            try:
                for head, tensors in frames.add(data):
                    count += 1
                    _take(head, tensors, stage, progress, task.asked)
            except wire.BadFrame as error:
                return stage, str(error)
            if received > limits.output or count > limits.frames:
                return stage, "it sent too much"
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
        case {"is": "answer", "function": str(function), "case": int(case), "status": str(status), **rest}:
            if (function, case) in asked:
                text = rest.get("text")
                progress.answers[function, case] = _answer(status, text if type(text) is str else "", tensors)
            stage.case = None
        case {"is": "done", "cpu": float(cpu)}:
            stage.done, progress.cpu = True, round(cpu, 2)
        case _:
            return
    stage.since = time.monotonic()


def _answer(status: str, text: str, tensors: bytes) -> Answer:
    if status != "value":
        return Answer(problem=STATUS.get(status, STATUS["no answer"]), stub=status == "stub")
    try:
        told = wire.read_json(text)
        both = wire.unpack(told["value"], tensors) if isinstance(told, dict) else None
    except (ValueError, KeyError):
        both = None
    match both:
        case [value, list(after)]:
            got = plain(value)
        case _:
            return Answer(problem="sent what is no value")
    if isinstance(got, Raised):
        got = Raised(readable(got.name), readable(got.message), readable(got.where))
    return Answer(got=got, after=after)
