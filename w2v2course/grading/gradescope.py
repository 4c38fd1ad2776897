"""Results as Gradescope's autograder reads them: one `results.json` a submission."""

import json


def results(record: dict) -> str:
    """The text of `results.json`.

    Each case is a test. Hidden cases are shown after the date of publication only: their words would tell learners
    what the hidden inputs are.
    """
    if "failure" in record:
        return json.dumps(
            {"score": 0, "output": f"Not graded, please tell your instructor: {record['failure']}"}, indent=1
        )
    tests = []
    for exercise in record["exercises"]:
        worth = exercise["points"] / len(exercise["cases"])
        for case in exercise["cases"]:
            words = case["message"]
            tests.append(
                {
                    "name": f"{exercise['function']}: {case['case']}",
                    "score": round(worth, 4) if case["passed"] else 0,
                    "max_score": round(worth, 4),
                    "output": words or "right",
                    "visibility": "after_published" if case["hidden"] else "visible",
                }
            )
    # Notes hold what cells raised, hidden inputs perhaps: they are the instructor's.
    return json.dumps({"score": record["score"], "tests": tests}, indent=1, ensure_ascii=False) + "\n"
