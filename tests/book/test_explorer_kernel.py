"""The sliding kernel of chapter `neighbours`, by mouse and by keyboard, against Python's trace."""

import json

import pytest

from w2v2course.explorers.kernel import said

PAGE = "book/chapters/neighbours.html"


@pytest.fixture(params=[1280, 380])
def explorer(visit, request):
    found = visit(PAGE, width=request.param).page.locator('[data-explorer^="kernel"]')
    return found, json.loads(found.locator('script[type="application/json"]').text_content())


def row(explorer, grid):
    cells = explorer.locator(f'[data-grid="{grid}"] tbody td').all_inner_texts()
    return [float(cell.replace("−", "-")) for cell in cells]


def check(explorer, trace, frame):
    assert explorer.locator(".w2v2-say").inner_text() == said(trace, frame)
    for grid, values in zip(("kernel", "products"), trace["rows"][frame], strict=True):
        assert row(explorer, grid) == [pytest.approx(value, abs=0.0501) for value in values]
        lit = explorer.locator(f'[data-grid="{grid}"] tbody td').evaluate_all(
            "cells => cells.flatMap((cell, i) => cell.classList.contains('w2v2-lit') ? [i] : [])"
        )
        assert lit == list(range(frame, frame + trace["taps"]))


def test_by_keyboard(explorer):
    found, trace = explorer
    slider, keys, last = found.get_by_label("Frame"), found.page.keyboard, len(trace["sums"]) - 1
    start = int(slider.input_value())
    check(found, trace, start)
    slider.focus()
    keys.press("ArrowRight")
    check(found, trace, start + 1)
    keys.press("Home")
    check(found, trace, 0)
    keys.press("ArrowLeft")
    check(found, trace, 0)
    keys.press("End")
    check(found, trace, last)


def test_by_mouse(explorer):
    found, trace = explorer
    slider = found.get_by_label("Frame")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    for share in (0.05, 0.5, 0.95):
        found.page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        check(found, trace, int(slider.input_value()))
    assert int(slider.input_value()) == len(trace["sums"]) - 1


def test_without_javascript(visit):
    found = visit(PAGE, script=False).page.locator('[data-explorer^="kernel"]')
    assert found.locator("table").count() == 3 and found.locator(".w2v2-say").inner_text().startswith("Frame")
