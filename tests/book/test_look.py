"""What a page looks like where it can be measured: lines, code, players, tables, the front page's picture, paper."""

import io
from statistics import median

import numpy as np
import pytest
from PIL import Image

from tests.book.pages import in_contents
from tools.pipeline import chapters

CHAPTERS = [path for path in in_contents() if "/chapters/" in path]
# Characters in every full line of the page's longer paragraphs.
LINES = """() => [...document.querySelectorAll('article section > p')].flatMap(p => {
  if (p.textContent.length < 250 || p.querySelector('.math, mjx-container')) return [];
  const lines = [], walker = document.createTreeWalker(p, NodeFilter.SHOW_TEXT);
  let last = null, count = 0;
  while (walker.nextNode()) {
    for (let i = 0; i < walker.currentNode.length; i++) {
      const range = document.createRange();
      range.setStart(walker.currentNode, i);
      range.setEnd(walker.currentNode, i + 1);
      const box = range.getBoundingClientRect();
      if (last !== null && box.top > last + 12) { lines.push(count); count = 0; last = box.top; }
      if (last === null) last = box.top;
      count++;
    }
  }
  return lines;
})"""


@pytest.mark.parametrize("path", CHAPTERS)
def test_lines_are_easy_to_read(visit, path):
    found = visit(path).page.evaluate(LINES)
    # 65 to 75 with the fonts of the machine it was set on; other systems' letters are a little wider or narrower.
    assert len(found) > 10 and 60 <= median(found) <= 80


@pytest.mark.parametrize("path", CHAPTERS)
def test_code_is_readable_and_fits(visit, path):
    page = visit(path).page
    sizes = page.locator("article .cell_input pre").evaluate_all(
        "blocks => blocks.map(b => [parseFloat(getComputedStyle(b).fontSize), b.scrollWidth - b.clientWidth])"
    )
    assert min(size for size, _ in sizes) >= 12
    # The set-up cell's line is for machines; nothing else scrolls sideways on a laptop.
    assert [over for _, over in sizes[1:] if over > 1] == []


@pytest.mark.parametrize("width", [1280, 380])
@pytest.mark.parametrize("path", CHAPTERS)
def test_players_and_figures_fit(visit, path, width):
    page = visit(path, width=width).page
    beyond = page.locator("article :is(audio, img, .w2v2-explorer, .w2v2-lab)").evaluate_all(
        "(all, width) => all.filter(e => e.getBoundingClientRect().right > width).map(e => e.outerHTML.slice(0, 60))",
        width,
    )
    assert beyond == []


def test_wide_tables_scroll_inside_themselves(visit):
    page = visit("book/chapters/context-network.html", width=380).page
    tables = page.locator("article table:not(.w2v2-grid)")
    assert tables.count() > 0
    page.locator("article").evaluate(
        "a => a.insertAdjacentHTML('beforeend', `<table><tr>${'<td>a cell</td>'.repeat(30)}</tr></table>`)"
    )
    last = tables.last
    assert last.evaluate("t => t.scrollWidth > t.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 380


@pytest.mark.parametrize("width", [1280, 380])
def test_the_front_pages_picture_leads_to_the_chapters_by_keyboard(visit, width):
    page = visit("book/index.html", width=width).page
    links = page.locator("svg.w2v2-pipeline a")
    assert links.count() == len(chapters()) > 5
    links.first.focus()
    for place in range(links.count()):
        focused = page.evaluate(
            "[document.activeElement.getAttribute('href'), document.activeElement.getAttribute('aria-label')]"
        )
        assert focused[0] == links.nth(place).get_attribute("href") and "chapter “" in focused[1]
        assert links.nth(place).bounding_box()["height"] >= 24, "large enough for a finger"
        page.keyboard.press("Tab")
    links.nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/chapters/*.html")
    page.go_back()
    page.locator("svg.w2v2-pipeline a").first.click()
    page.wait_for_url("**/chapters/frames.html")


def test_a_printed_page_is_text_and_figures(visit):
    visited = visit("book/chapters/race.html", scheme="dark")
    page = visited.page
    page.emulate_media(media="print")
    for gone in (".bd-header-article", ".prev-next-area", "nav.bd-links", ".w2v2-explorer input[type=range]"):
        assert not page.locator(gone).first.is_visible(), gone
    assert page.locator(".w2v2-race").is_visible() and page.locator("article img").first.is_visible()
    paper = page.pdf(format="A4")
    assert paper.startswith(b"%PDF") and 5 < paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") < 30
    shot = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L")) / 255
    assert np.median(shot) > 0.9, "black on white, whatever the screen"
