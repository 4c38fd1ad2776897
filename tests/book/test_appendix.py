"""Slips, notation and glossary are in step with the chapters, the tests and the package."""

import re

import pytest

from tests.book.pages import ROOT

SOURCES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "book" / "sources").glob("*.md"))}
SLIPS, NOTATION, GLOSSARY = (
    (ROOT / "book" / "appendix" / f"{name}.md").read_text(encoding="utf-8")
    for name in ("slips", "notation", "glossary")
)
# In a chapter: a note of its own beside the matter, or a quotation in the section at its end.
BESIDE = re.compile(r"^> \*\*Where the usual account slips\.\*\*", flags=re.M)
QUOTED = re.compile(r"^> \*\*('.+?')\*\*", flags=re.M)
ENTRY = re.compile(r"^('.+)\n: (.+)\n: \*\*Check:\*\* (.+)$", flags=re.M)


@pytest.mark.parametrize("chapter", SOURCES)
def test_every_slip_of_a_chapter_is_on_the_page(chapter):
    source = SOURCES[chapter]
    linking = [said for said, _, check in ENTRY.findall(SLIPS) if f"/{chapter}.ipynb#" in check]
    quoted = QUOTED.findall(source)
    assert len(BESIDE.findall(source)) + len(quoted) > 0
    assert [quotation for quotation in quoted if not any(quotation in said for said in linking)] == []
    assert len(linking) >= len(BESIDE.findall(source)) + len(quoted)


def test_every_entry_has_what_is_said_what_holds_and_a_check():
    found = ENTRY.findall(SLIPS)
    assert len(found) == len(re.findall(r"^'", SLIPS, flags=re.M)) > 50
    for said, holds, check in found:
        assert len(holds) > 40, said
        assert re.search(r"\]\(\.\./chapters/[\w-]+\.ipynb#[\w-]+\)", check), said


def test_every_test_that_is_named_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", SLIPS)
    assert len(named) > 10
    for path, name in named:
        assert f"\ndef {name}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{name}"


def in_code(page: str) -> list[str]:
    """The names in the third column of a page's tables."""
    rows = [re.split(r"(?<!\\)\|", line) for line in page.splitlines() if line.startswith("| ")]
    return [
        name for row in rows if row[1].strip() not in ("letter", "symbol") for name in re.findall(r"`(.+?)`", row[3])
    ]


def test_every_name_of_the_notation_is_the_packages():
    package = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "w2v2course").rglob("*.py"))
    names = in_code(NOTATION)
    assert len(names) > 30
    assert [name for name in names if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", package)] == []


def test_names_are_found():
    assert in_code("| letter | meaning | in code |\n|---|---|---|\n| `\\|` | a `bar` | `one`, `two` | [x](y) |") == [
        "one",
        "two",
    ]


def test_the_glossary_is_in_order_short_and_linked():
    terms = re.findall(r"^### (.+)\n\n(.+)$", GLOSSARY, flags=re.M)
    names = [name for name, _ in terms]
    assert len(terms) == len(re.findall(r"^### ", GLOSSARY, flags=re.M)) > 60
    assert names == sorted(names, key=str.lower)
    for name, text in terms:
        assert re.search(r"\]\(\.\./chapters/[\w-]+\.ipynb#[\w-]+\)", text), name
        assert len(re.findall(r"[.?!](?: |$)", text)) <= 3, name
