"""`Frames`, the slider over figures, on a page of its own: by mouse, by keyboard, and without JavaScript."""

import matplotlib
import pytest

from tests.book.pages import Visit
from w2v2course.explorers.frames import Frames

VALUES = [1, 2, 5, 10]


def draw(figure, value):
    figure.add_subplot().plot([0, value])


@pytest.fixture(scope="module")
def frames():
    matplotlib.use("agg")
    return Frames(draw, "height", VALUES, lambda v: f"A line that rises to {v}.", start=1)


@pytest.fixture
def opened(browser, frames, tmp_path):
    """`opened(width, script)`: the explorer, in a page opened from a file."""
    (tmp_path / "page.html").write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Frames</title><body>{frames._html()}</body></html>",
        encoding="utf-8",
    )
    contexts = []

    def go(width=1280, script=True):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=script))
        visited = Visit(contexts[-1].new_page(), f"{tmp_path.as_uri()}/", script).open("page.html")
        assert visited.errors == [] and visited.outside == []
        return visited.page

    yield go
    for context in contexts:
        context.close()


def check(page, frames, place):
    words, image = frames.describe(VALUES[place]), page.locator("img")
    assert page.locator(".w2v2-say").inner_text() == words == image.get_attribute("alt")
    assert page.locator("output").inner_text() == str(VALUES[place])
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 812
    return image.get_attribute("src")


@pytest.mark.parametrize("width", [1280, 380])
def test_by_keyboard(opened, frames, width):
    page = opened(width)
    pictures = [check(page, frames, 1)]
    page.get_by_role("slider").focus()
    for key, place in [("ArrowRight", 2), ("End", 3), ("ArrowRight", 3), ("Home", 0)]:
        page.keyboard.press(key)
        pictures.append(check(page, frames, place))
    assert len(set(pictures)) == 4 and pictures[2] == pictures[3]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1280, 380])
def test_by_mouse(opened, frames, width):
    page = opened(width)
    slider = page.get_by_role("slider")
    box = slider.bounding_box()
    across = box["y"] + box["height"] / 2
    for share in (0.03, 0.65, 0.97):
        page.mouse.click(box["x"] + box["width"] * share, across)
        check(page, frames, int(slider.input_value()))
    assert slider.input_value() == "3"


def test_without_javascript(opened, frames):
    check(opened(script=False), frames, 1)
