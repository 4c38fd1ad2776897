"""Answers become points: each case compared with the reference's value, which never left this process."""

from collections.abc import Collection
from dataclasses import dataclass

from w2v2course.exercises.compare import changed, compare
from w2v2course.exercises.judge import Try, judge
from w2v2course.exercises.plain import Plain
from w2v2course.exercises.specification import Exercise
from w2v2course.grading.assignment import Assignment

UNTRIED = "not tried"
ABSENT = "not defined: no cell makes a function of this name"


@dataclass(frozen=True)
class Answer:
    """What a worker said about one case.

    Attributes:
        got: the function's plain value, or what it raised.
        after: the arguments as they were afterwards.
        problem: why there is no value, or nothing.
        stub: whether the function is the stub still.
    """

    got: Plain = None
    after: list | None = None
    problem: str = ""
    stub: bool = False


def scored(
    assignment: Assignment, answers: dict[tuple[str, int], Answer], made: Collection[str], problem: str = ""
) -> list[dict]:
    """For each exercise its points, what there is to say, and the same for each case.

    An exercise gives its points by the share of its cases that are right.

    Args:
        assignment: what was asked.
        answers: by function and index of case.
        made: the functions that the notebook makes.
        problem: why there is nothing at all, or nothing.
    """
    return [
        _exercise(assignment, exercise, answers, problem or (UNTRIED if exercise.function in made else ABSENT))
        for exercise in assignment.exercises
    ]


def _exercise(assignment: Assignment, exercise: Exercise, answers: dict[tuple[str, int], Answer], problem: str) -> dict:
    tries, indices, cases, first = [], [], [], ""
    for index, case in enumerate(exercise.cases):
        answer = answers.get((exercise.function, index), Answer(problem=problem))
        words = answer.problem
        if not words:
            one = _try(assignment, exercise, index, answer)
            tries.append(one)
            indices.append(index)
            words = _wrong(exercise, one)
        elif not first and words != UNTRIED:
            first = words
        cases.append({"case": case.id, "hidden": case.hidden, "passed": not words, "message": words})
    found = judge(exercise, tries)
    message, mistake = first, ""
    if found is not None:
        index, finding = found
        mistake = finding.mistake
        message = " ".join(part for part in (finding.advice, finding.message) if part)
        message = f"{exercise.cases[indices[index]].id}: {message}"
    passed = sum(case["passed"] for case in cases)
    if passed < len(cases) and not message:
        message = UNTRIED
    return {
        "function": exercise.function,
        "points": exercise.points,
        "score": round(exercise.points * passed / len(cases), 4),
        "message": message,
        "mistake": mistake,
        "cases": cases,
    }


def _try(assignment: Assignment, exercise: Exercise, index: int, answer: Answer) -> Try:
    before = assignment.arguments[exercise.function][index]
    after = answer.after
    if after is None or len(after) != len(before):
        after = None
    return Try(exercise.cases[index].id, before, assignment.expected[exercise.function][index], answer.got, after)


def _wrong(exercise: Exercise, one: Try) -> str:
    finding = compare(exercise, one.arguments, one.expected, one.got)
    if finding is None and one.after is not None:
        finding = changed(exercise, one.arguments, one.after)
    return "" if finding is None else finding.message
