"""The frame that every chapter keeps (what a reader can take in, what Colab and phones can show)."""

import re

import nbformat
import pytest

from tests.book.pages import ROOT
from tools.plan import planned

CHAPTERS = sorted((ROOT / "book" / "sources").glob("*.md"))


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def cells(request):
    return planned(request.param).cells


def code(cells):
    return [cell for cell in cells if cell.cell_type == "code" and "setup" not in cell.metadata.get("tags", [])]


def text(cells):
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_a_chapter_can_be_taken_in(cells):
    assert len(cells) <= 40
    for cell in code(cells):
        lines = cell.source.splitlines()
        assert len(lines) <= 27, cell.source
        assert max(map(len, lines)) <= 88, "longer lines scroll sideways: " + max(lines, key=len)


def test_plain_markdown_only(cells):
    assert not re.search(r"^:::|^```\{|^\{[a-z]+\}`|\{(?:ref|numref|cite|doc|term)\}`", text(cells), flags=re.M)


def test_the_parts_of_a_chapter_are_there(cells):
    assert "setup" in cells[1].metadata.tags, "the set-up cell comes first"
    headings = re.findall(r"^#+ (.+)$", text(cells), flags=re.M)
    assert {"Summary", "Exercises", "Further reading"} <= set(headings)
    assert "Where the usual account slips" in text(cells)
    assert re.search(r"\*\*(?:Predict|Before you run|Which)", text(cells)), "the reader predicts before the cell shows"
    assert sum("assert" in cell.source for cell in code(cells)) >= 5


def test_every_figure_has_words():
    for path in (ROOT / "book" / "chapters").glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if any("image/png" in output.get("data", {}) for output in cell.get("outputs", [])):
                alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
                assert len(alt) > 40, cell.source
