import html
import re

from tools import pipeline


def linked(picture):
    return re.findall(r'<a href="chapters/([\w-]+)\.html" aria-label="([^"]+)">', picture)


def test_the_front_pages_picture_is_what_the_code_draws():
    assert pipeline.PICTURE.read_text(encoding="utf-8") == pipeline.draw(), "run python -m tools.pipeline"


def test_every_chapter_of_the_contents_is_a_link_and_nothing_else():
    titles = pipeline.chapters()
    found = linked(pipeline.draw())
    assert sorted(name for name, _ in found) == sorted(titles), "each once"
    assert all(f"chapter “{titles[name]}”" in html.unescape(label) for name, label in found)


def test_links_follow_the_contents():
    assert linked(pipeline.draw({})) == []
    some = pipeline.draw({"decoding": "Reading <it> out", "spans": "When?", "listen": "All"})
    assert [name for name, _ in linked(some)] == ["decoding", "spans", "listen"]
    assert "Reading the guesses: chapter “Reading &lt;it&gt; out”" in some
    assert pipeline.draw({"trellis": "T"}).count("<rect") == 6, "a name without a chapter is left out"
