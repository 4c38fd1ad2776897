"""The trellis, by mouse and by keyboard, against Python's trace."""

import json

import pytest

PAGE = "book/chapters/trellis.html"


@pytest.fixture(params=[1280, 380])
def explorer(visit, request):
    found = visit(PAGE, width=request.param).page.locator('[data-explorer^="trellis"]')
    return found, json.loads(found.locator('script[type="application/json"]').text_content())


def check(explorer, trace, t, s):
    cell = trace["cells"][t * trace["states"] + s]
    assert explorer.locator(".w2v2-say").inner_text() == cell["words"]
    rows = explorer.locator("tbody tr").all()
    shown = [[("w2v2-lit" in (td.get_attribute("class") or "")) for td in row.locator("td").all()] for row in rows]
    lit = "".join(str(int(shown[state][frame])) for frame in range(trace["frames"]) for state in range(trace["states"]))
    assert lit == cell["lit"]
    pressed = explorer.locator('button[aria-pressed="true"]')
    assert pressed.count() == 1 and pressed.get_attribute("aria-label") == f"frame {t}, state {s}"


def test_by_mouse(explorer):
    found, trace = explorer
    for t, s in ((0, 0), (2, 3), (trace["frames"] - 1, trace["states"] - 1), (0, trace["states"] - 1)):
        found.get_by_role("button", name=f"frame {t}, state {s}", exact=True).click()
        check(found, trace, t, s)


def test_by_keyboard(explorer):
    found, trace = explorer
    keys = found.page.keyboard
    found.get_by_role("button", name="frame 0, state 0", exact=True).focus()
    keys.press("Enter")
    check(found, trace, 0, 0)
    for key, place in (("ArrowRight", (1, 0)), ("ArrowDown", (1, 1)), ("ArrowDown", (1, 2)), ("ArrowLeft", (0, 2))):
        keys.press(key)
        check(found, trace, *place)
    keys.press("ArrowLeft")
    check(found, trace, 0, 2)


def test_without_javascript(visit):
    found = visit(PAGE, script=False).page.locator('[data-explorer^="trellis"]')
    assert found.locator("tbody button").count() > 10
    assert found.locator(".w2v2-say").inner_text().startswith("Click a cell")
