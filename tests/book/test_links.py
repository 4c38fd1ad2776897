"""Every internal link of every built page leads to a page and an anchor that exist."""

from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from tests.book.pages import in_contents


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.to, self.anchors = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        link = (
            attributes.get("href")
            if tag in ("a", "link")
            else attributes.get("src")
            if tag in ("img", "script")
            else None
        )
        if link:
            self.to.append(link)


@pytest.mark.parametrize("path", in_contents())
def test_internal_links_lead_somewhere(html, path):
    page = html / path
    found, broken = Links(page.read_text(encoding="utf-8")), []
    for link in found.to:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        if not target.exists():
            broken.append(link)
        elif parts.fragment and target.suffix == ".html":
            anchors = found.anchors if target == page else Links(target.read_text(encoding="utf-8")).anchors
            if unquote(parts.fragment) not in anchors | {""}:
                broken.append(link)
    assert broken == []
    assert len(found.to) > 5
