"""The sandbox's copy of the package has everything except what is asked for."""

import ast
import subprocess
import sys

import pytest

from tests.grading.toy import EXERCISES
from w2v2course import attention as module
from w2v2course.ctc import table
from w2v2course.exercises.specification import Case, Exercise
from w2v2course.grading.mask import GRADING, hidden_functions, masked_package, reference_functions, without_bodies

WRAPPED = {("w2v2course.attention", "attention")}


def test_a_wrapper_is_looked_through():
    assert hidden_functions([EXERCISES["attention"]]) == WRAPPED
    assert hidden_functions([EXERCISES["collapse"]]) == {("w2v2course.ctc.alignments", "collapse")}


def test_so_are_attributes_classes_and_functions_inside():
    def by_attribute(x):
        return [module.attention(y, y, y) for y in x]

    def by_helper(x):
        return by_attribute(x)

    def by_class(x):
        return module.SelfAttention(4, 1)(x)

    def hidden(function):
        return hidden_functions([Exercise("f", (Case("a", lambda g: ()),), function)])

    assert hidden(by_attribute) == hidden(by_helper) == hidden(module.attention) == WRAPPED
    assert hidden(by_class) == {("w2v2course.attention", "SelfAttention")}


def test_what_an_exercise_gives_stays():
    case = (Case("a", lambda g: ()),)
    assert hidden_functions([Exercise("f", case, module.attention, given=(module.attention,))]) == set()
    one, other = Exercise("f", case, module.attention), Exercise("g", case, len, given=(module.attention,))
    assert hidden_functions([one, other]) == set()


def test_so_does_what_it_needs():
    case = (Case("a", lambda g: ()),)
    asked = [Exercise("f", case, table.backward_table), Exercise("g", case, len, given=(table.occupancy,))]
    assert hidden_functions(asked[:1]) == {("w2v2course.ctc.table", "backward_table")}
    assert hidden_functions(asked) == set()
    assert reference_functions(asked) == {("w2v2course.ctc.table", "backward_table")}, "its use is flagged all the same"


def test_bodies_go_and_signatures_stay():
    masked = without_bodies(SOURCE, {"f", "C"})
    assert "x + 1" not in masked and "return 9" not in masked and "return f(1)" in masked and "a = 3" in masked
    space = {}
    exec(compile(ast.parse(masked), "masked", "exec"), space)
    with pytest.raises(RuntimeError, match="f cannot be used in this notebook: it is the exercise"):
        space["g"]()


def test_the_rest_of_the_copy_works_and_check_is_inert(tmp_path):
    copy = masked_package(tmp_path, WRAPPED)
    names = {path.name for path in (copy / "exercises").rglob("*.py")}
    assert "frames.py" not in names and "plain.py" in names
    assert not (copy / "exercises" / "mistakes").exists()
    assert {path.name for path in (copy / "grading").glob("*.py")} == {f"{stem}.py" for stem in GRADING}
    said = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n" + TRY],
        capture_output=True,
        text=True,
        env={"W2V2COURSE_GRADING": "1"},
    )
    assert said.stdout.split() == ["None", "28", "masked"], said.stderr


TRY = """
import torch
from w2v2course.exercises import check
print(check.attention(3))
from w2v2course.ctc.alignments import count_alignments
print(count_alignments("cab", 5))
from w2v2course.attention import SelfAttention, attention
SelfAttention(4, 2)(torch.zeros(1, 3, 4))
try:
    attention(*torch.zeros(3, 2, 2))
except RuntimeError:
    print("masked")
"""

SOURCE = """
def f(x: int) -> int:
    return x + 1

class C:
    a = 3

    def m(self):
        return 9

def g():
    return f(1)
"""
