"""The race of chapter `race`, by mouse and by keyboard, against Python's trace and the shipped table."""

import json
from statistics import mean

import pytest

from w2v2course.explorers.race import said
from w2v2course.tables import read_table

PAGE = "book/chapters/race.html"


@pytest.fixture(params=[1280, 380])
def explorer(visit, request):
    visited = visit(PAGE, width=request.param)
    visited.page.emulate_media(reduced_motion="reduce")
    found = visited.page.locator('[data-explorer^="race"]')
    return found, json.loads(found.locator('script[type="application/json"]').text_content())


def check(explorer, trace, length, window):
    assert explorer.locator(".w2v2-say").inner_text() == said(trace, length, window)
    wrong, free = trace["wrong"][length][window], trace["wrong"][length][-1]
    assert explorer.locator(".w2v2-scheme").all_inner_texts() == trace["schemes"]
    assert explorer.locator(".w2v2-value").all_inner_texts() == [f"{value:.1f} %" for value in wrong]
    drawn = explorer.locator(".w2v2-lane").evaluate_all(
        """lanes => lanes.map((lane) => {
             const bar = lane.firstElementChild.getBoundingClientRect().width, whole = lane.getBoundingClientRect();
             const line = parseFloat(getComputedStyle(lane, "::after").left);
             return [bar / whole.width, (line + 1) / whole.width];
           })"""
    )
    for (bar, line), value, before in zip(drawn, wrong, free, strict=True):
        assert bar == pytest.approx(value / trace["largest"], abs=0.03)
        assert line == pytest.approx(before / trace["largest"], abs=0.03)


def test_what_the_page_holds_is_the_shipped_table(explorer):
    _, trace = explorer
    errors = {}
    for row in read_table("race_windows.csv"):
        errors.setdefault((row["times"], row["window"], row["positions"]), []).append(100 * float(row["error"]))
    assert len(errors) == len(trace["schemes"]) * len(trace["lengths"]) * len(trace["windows"])
    for (times, window, scheme), found in errors.items():
        n, w = trace["lengths"].index(times), trace["windows"].index(window)
        value = trace["wrong"][n][w][trace["schemes"].index(scheme)]
        assert value == pytest.approx(mean(found), abs=0.0501)


def test_by_keyboard(explorer):
    found, trace = explorer
    keys, length, window = found.page.keyboard, len(trace["lengths"]) - 1, len(trace["windows"]) - 1
    check(found, trace, length, window)
    found.get_by_label("Window").focus()
    for _ in range(3):
        keys.press("ArrowLeft")
        window -= 1
        check(found, trace, length, window)
    assert found.get_by_label("Window").get_attribute("aria-valuetext") == f"±{trace['windows'][window]} frames"
    keys.press("Home")
    check(found, trace, length, 0)
    keys.press("Shift+Tab")
    keys.press("Home")
    check(found, trace, 0, 0)
    keys.press("ArrowRight")
    check(found, trace, 1, 0)


def test_by_mouse(explorer):
    found, trace = explorer
    page, slider = found.page, found.get_by_label("Window")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    across = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 8, across)
    page.mouse.down()
    seen = set()
    for share in (0.8, 0.6, 0.4, 0.2, 0.02):  # dragged, not clicked
        page.mouse.move(box["x"] + box["width"] * share, across)
        window = int(slider.input_value())
        seen.add(window)
        check(found, trace, len(trace["lengths"]) - 1, window)
    page.mouse.up()
    assert 0 in seen and len(seen) >= 4
    other = found.get_by_label("Clip length")
    box = other.bounding_box()
    page.mouse.click(box["x"] + 8, box["y"] + box["height"] / 2)
    check(found, trace, 0, 0)


def test_without_javascript(visit):
    found = visit(PAGE, script=False).page.locator('[data-explorer^="race"]')
    assert found.locator(".w2v2-lane").first.is_visible()
    assert found.locator(".w2v2-say").inner_text().startswith("8× training, all frames in sight.")
    assert found.locator(".w2v2-value").count() == 8
