"""The letters of chapter `spans`, by mouse, by keyboard and without JavaScript; what is played, to the sample."""

import json

import pytest

from w2v2course.explorers.letters import FIRST, said

PAGE = "book/chapters/spans.html"
# Notes what is asked to sound, instead of listening.
NOTE = """() => {
  window.played = [];
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (when, from, length) {
    window.played.push([from, length, this.buffer.length, this.buffer.sampleRate]);
    start.call(this, when, from, length);
  };
}"""


@pytest.fixture(params=[1280, 380])
def explorer(visit, request):
    explorer = visit(PAGE, width=request.param).page.locator('[data-explorer^="letters"]').first
    explorer.page.evaluate(NOTE)
    return explorer


def trace(explorer):
    return json.loads(explorer.locator('script[type="application/json"]').text_content())


def words(explorer):
    return explorer.locator(".w2v2-say").inner_text()


def played(explorer):
    return explorer.page.evaluate("window.played.splice(0)")


def heard(piece, trace, margin=0.0):
    start, end = max(piece["from"] - margin, 0), min(piece["to"] + margin, trace["seconds"])
    samples = round(trace["seconds"] * trace["rate"])
    return [[pytest.approx(start), pytest.approx(end - start), samples, trace["rate"]]]


def test_by_mouse(explorer):
    facts = trace(explorer)
    assert words(explorer) == FIRST
    buttons = explorer.locator("[data-piece]")
    assert buttons.count() == len(facts["pieces"])
    for index, piece in enumerate(facts["pieces"]):
        buttons.nth(index).click()
        assert words(explorer) == said(piece)
        assert played(explorer) == heard(piece, facts)
        assert buttons.nth(index).get_attribute("aria-pressed") == "true"
        assert explorer.locator('[data-piece][aria-pressed="true"]').count() == 1
    assert explorer.locator("rect.w2v2-lit").count() >= 3, "the last word's letters are lit"
    wide = explorer.get_by_role("button", name="on either side")
    wide.click()
    assert words(explorer) == said(facts["pieces"][-1], wide=True)
    assert played(explorer) == heard(facts["pieces"][-1], facts, 0.1)
    explorer.locator("rect").nth(2).click()
    assert words(explorer) == said(facts["pieces"][2], wide=True)


def test_by_keyboard(explorer):
    facts, keys = trace(explorer), explorer.page.keyboard
    explorer.locator("[data-piece]").first.focus()
    keys.press("ArrowLeft")
    assert words(explorer) == FIRST, "nothing lies before the first"
    keys.press("Enter")
    assert words(explorer) == said(facts["pieces"][0])
    for index in (1, 2, 3):
        keys.press("ArrowRight")
        assert words(explorer) == said(facts["pieces"][index])
    keys.press("ArrowLeft")
    assert words(explorer) == said(facts["pieces"][2])
    assert len(played(explorer)) == 5


def test_letters_do_not_run_into_words_by_arrow_key(explorer):
    letters = explorer.locator('[aria-label="Letters"] [data-piece]')
    letters.last.click()
    before = words(explorer)
    explorer.page.keyboard.press("ArrowRight")
    assert words(explorer) == before


def test_without_javascript(visit):
    explorer = visit(PAGE, script=False).page.locator('[data-explorer^="letters"]').first
    assert words(explorer) == FIRST
    assert explorer.locator("rect").count() > 5 and explorer.locator("svg").is_visible()
    assert explorer.locator("audio[controls]").get_attribute("src").startswith("data:audio/wav")
