"""No number stands in prose that no cell on the page prints and no citation carries."""

import re
from functools import cache

import nbformat
import pytest

from tests.book.pages import ROOT
from tools import checked

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
# A line that carries its source: a link to it, or authors and a year.
CITATION = re.compile(r"\]\(https?://|\b[A-Z]\w+(?: et al\.| and [A-Z]\w+)?,? \(?(?:19|20)\d\d\)?")
# A link to a chapter, and any link that stays in the book: its address holds no measurement.
CHAPTER = re.compile(r"\]\([^()\s]*chapters/([\w-]+)\.ipynb[^()\s]*\)")
INSIDE = re.compile(r"\]\((?!https?://)[^()\s]*\)")
# What is no measurement: pattern and reason.
NAMES = {
    r"[Ww]av2[Vv]ec ?2\.0": "the model's name",
    r"[Ww]av2[Vv]ec2": "the model's name",
    r"float(?:16|32|64)|bfloat16": "a number format",
    r"CC BY(?:-SA)? \d\.\d|Apache 2\.0": "a licence's version",
    r"SHA-256": "a method's name",
    r"PyTorch \d[\d.]*|Python \d[\d.]*": "a program's version",
}


def prose(text: str) -> list[str]:
    """Lines of Markdown without code, list numbers and names; of mathematics only what is a measurement."""
    text = re.sub(r"```.*?```|`[^`]*`|<[^>]+>", " ", text, flags=re.S)
    # In formulas single digits are structure (a square, a first index); longer numbers are not.
    text = re.sub(r"\$\$?(.*?)\$\$?", lambda m: re.sub(r"(?<![\d.])\d(?![\d.])", " ", m[1]), text, flags=re.S)
    lines = [re.sub(r"^\s*\d+\.\s", "", line) for line in text.splitlines()]
    for pattern in NAMES:
        lines = [re.sub(pattern, " ", line) for line in lines]
    return lines


def numbers(text: str) -> set[str]:
    return {found.replace(",", "").rstrip(".") for found in NUMBER.findall(text)}


def printed(notebook) -> set[str]:
    """Every number that a cell of the page shows as text."""
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            page = re.sub(r"data:[^\"']+|<script.*?</script>|<[^>]+>", " ", data.get("text/html", ""), flags=re.S)
            texts += [output.get("text", ""), data.get("text/plain", ""), page]
    return set().union(*map(numbers, texts))


def unsupported(markdown: str, shown: set[str]) -> list[str]:
    return [
        f"{number} in: {line.strip()[:100]}"
        for line in prose(markdown)
        if not CITATION.search(line)
        for number in sorted(numbers(line) - shown)
    ]


@cache
def shown_in(chapter: str) -> set[str]:
    return printed(nbformat.read(ROOT / "book" / "chapters" / f"{chapter}.ipynb", as_version=4))


def unsupported_without_cells(markdown: str, shown_in=shown_in) -> list[str]:
    """On a page that has no cells, those of the chapters to which a number's own line links must print it.

    A definition (": …") belongs to the line of its term.
    """
    found = []
    for line in re.sub(r"\n(?=: )|```.*?```", " ", markdown, flags=re.S).splitlines():
        shown = set().union(*map(shown_in, CHAPTER.findall(line)))
        found += unsupported(INSIDE.sub("]", line), shown)
    return found


@pytest.mark.parametrize("path", sorted((ROOT / "book").glob("chapters/*.ipynb")), ids=lambda path: path.stem)
def test_numbers_in_a_chapter_are_printed_or_cited(path):
    notebook = nbformat.read(path, as_version=4)
    shown = printed(notebook)
    assert [u for cell in notebook.cells if cell.cell_type == "markdown" for u in unsupported(cell.source, shown)] == []


@pytest.mark.parametrize(
    "path", [ROOT / "book" / "index.md", *sorted((ROOT / "book" / "appendix").glob("*.md"))], ids=lambda path: path.stem
)
def test_numbers_on_a_page_without_cells_are_cited_or_printed_where_their_line_links(path):
    # A part that is exactly what its data file says carries the file as its source; one digit changed, and it does not.
    assert unsupported_without_cells(checked.prose(path.read_text(encoding="utf-8"))) == []


def test_the_test_sees():
    assert unsupported("It errs in 43.7 % of frames.", {"1.1"}) == ["43.7 in: It errs in 43.7 % of frames."]
    assert unsupported("It errs in 43.7 % of 1,024 frames.", {"43.7", "1024"}) == []
    assert unsupported("They report 25.8 ([Vaswani et al.](https://arxiv.org/abs/1706.03762)).", set()) == []
    assert unsupported("They report 25.8 (Vaswani et al., 2017).", set()) == []
    assert unsupported("1. wav2vec 2.0 in `x[3]` has $a^2$", set()) == []
    assert unsupported("$a = 5.76$", set()) == ["5.76 in: a = 5.76"]


def test_the_test_sees_where_a_line_links():
    shown = {"one": {"49", "20"}, "two": {"1.609"}}.get

    def of(markdown):
        return [found.split(" in: ")[0] for found in unsupported_without_cells(markdown, shown)]

    assert of("49 in a second, see [this](../chapters/one.ipynb#some-2-0-section).") == []
    assert of("48 in a second, see [this](../chapters/one.ipynb).") == ["48"]
    assert of("It is 1.609, see [this](../chapters/one.ipynb).") == ["1.609"], "another chapter prints it"
    assert of("It is 1.609 in 49, see [this](../chapters/one.ipynb) and [that](../chapters/two.ipynb).") == []
    assert of("49 in a second.\nSee [this](../chapters/one.ipynb).") == ["49"], "the link stands in another line"
    assert of("'49 in a second.'\n: Yes.\n: See [this](../chapters/one.ipynb).") == []
    assert of("'50 in a second.'\n: Yes.\n: See [this](../chapters/one.ipynb).") == ["50"]
    assert of("49 in a second, see [this](glossary.md).") == ["49"]
