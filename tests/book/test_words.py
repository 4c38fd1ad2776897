"""Words on the built pages: alternative texts that say what is to be seen, and spelling."""

import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from tests.book.pages import ROOT, in_contents

# What says nothing: "Figure 3", "image.png", "A plot", the name of a file.
EMPTY = re.compile(r"(?i)^\W*(?:an? |the )?(?:figure|fig\.?|image|picture|plot|graph|chart|photo)?\W*[\w.-]*\W*$")


class Words(HTMLParser):
    """A page's prose (no code, no formulas) and its pictures' alternative texts."""

    def __init__(self, text):
        super().__init__()
        self.alts, self.prose, self.silent = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "img":
            self.alts.append(attributes.get("alt") or "")
        self.prose += [attributes[key] for key in ("alt", "aria-label", "title") if attributes.get(key)]
        kind = attributes.get("class") or ""
        if tag in ("script", "style", "code") or (tag in ("div", "span") and re.search(r"\bmath\b|cell_input", kind)):
            self.silent.append([tag, 0])
        elif self.silent and tag == self.silent[-1][0]:
            self.silent[-1][1] += 1

    def handle_endtag(self, tag):
        if self.silent and tag == self.silent[-1][0]:
            if self.silent[-1][1] == 0:
                self.silent.pop()
            else:
                self.silent[-1][1] -= 1

    def handle_data(self, data):
        if not self.silent:
            self.prose.append(data)


def words_of(html, path):
    text = (html / path).read_text(encoding="utf-8")
    return Words(text[text.index("<article") : text.index("</article>")])


def says_something(alt):
    return not EMPTY.match(alt) and len(set(re.findall(r"\w+", alt.lower()))) >= 6


@pytest.mark.parametrize("path", in_contents())
def test_alternative_texts_say_what_is_to_be_seen(html, path):
    alts = words_of(html, path).alts
    assert [alt for alt in alts if not says_something(alt)] == []
    assert len(set(alts)) == len(alts), "two pictures are said to show the same"


@pytest.mark.parametrize(
    "alt", ["", "Figure 3", "figure-3.png", "A plot.", "An image of a plot", "../_images/a1b2.png"]
)
def test_empty_words_are_seen(alt):
    assert not says_something(alt)
    assert says_something("Two bars: sinusoids near a quarter of frames wrong, the convolution near nothing.")


def spelled(text, folder):
    """What codespell says of a text, with the project's list of words."""
    page = folder / "page.txt"
    page.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "codespell_lib", "--toml", str(ROOT / "pyproject.toml"), page.name]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout


@pytest.mark.parametrize("path", in_contents())
def test_spelling(html, path, tmp_path):
    prose = "\n".join(words_of(html, path).prose)
    assert len(prose) > 500
    assert spelled(prose, tmp_path) == ""


def test_a_wrong_word_is_seen(tmp_path):
    assert "==> the" in spelled("This is t" + "eh text.", tmp_path)
    found = Words(
        '<p>one <code>two <b>x</b></code> three</p><div class="cell_input"><div>four</div></div><img alt="five">'
    )
    assert " ".join(found.prose).split() == ["one", "three", "five"] and found.alts == ["five"]
