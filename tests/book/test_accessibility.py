"""What axe-core finds in the built pages: nothing serious, contrast of text (4.5 to 1) included."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.book.pages import in_contents


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (380, "dark")])
@pytest.mark.parametrize("path", [*in_contents(), "search.html"])
def test_no_serious_violation(visit, path, width, scheme):
    # Without motion, so that no colour is measured while it fades.
    page = visit(path, "file", width, scheme).page
    page.emulate_media(reduced_motion="reduce")
    found = Axe().run(page).response["violations"]
    serious = [
        f"{v['id']}: {node['html'][:120]} {(node['any'] or [{'message': v['help']}])[0]['message']}"
        for v in found
        if v["impact"] in ("serious", "critical")
        for node in v["nodes"]
    ]
    assert serious == []


def test_axe_sees_what_it_should(visit):
    page = visit("book/index.html").page
    page.evaluate(
        "document.querySelector('article').insertAdjacentHTML('beforeend', '<p style=\"color:#ccc\">pale</p>')"
    )
    assert "color-contrast" in {v["id"] for v in Axe().run(page, ".bd-article").response["violations"]}
