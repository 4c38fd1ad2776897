"""Chapters read to their end get a tick that this browser keeps, and no other."""

from tests.book.pages import in_contents

ORDER = "book/chapters/order.html"


def ticked(page):
    links = page.locator("nav.bd-links a:has(.w2v2-read)")
    return [link.split("/")[-1] for link in links.evaluate_all("links => links.map(a => a.pathname)")]


def test_a_chapter_is_read_at_its_end_and_not_before(visit):
    visited = visit(ORDER)
    page = visited.page
    assert ticked(page) == []
    page.locator("#summary").scroll_into_view_if_needed()
    page.wait_for_selector(".w2v2-read", state="attached")
    assert ticked(page) == ["order.html"]
    visited.open("book/index.html")
    chapters = [path for path in in_contents() if "/chapters/" in path]
    line = page.locator("#w2v2-progress")
    assert line.inner_text().startswith(f"You have read 1 of {len(chapters)} chapters. Go on with:")
    assert line.locator("a").get_attribute("href").endswith(chapters[0])
    assert ticked(page) == ["order.html"]
    line.get_by_role("button", name="Forget this").click()
    assert ticked(page) == [] and not line.is_visible()
    visited.open(ORDER)
    assert ticked(page) == []
    assert visited.errors == []


def test_nothing_is_said_to_a_new_reader(visit):
    assert not visit("book/index.html").page.locator("#w2v2-progress").is_visible()


def test_a_spoiled_memory_is_no_error(visit):
    visited = visit("book/index.html")
    visited.page.evaluate("localStorage.setItem('w2v2-read', '{')")
    visited.open("book/index.html")
    assert visited.errors == []
