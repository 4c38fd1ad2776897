"""The beam, by mouse and by keyboard, against Python's trace."""

import json

import pytest

PAGE = "book/chapters/decoding.html"


@pytest.fixture(params=[1280, 380])
def explorer(visit, request):
    found = visit(PAGE, width=request.param).page.locator('[data-explorer^="beam"]')
    return found, json.loads(found.locator('script[type="application/json"]').text_content())


def check(explorer, trace, width, step):
    expected = trace["widths"][width][step]
    assert explorer.locator(".w2v2-say").inner_text() == expected["words"]
    assert explorer.locator(".w2v2-beam b").all_inner_texts() == [row["name"] for row in expected["rows"]]
    kept = [item.get_attribute("class") == "w2v2-kept" for item in explorer.locator(".w2v2-beam li").all()]
    assert kept == [row["kept"] for row in expected["rows"]]
    for item, row in zip(explorer.locator(".w2v2-beam li").all(), expected["rows"], strict=True):
        segments = item.locator(".w2v2-mass span").all()
        assert [s.get_attribute("class") for s in segments] == [f"w2v2-ends-{kind}" for kind, *_ in row["ways"]]
        assert all(name in item.inner_text() for *_, name in row["ways"])
    assert explorer.locator('[data-width][aria-pressed="true"]').get_attribute("data-width") == width
    assert explorer.locator("output").inner_text() == f"after {step + 1} of {len(trace['widths'][width])} frames"


def test_by_mouse(explorer):
    found, trace = explorer
    check(found, trace, "2", 0)
    forward, back = (found.get_by_role("button", name=name) for name in ("Next frame", "Back"))
    assert back.is_disabled()
    for step in range(1, len(trace["widths"]["2"])):
        forward.click()
        check(found, trace, "2", step)
    assert forward.is_disabled()
    found.locator('[data-width="3"]').click()
    check(found, trace, "3", step)
    back.click()
    check(found, trace, "3", step - 1)


def test_by_keyboard(explorer):
    found, trace = explorer
    keys = found.page.keyboard
    found.locator('[data-width="1"]').focus()
    keys.press("Enter")
    check(found, trace, "1", 0)
    keys.press("ArrowLeft")
    check(found, trace, "1", 0)
    keys.press("ArrowRight")
    check(found, trace, "1", 1)
    found.get_by_role("button", name="Next frame").focus()
    for _ in trace["widths"]["1"][2:]:
        keys.press("Space")
    check(found, trace, "1", len(trace["widths"]["1"]) - 1)
    keys.press("Space")  # the focus has gone to Back
    check(found, trace, "1", len(trace["widths"]["1"]) - 2)


def test_without_javascript(visit):
    found = visit(PAGE, script=False).page.locator('[data-explorer^="beam"]')
    assert found.locator(".w2v2-beam li").count() == 3
    assert found.locator(".w2v2-say").inner_text().startswith("Width 2, after 1 of 4 frames: kept")
