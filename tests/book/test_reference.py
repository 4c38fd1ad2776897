"""The reference: every module is in it once, it leads to the chapters, and every chapter leads to it."""

import importlib.util
import re

import nbformat
import pytest

from tests.book.pages import ROOT

_spec = importlib.util.spec_from_file_location("course_reference", ROOT / "book" / "_ext" / "course_reference.py")
course_reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(course_reference)
PAGES = sorted((ROOT / "book" / "reference").glob("*.md"))
CHAPTERS = sorted((ROOT / "book" / "chapters").glob("*.ipynb"))


def test_every_module_has_one_page(html):
    pages = {page.stem: (html / "book" / "reference" / f"{page.stem}.html").read_text() for page in PAGES}
    assert {course_reference.page_of(name) for name in course_reference.modules()} == set(pages)
    for name in course_reference.modules():
        shown = [page for page, text in pages.items() if f'id="module-w2v2course.{name}"' in text]
        assert shown == [course_reference.page_of(name)], name
        file = rf'<span class="pre">(w2v2course/{name.replace(".", "/")}(?:/__init__)?\.py)</span>'
        files = re.findall(file, pages[shown[0]])
        assert len(files) == 1 and (ROOT / files[0]).is_file(), name


@pytest.mark.parametrize(
    ("page", "anchor", "said"),
    [
        ("network", "w2v2course.attention.attention", "Vaswani"),
        ("ctc", "w2v2course.ctc.loss.ctc_loss", "zero_infinity"),
        ("experiments", "w2v2course.speech.load", "SHA-256"),
        ("notebooks", "w2v2course.notebook.show_source", "docstrings"),
    ],
)
def test_a_function_is_there_with_arguments_and_source(html, page, anchor, said):
    text = (html / "book" / "reference" / f"{page}.html").read_text()
    entry = text[text.index(f'id="{anchor}"') :][:20_000]
    assert "Parameters" in entry and said in entry


def test_docstrings_lead_to_their_chapters(html):
    text = (html / "book" / "reference" / "network.html").read_text()
    linked = set(re.findall(r'href="\.\./chapters/([\w-]+)\.html(?:#[^"]*)?"><span class="doc">', text))
    assert {"frames", "order", "clocks", "neighbours", "race", "context-network"} <= linked
    plain = set(re.findall(r'chapters? [^<]*<code[^>]*><span class="pre">([\w-]+)</span>', text))
    assert not plain & {path.stem for path in CHAPTERS}, "a chapter's name without its link"


def test_what_is_returned_is_no_type_and_no_letter_a_list(html):
    for page in PAGES:
        text = (html / "book" / "reference" / f"{page.stem}.html").read_text()
        assert "Return type" not in text and '<ol class="upperalpha' not in text


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_leads_to_its_modules(html, path):
    code = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    wanted = course_reference.imported(code)
    page = (html / "book" / "chapters" / f"{path.stem}.html").read_text()
    line = re.search(r"In the reference:.*?</p>", page, flags=re.S)[0]
    assert wanted and re.findall(r"#module-w2v2course\.([\w.]+)", line) == wanted


def test_the_test_sees():
    code = "from w2v2course.ctc.alignments import collapse\nfrom w2v2course import plots, speech\nimport torch"
    assert set(course_reference.imported(code)) == {"ctc.alignments", "plots", "speech"}
    assert course_reference.imported("from w2v2course.ctc import ctc_loss") == ["ctc"]
