"""Every built page, in a real Chromium with every other host blocked."""

import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from tests.book.pages import in_contents

# Each page from a file and served, at both widths, in both schemes: four loads cover each pair.
WAYS = [("file", 1280, "light"), ("file", 380, "dark"), ("served", 380, "light"), ("served", 1280, "dark")]
ORDER = "book/chapters/order.html"


@pytest.mark.parametrize(("how", "width", "scheme"), WAYS)
@pytest.mark.parametrize("path", [*in_contents(), "search.html", "genindex.html"])
def test_a_page_is_whole(visit, path, how, width, scheme):
    visited = visit(path, how, width, scheme)
    page = visited.page
    assert visited.outside == [], "asks another host"
    assert visited.errors == []
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "scrolls sideways"
    silent = "[...document.images].filter(i => i.closest('article') && !i.alt.trim()).map(i => i.src.slice(0, 80))"
    assert page.evaluate(silent) == [], "pictures without words"
    broken = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src.slice(0, 80))"
    assert page.evaluate(broken) == [], "pictures that do not show"
    text = page.inner_text("main")
    assert len(text) > 20 and not re.search(r"\\\(|\\\[|\{\{", text), "mathematics or a token left as text"
    assert page.locator("article .math").count() == page.locator("article .math mjx-container").count()


@pytest.mark.parametrize("how", ["file", "served"])
def test_the_book_opens_at_its_front_page(visit, how):
    page = visit("index.html", how).page
    page.wait_for_url("**/book/index.html")
    assert "Transformer" in page.inner_text("h1")


def test_figures_are_no_white_slabs_in_the_dark(visit):
    page = visit(ORDER, scheme="dark").page
    ground = page.locator("main").first
    for image in page.locator("article .cell_output img").all():
        image.scroll_into_view_if_needed()
        shot = np.asarray(Image.open(io.BytesIO(image.screenshot())).convert("L")) / 255
        assert shot.mean() < 0.4 and np.median(shot) < 0.3
    assert ground.is_visible()


def test_sounds_play_from_a_file(visit):
    page = visit(ORDER).page
    durations = page.evaluate(
        """() => Promise.all([...document.querySelectorAll('audio')].map(async (audio) => {
             audio.muted = true;
             await audio.play();
             await new Promise((done) => setTimeout(done, 200));
             const moved = audio.currentTime > 0;
             audio.pause();
             return [audio.duration, moved, audio.getAttribute('aria-label')];
           }))"""
    )
    assert len(durations) >= 2
    for seconds, moved, label in durations:
        assert 0.5 < seconds < 15 and moved and label


def test_search_finds_from_a_file(visit):
    visited = visit("search.html?q=equivariant")
    visited.page.wait_for_selector("#search-results li a", timeout=10_000)
    links = visited.page.locator("#search-results li a").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    assert any("order.html" in link for link in links)
    assert visited.errors == [] and visited.outside == []


# ── explorers ────────────────────────────────────────────────────────────────────────────────────────────────────


def shown(explorer):
    """The state that a reader sees: the words and the numbers."""
    grid = {
        name: [
            [float(cell.replace("−", "-")) for cell in row.locator("td").all_inner_texts()]
            for row in explorer.locator(f'[data-grid="{name}"] tbody tr').all()
        ]
        for name in ("weights", "outputs")
    }
    rows = explorer.locator('[data-grid="weights"] tbody th').all_inner_texts()
    chips = explorer.locator("[data-place]").all_inner_texts()
    return {"words": explorer.locator(".w2v2-say").inner_text(), "rows": rows, "chips": chips, **grid}


def expected(trace, order):
    names, state = trace["names"], trace["states"]["".join(map(str, order))]
    labels = [names[i] for i in order]
    words = (
        f"Order {' '.join(labels)}. Change in the frames' own outputs: {state['change']}. "
        "Click two frames to swap them, or move one with the arrow keys."
    )
    return {"words": words, "rows": labels, "chips": labels, "weights": state["weights"], "outputs": state["outputs"]}


@pytest.fixture
def shuffle(visit):
    explorer = visit(ORDER).page.locator('[data-explorer^="shuffle"]')
    trace = json.loads(explorer.locator('script[type="application/json"]').text_content())
    assert shown(explorer) == expected(trace, [0, 1, 2, 3])
    return explorer, trace


def test_shuffle_by_mouse(shuffle):
    explorer, trace = shuffle
    chips = explorer.locator("[data-place]")
    chips.nth(1).click()
    assert chips.nth(1).get_attribute("aria-pressed") == "true"
    chips.nth(2).click()
    assert shown(explorer) == expected(trace, [0, 2, 1, 3])
    explorer.get_by_role("button", name="Reverse").click()
    assert shown(explorer) == expected(trace, [3, 1, 2, 0])
    explorer.get_by_role("button", name="Last to front").click()
    assert shown(explorer) == expected(trace, [0, 3, 1, 2])
    explorer.get_by_role("button", name="Back to the start").click()
    assert shown(explorer) == expected(trace, [0, 1, 2, 3])


def test_shuffle_by_keyboard(shuffle):
    explorer, trace = shuffle
    explorer.locator("[data-place]").first.focus()
    keys = explorer.page.keyboard
    keys.press("ArrowLeft")
    assert shown(explorer) == expected(trace, [0, 1, 2, 3]), "nothing lies left of the first"
    keys.press("ArrowRight")
    assert shown(explorer) == expected(trace, [1, 0, 2, 3])
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    assert shown(explorer) == expected(trace, [1, 2, 3, 0]), "focus moves with the frame"
    keys.press("Tab")
    keys.press("Enter")
    assert shown(explorer) == expected(trace, [0, 3, 2, 1]), "the next button after the last frame is Reverse"


def test_shuffle_without_javascript(visit):
    explorer = visit(ORDER, script=False).page.locator('[data-explorer^="shuffle"]')
    assert explorer.locator('[data-grid="weights"] td').first.is_visible()
    assert explorer.locator(".w2v2-say").inner_text().startswith("Order A B C D.")
