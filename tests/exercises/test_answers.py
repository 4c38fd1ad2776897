"""Every right answer passes, every named mistake gets its own message, on public and on hidden cases."""

from importlib import import_module
from pathlib import Path

import pytest

from w2v2course.exercises import registry
from w2v2course.exercises.checking import arguments, examine
from w2v2course.exercises.judge import Try, judge
from w2v2course.exercises.plain import attempt, plain

HERE = Path(__file__).parent
EXERCISES = registry.exercises()
NAMES = [path.stem for path in sorted((HERE / "answers").glob("*.py")) if path.stem != "__init__"]
ANSWERS = {f: a for name in NAMES for f, a in import_module(f"tests.exercises.answers.{name}").ANSWERS.items()}
RIGHT = [(function, answer) for function, answers in ANSWERS.items() for answer in answers]
WRONG = [(exercise.function, mistake) for exercise in EXERCISES.values() for mistake in exercise.mistakes]


def run_all(exercise, candidate, seed):
    """Every case, hidden ones too, as the grader would."""
    tries = []
    for number, case in enumerate(exercise.cases):
        given = arguments(case, seed + number)
        tries.append(Try(case.id, given, attempt(exercise.reference, given), attempt(candidate, given)))
    return judge(exercise, tries)


def test_every_exercise_has_two_answers_and_three_mistakes():
    assert set(ANSWERS) == set(EXERCISES)
    for exercise in EXERCISES.values():
        assert len(ANSWERS[exercise.function]) >= 2 and len(exercise.mistakes) >= 3, exercise.function
        assert len({m.name for m in exercise.mistakes}) == len({m.message for m in exercise.mistakes})
        assert len({m.message for m in exercise.mistakes}) == len(exercise.mistakes)
        assert len([case for case in exercise.cases if not case.hidden]) >= 2
        assert any(case.hidden for case in exercise.cases)
        assert len({case.id for case in exercise.cases}) == len(exercise.cases)


@pytest.mark.parametrize(("function", "answer"), RIGHT, ids=lambda value: getattr(value, "__name__", value))
def test_a_right_answer_passes(function, answer):
    status, lines = examine(EXERCISES[function], answer)
    assert status == "passed", lines
    for seed in (100, 2000):
        assert run_all(EXERCISES[function], answer, seed) is None


@pytest.mark.parametrize(("function", "mistake"), WRONG, ids=lambda value: getattr(value, "name", value))
def test_a_mistake_gets_its_own_message(function, mistake):
    status, lines = examine(EXERCISES[function], mistake.function)
    assert status == "failed" and lines[0] == mistake.message
    _, finding = run_all(EXERCISES[function], mistake.function, 100)
    assert (finding.mistake, finding.advice) == (mistake.name, mistake.message)


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda exercise: exercise.function)
def test_a_specification_is_sound(exercise):
    for case in exercise.cases:
        first, again = arguments(case, 1), arguments(case, 1)
        assert [repr(vars(plain(v))) if hasattr(plain(v), "values") else plain(v) for v in first] == [
            repr(vars(plain(v))) if hasattr(plain(v), "values") else plain(v) for v in again
        ], "the same seed gives the same input"
        expected = attempt(exercise.reference, first)
        assert type(expected).__name__ not in ("Raised", "Foreign") and expected is not None, expected
