"""The bibliography holds what the chapters cite, no more and no less, and says where."""

import re

import pytest

from tests.book.pages import ROOT

CHAPTERS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "book" / "sources").glob("*.md"))}
PAGE = (ROOT / "book" / "appendix" / "bibliography.md").read_text(encoding="utf-8")
NAME = r"[A-ZÀ-Þ][\w-]+"
# "Vaswani et al. (2017)", "Salimans and Kingma 2016", "Zeyer, Schlüter and Ney (2021)": the first name and the year.
WORK = re.compile(rf"\b({NAME})(?:, {NAME})*(?: and {NAME}| et al\.)?,? \(?((?:19|20)\d\d)\b")
ADDRESS = re.compile(r"https?://[^)\s]+")
ARXIV = re.compile(r"(?i:arxiv)\W(?:org/abs/)?(\d{4}\.\d{4,5})")


def prose(source: str) -> str:
    return re.sub(r"```.*?```", " ", source.split("\n---\n", 1)[-1], flags=re.S)


def works(text: str) -> set[tuple[str, str]]:
    return set(WORK.findall(text))


def addresses(text: str) -> set[str]:
    """Where works are to be found: arXiv's number, or the address as it stands."""
    return set(ARXIV.findall(text)) | {a for a in ADDRESS.findall(text) if "arxiv.org" not in a}


def entries(page: str) -> list[str]:
    return re.findall(r"^- (.+)$", page, flags=re.M)


def holds(entry: str, work=None, address=None) -> bool:
    return (work is None or work in works(entry.split("**")[1])) and (address is None or address in addresses(entry))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_whatever_a_chapter_cites_is_there(chapter):
    text = prose(CHAPTERS[chapter])
    missing = [w for w in works(text) if not any(holds(e, work=w) for e in entries(PAGE))]
    missing += [a for a in addresses(text) if not any(holds(e, address=a) for e in entries(PAGE))]
    assert missing == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_further_reading_and_entry_agree(chapter):
    """The authors, year and address of one line are those of one entry."""
    lines = entries(prose(CHAPTERS[chapter]).split("## Further reading")[1])
    assert len(lines) >= 3
    for line in lines:
        [work] = works(line) or [None]
        [address] = addresses(line) or [None]
        assert work or address, line
        assert sum(holds(e, work, address) for e in entries(PAGE)) == 1, line


@pytest.mark.parametrize("entry", entries(PAGE), ids=lambda entry: entry.split("**")[1][:40])
def test_an_entry_names_the_chapters_that_cite_it(entry):
    cites = {
        name
        for name, text in CHAPTERS.items()
        if works(entry.split("**")[1]) & works(prose(text)) or addresses(entry) & addresses(prose(text))
    }
    assert cites == set(re.findall(r"chapters/([\w-]+)\.ipynb", entry)) != set()
    assert re.search(r"\*[^*]{5,}\*\]?", entry.split("**")[2]), "a title"


def test_no_work_stands_twice():
    once = [work for entry in entries(PAGE) for work in works(entry.split("**")[1])]
    assert len(set(once)) == len(once) > 30


def test_the_starting_point_is_named():
    assert "*The Underlying Intuition of Wav2Vec2's Transformer*" in PAGE and "Koel Labs" in PAGE


def test_the_test_sees():
    assert works("see (Lotz et al., 1960) and Salimans and Kingma 2016") == {("Lotz", "1960"), ("Salimans", "2016")}
    assert works("by Zeyer, Schlüter and Ney (2021)") == {("Zeyer", "2021")}
    assert addresses("arXiv 1911.04474, [a](https://arxiv.org/abs/1706.03762)") == {"1911.04474", "1706.03762"}
    entry = "**Yan et al. (2019)**, [*TENER*](https://arxiv.org/abs/1911.04474). In [clocks](../chapters/clocks.ipynb)."
    assert holds(entry, ("Yan", "2019"), "1911.04474")
    assert not holds(entry, ("Yan", "2018"), "1911.04474") and not holds(entry, ("Yan", "2019"), "1911.04475")
