"""Which cells of a notebook are run, which functions it makes, what a person should look at."""

import json

import pytest

from tests.grading.notebooks import HONEST, notebook
from w2v2course.grading.flags import flags
from w2v2course.grading.names import made
from w2v2course.grading.reading import read, without_installs


@pytest.mark.parametrize(
    "line",
    [
        *(
            "%pip install torch",
            "!pip install -q torch",
            "!pip3 install x",
            "%conda install x",
            "!python -m pip install x",
        ),
        *("!python3.11 -m pip install x", "!uv pip install x", "%%pip install x"),
    ],
)
def test_a_line_that_installs_is_passed_over(line):
    assert without_installs(f"if x:\n    {line}\ny = 1") == "if x:\n    pass\ny = 1"


def test_continued_installs_go_and_other_lines_stay():
    assert without_installs("!pip install a \\\n  b \\\n  c\nx = 1") == "pass\nx = 1"
    for line in ("%time f()", "!ls", "pip = 3", "print('!pip install')", "%%bash", "!pipenv run"):
        assert without_installs(line) == line


def test_cells_in_order_without_demonstrations():
    assert read(notebook("a = 1", "b = 2", "c = 3", tags={1: ["demo"]})).cells == ("a = 1", "", "c = 3")


def test_an_old_notebook_is_read():
    cell = {"cell_type": "code", "input": "a = 1", "language": "python", "outputs": []}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell]}]}
    assert read(json.dumps(old).encode()).cells == ("a = 1",)


@pytest.mark.parametrize(
    "data", [b"", b" \n", b"\xff\xfe", b"null", b"3", b'"x"', b"[]", b"{}", b'{"cells": []}', b"{" * 9999]
)
def test_whatever_it_is_reading_raises_nothing(data):
    assert read(data).problem and read(data).cells == ()


def test_functions_are_found_however_they_are_made():
    cells = (
        "def a(): pass",
        "b = lambda: 0",
        "from x import y as c",
        "import d",
        "class E: pass",
        "if 1:\n    f = g = 1",
    )
    assert made(cells) == {"a", "b", "c", "d", "E", "f", "g"}
    assert made(["def (", "def h(): pass", "%time i = 1", "x" * 10 + "(" * 9999]) >= {"h"}


def test_magics_hide_no_function():
    for source in (
        "%%time\ndef f(): pass",
        "!ls\ndef f(): pass\nf?",
        "files = !ls\nx = %time 3\ndef f(): pass",
        "import asyncio\nawait asyncio.sleep(0)\ndef f(): pass",
        "x = (5\n  % 3)\ndef f(): pass",
        "x = (5\n  % 3)\n%time 1\ndef f(): pass",
        "  def f(): pass",
    ):
        assert "f" in made([source]), source


def test_long_code_is_refused_and_long_lists_of_magics_are_quick():
    assert "characters of code" in read(notebook("x = 1\n" * 40_000)).problem
    assert made(["!x\n" * 60_000, "(" * 190_000, "1" + "+1" * 90_000, "\n" * 190_000 + "("]) == set()


def test_flags_name_cell_and_function():
    assert flags(HONEST, {"attention"}) == []
    cells = ("import torch.nn.functional as F", "y = F.ctc_loss(x)", "from torch.nn.functional import ctc_loss as c")
    assert flags(cells, set()) == ["cell 2: F.ctc_loss", "cell 3: torch.nn.functional.ctc_loss"]
    assert flags(["getattr(F, 'ctc_loss')"], set()) == ["cell 1: 'ctc_loss'"]
    assert flags(["# F.ctc_loss", "print('I did not use ctc_loss')"], set()) == []
    ours = ("from w2v2course.attention import attention", "from w2v2course import attention as a\na.attention(x)")
    assert flags(ours[:1], {"attention"}) == ["cell 1: w2v2course.attention.attention"]
    assert flags(["from w2v2course.ctc import table as t", "t.forward_table(x)"], {"forward_table"}) == [
        "cell 2: t.forward_table"
    ]
    assert flags(["from w2v2course.exercises import check", "check.attention(attention)"], {"attention"}) == []
    assert flags(["from w2v2course.ctc import ctc_loss", "ctc_loss(x)"], set(), {"ctc_loss"}) == []
    assert flags(["from w2v2course.ctc import ctc_loss", "F.ctc_loss"], set(), {"ctc_loss"}) == ["cell 2: F.ctc_loss"]
    assert flags(["import os", "os._exit(0)", "import socket"], set()) == ["cell 2: os._exit", "cell 3: socket"]
    assert flags(["not python at all", "x" + ".y" * 5000], set()) == []
