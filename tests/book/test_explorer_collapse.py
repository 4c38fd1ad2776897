"""The collapse of chapter `alignments`, by mouse, by keyboard, and its script against Python on thousands of paths."""

import random

import pytest

from w2v2course.explorers.collapse import said, typed

PAGE = "book/chapters/alignments.html"


@pytest.fixture(params=[1280, 380])
def explorer(visit, request):
    return visit(PAGE, width=request.param).page.locator('[data-explorer^="collapse"]')


def words(explorer):
    return explorer.locator(".w2v2-say").inner_text()


def test_by_keyboard(explorer):
    field, keys = explorer.get_by_label("Path"), explorer.page.keyboard
    start = field.input_value()
    assert words(explorer) == said(start, len(start))
    field.focus()
    keys.press("Control+A")
    keys.type("hh-el-lo")
    assert words(explorer) == said("hhεelεlo", 8)
    keys.press("Tab")
    for read in (7, 6, 5):
        keys.press("ArrowLeft")
        assert words(explorer) == said("hhεelεlo", read)
    keys.press("Home")
    assert words(explorer) == said("hhεelεlo", 1)
    assert explorer.locator("li[data-fate]").count() == 1
    field.fill("")
    assert words(explorer).startswith("Type a path")


def test_by_mouse(explorer):
    slider, path = explorer.get_by_label("Frames read"), explorer.get_by_label("Path").input_value()
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    for share in (0.03, 0.5, 0.97):
        explorer.page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        assert words(explorer) == said(path, int(slider.input_value()))


def test_the_script_collapses_as_python_does(visit):
    explorer = visit(PAGE).page.locator('[data-explorer^="collapse"]')
    draw = random.Random(0)
    texts = ["".join(draw.choices("ab<ε- |é", k=draw.randint(1, 40))) for _ in range(3000)]
    texts = [text for text in texts if typed(text)]
    found = explorer.evaluate(
        """(root, texts) => texts.map((text) => {
             const field = root.querySelector('[name="path"]');
             field.value = text;
             field.dispatchEvent(new Event("input"));
             return root.querySelector(".w2v2-say").textContent;
           })""",
        texts,
    )
    assert len(texts) > 2900
    assert found == [said(typed(text), len(typed(text))) for text in texts]


def test_without_javascript(visit):
    explorer = visit(PAGE, script=False).page.locator('[data-explorer^="collapse"]')
    assert explorer.locator("li").count() > 3 and words(explorer).startswith("Frame")
