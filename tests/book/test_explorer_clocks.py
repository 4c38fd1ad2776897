"""The clocks of chapter `clocks`, by mouse and by keyboard, against Python's trace."""

import json

import pytest

from w2v2course.explorers.clocks import said

PAGE = "book/chapters/clocks.html"


@pytest.fixture(params=[1280, 380])
def explorer(visit, request):
    found = visit(PAGE, width=request.param).page.locator('[data-explorer^="clocks"]')
    return found, json.loads(found.locator('script[type="application/json"]').text_content())


def shown(explorer):
    return explorer.locator(".w2v2-say").inner_text()


def hands(explorer, kind):
    return [
        (float(line.get_attribute("x2")), float(line.get_attribute("y2")))
        for line in explorer.locator(f"line.{kind}").all()
    ]


def wanted(trace, position):
    code, radius = trace["codes"][position], trace["radius"]
    return [
        (pytest.approx(radius * code[i], abs=0.01), pytest.approx(-radius * code[i + 1], abs=0.01))
        for i in range(0, len(code), 2)
    ]


def test_by_keyboard(explorer):
    found, trace = explorer
    keys = found.page.keyboard
    found.get_by_label("Position").focus()
    keys.press("ArrowRight")
    assert shown(found) == said(trace, 11, 3) and hands(found, "w2v2-here") == wanted(trace, 11)
    keys.press("Tab")
    keys.press("ArrowLeft")
    assert shown(found) == said(trace, 11, 2) and hands(found, "w2v2-there") == wanted(trace, 13)
    keys.press("Home")
    assert shown(found) == said(trace, 11, -11), "no position before the first"
    found.get_by_label("Position").focus()
    keys.press("End")
    assert shown(found) == said(trace, 99, -11)


def test_by_mouse(explorer):
    found, trace = explorer
    slider = found.get_by_label("Position")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    found.page.mouse.click(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
    position = int(slider.input_value())
    assert 60 <= position <= 80
    assert shown(found) == said(trace, position, 3) and hands(found, "w2v2-there") == wanted(trace, position + 3)


def test_without_javascript(visit):
    found = visit(PAGE, script=False).page.locator('[data-explorer^="clocks"]')
    assert found.locator("svg").first.is_visible() and shown(found).startswith("Positions 10 and 13")
