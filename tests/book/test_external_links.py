"""Every link that leaves the book is on the list, and the list holds no other; nothing is visited here."""

import re

from tools.links import LIST, UNKNOWN, on_pages, read


def test_the_list_is_the_pages(html):
    listed, found = set(read()), on_pages(html)
    assert found - listed == set(), "not on the list: run python -m tools.links"
    assert listed - found == set(), "on the list, on no page: run python -m tools.links"
    assert len(found) > 10


def test_every_row_has_a_date_or_says_that_it_was_not_checked():
    assert LIST.read_text(encoding="utf-8").startswith("url,checked\n")
    for address, checked in read().items():
        assert address.startswith("https://"), address
        assert checked == UNKNOWN or re.fullmatch(r"20\d\d-[01]\d-[0-3]\d( in a stored copy)?", checked), address
