"""What a learner may read, one text a submission in `feedback/`: points, and what is wrong in the public cases."""

from w2v2course.exercises.specification import Exercise
from w2v2course.grading.assignment import Assignment
from w2v2course.grading.judging import ABSENT


def text(record: dict, assignment: Assignment) -> str:
    """The text of one submission's feedback.

    Hidden cases are counted and not quoted: their words show the hidden inputs. Nor are remarks and flags, which are
    the instructor's.

    Args:
        record: of this submission.
        assignment: what was asked.
    """
    head = f"{record['submission']}\n\n"
    if "failure" in record:
        return head + "Not graded yet, through no fault of yours.\n"
    pairs = zip(record["exercises"], assignment.exercises, strict=True)
    lines = [_line(one, exercise) for one, exercise in pairs if not _absent(one)]
    absent = [one["function"] for one in record["exercises"] if _absent(one)]
    lines += [f"Not in this notebook: {', '.join(absent)}"] if absent else []
    return head + "\n\n".join(lines) + "\n"


def _absent(one: dict) -> bool:
    return one["message"] == ABSENT


def _line(one: dict, exercise: Exercise) -> str:
    points = f"{one['function']}: {one['score']:g} of {one['points']:g}"
    wrong = [case for case in one["cases"] if not case["passed"]]
    if not wrong:
        return f"{points}, right"
    if one["message"].startswith("not attempted"):
        return f"{points}, {one['message']}"
    advice = next((mistake.message for mistake in exercise.mistakes if mistake.name == one["mistake"]), "")
    shown = next((case for case in wrong if not case["hidden"]), None)
    if shown is None:
        words = f"right in the public cases, wrong in {len(wrong)} hidden {'one' if len(wrong) == 1 else 'ones'}"
    else:
        words = f"{len(wrong)} of {len(one['cases'])} cases are not right; the first, {shown['case']}: "
        words += shown["message"]
    return f"{points}, {words}" + (f"\n  {advice}" if advice else "")
