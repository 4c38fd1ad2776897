"""The form of every exercise card, and that each notebook asks for what its specification checks."""

import ast
import inspect
import json
import re

import nbformat
import pytest

from tools.notebooks import BOOK
from tools.plan import BEGIN, END, planned
from w2v2course.exercises import registry

SOURCES = sorted((BOOK / "sources" / "exercises").glob("*.md"))
# Dots stand for the parts of a card that are looked at below.
CARD = re.compile(
    r"^## \d\. [^\n]+\n\n(?P<task>.+?)\n\nDifficulty [1-5] of 5 · Importance [1-5] of 5 · \d+ minutes\n\n\[code\]\n\n"
    r"(?P<hints>(?:<details><summary>(?:Hint: |Help, I get )[^\n]+</summary>\n\n.+?\n</details>\n\n){3,})"
    r"\*\*Think about it\.\*\* [^\n]+\?\n\n"
    r"<details><summary>An answer</summary>\n\n.+?\n</details>$",
    re.S,
)


@pytest.fixture(params=SOURCES, ids=lambda path: path.stem)
def source(request):
    return request.param


def cells_of(source, kind="exercises"):
    return planned(source, kind).cells


def cards(source):
    """Pairs of a card's text, with ``[code]`` for its cell, and that cell's code."""
    text, codes = [], []
    for cell in cells_of(source):
        if cell.cell_type == "markdown":
            text.append(cell.source)
        elif "check." in cell.source:
            text.append("[code]")
            codes.append(cell.source)
    parts = re.split(r"^(?=## )", "\n\n".join(text), flags=re.M)[1:]
    assert len(parts) == len(codes), "one cell with a check in each card"
    return list(zip(map(str.strip, parts), codes, strict=True))


def test_there_is_a_source_for_each_notebook():
    assert {path.stem for path in SOURCES} == {name for name in registry.NOTEBOOKS if registry.notebook(name)}


def test_cards_have_their_parts_in_order(source):
    pairs = cards(source)
    assert 4 <= len(pairs) <= 6
    for text, _ in pairs:
        found = CARD.match(text)
        assert found, f"this card has not the form that every card has:\n{text[:300]}"
        assert "$" in found["task"], "the formula belongs to the task"
        summaries = re.findall(r"<summary>(.+?)</summary>", found["hints"])
        kinds = ["hint" if summary.startswith("Hint") else "help" for summary in summaries]
        assert kinds == sorted(kinds, reverse=False, key=["hint", "help"].index), "hints come before help"
        assert kinds.count("hint") >= 2 and kinds.count("help") >= 1
        assert summaries[kinds.count("hint") - 1] == "Hint: in pseudocode", "the last hint is the pseudocode"


def test_plain_markdown_only(source):
    text = "\n".join(cell.source for cell in cells_of(source) if cell.cell_type == "markdown")
    assert not re.search(r"^:::|^```\{|^\{[a-z]+\}`|\{(?:ref|numref|cite|doc|term)\}`", text, flags=re.M)
    assert set(re.findall(r"</?(\w+)[^>]*>", re.sub(r"`[^`]*`|\$[^$]*\$", "", text))) <= {"details", "summary"}
    assert text.count("<details>") == text.count("</details>")


def test_stubs_are_what_the_specification_checks(source):
    names = []
    for (_, code), exercise in zip(cards(source), registry.notebook(source.stem), strict=True):
        tree = ast.parse(code)
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        assert len(functions) == 1
        stub = functions[0]
        names.append(stub.name)
        assert stub.name == exercise.function, "exercises stand in the order of the specification"
        assert code.endswith(f"\n\ncheck.{stub.name}({stub.name})")
        assert [a.arg for a in stub.args.args] == list(inspect.signature(exercise.reference).parameters)
        assert all(a.annotation is not None for a in stub.args.args) and stub.returns is not None
        said = ast.get_docstring(stub) or ""
        assert len(said) > 30 and ("Tensor" not in ast.unparse(stub.args) or "(" in said), "say the shapes"
        assert f'    # your code here\n    raise NotImplementedError("{stub.name}")' in code
        assert len(code.splitlines()) <= 27 and max(map(len, code.splitlines())) <= 88
    assert len(set(names)) == len(names)


def test_nothing_of_a_solution_is_left_for_learners(source):
    learners = json.dumps(nbformat.read(BOOK / "exercises" / source.with_suffix(".ipynb").name, 4), ensure_ascii=False)
    solutions = re.findall(rf"{BEGIN}\n(.*?)\n\s*{END}", source.read_text(encoding="utf-8"), flags=re.S)
    assert len(solutions) == len(cards(source))
    for line in {line.strip() for solution in solutions for line in solution.splitlines()}:
        assert len(line) < 12 or json.dumps(line, ensure_ascii=False)[1:-1] not in learners, line
    assert "SOLUTION" not in learners


def shown(kind, source):
    """Function name to what its cell shows."""
    notebook = nbformat.read(BOOK / kind / source.with_suffix(".ipynb").name, 4)
    outputs = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and (call := re.search(r"^check\.(\w+)\(", cell.source, flags=re.M)):
            (output,) = cell.outputs
            outputs[call[1]] = output["data"]
    return outputs


def test_learners_begin_with_nothing_attempted(source):
    outputs = shown("exercises", source)
    count = len(outputs)
    assert list(outputs) == [exercise.function for exercise in registry.notebook(source.stem)]
    for function, data in outputs.items():
        assert data["text/plain"] == f"○ {function}: not attempted yet\n  0 of {count} in this notebook"
        assert "w2v2-check" in data["text/html"]


def test_solutions_are_all_right(source):
    outputs = shown("solutions", source)
    assert list(outputs) == [exercise.function for exercise in registry.notebook(source.stem)]
    for number, (function, data) in enumerate(outputs.items(), start=1):
        assert data["text/plain"].startswith(f"✓ {function}: right")
        assert data["text/plain"].endswith(f"{number} of {len(outputs)} in this notebook")
