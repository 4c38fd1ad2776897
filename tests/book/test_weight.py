"""What a reader's phone has to load, page by page; the table is printed."""

import re

import pytest

from tests.book.pages import PRINTED, in_contents

MB = 1e6
OWN, WITH_MEDIA, SHARED = 0.5 * MB, 4 * MB, 2.5 * MB


@pytest.fixture(scope="module")
def weights(html, browser, bases):
    """Path to (own HTML without embedded media, HTML with pictures and sounds), and the shared files of all pages."""
    pages, shared = {}, {}
    for path in in_contents():
        text = (html / path).read_bytes()
        embedded = sum(len(data) for data in re.findall(rb"data:[a-z/+-]+;base64,[A-Za-z0-9+/=]+", text))
        context = browser.new_context()
        page, media = context.new_page(), [0]

        def weigh(response, media=media):
            if not response.url.startswith(bases["served"]) or response.request.resource_type == "document":
                return
            size = len(response.body())
            if response.request.resource_type in ("image", "media"):
                media[0] += size
            else:
                shared[response.url] = size

        page.on("response", weigh)
        page.goto(bases["served"] + path, wait_until="load")
        page.wait_for_timeout(1500)
        pages[path] = len(text) - embedded, len(text) + media[0]
        context.close()
    return pages, shared


def test_pages_are_light(weights, record_property):
    pages, shared = weights
    table = ["page                                     own HTML, kB   with sound and pictures, kB"]
    table += [f"{path:40} {own / 1e3:12.0f} {whole / 1e3:28.0f}" for path, (own, whole) in pages.items()]
    table += [f"{'scripts, styles, fonts (once)':40} {sum(shared.values()) / 1e3:12.0f}"]
    record_property(PRINTED, "\n".join(table))
    assert {path for path, (own, _) in pages.items() if own > OWN} == set()
    assert {path for path, (_, whole) in pages.items() if whole > WITH_MEDIA} == set()
    assert sum(shared.values()) <= SHARED
