import time

import pytest

from tools import links


def test_links_of_built_pages(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.html").write_text(
        '<a href="https://b.example/x#y">b</a><a href="../c.html">c</a><a>d</a><link href="https://no.example">'
    )
    (tmp_path / "c.html").write_text('<a class="z" href="http://a.example">a</a>')
    assert links.on_pages(tmp_path) == {"https://b.example/x#y", "http://a.example"}


def test_an_unbuilt_book_gets_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="run 'make book' first"):
        links.on_pages(tmp_path)


def test_what_is_written_is_read_sorted(tmp_path):
    path = tmp_path / "list.csv"
    links.write({"https://b.example": "2026-01-02", "https://a.example": links.UNKNOWN}, path)
    assert path.read_text() == "url,checked\nhttps://a.example,not checked here\nhttps://b.example,2026-01-02\n"
    assert links.read(path) == {"https://a.example": links.UNKNOWN, "https://b.example": "2026-01-02"}


def test_a_visit_dates_what_answers_and_only_that():
    known = {"https://a.example": links.UNKNOWN, "https://b.example": "2025-01-01"}
    failed = links.visit(known, lambda address: "HTTP Error 404" if "b." in address else "", pause=0)
    assert failed == {"https://b.example": "HTTP Error 404"}
    assert known == {"https://a.example": time.strftime("%Y-%m-%d"), "https://b.example": "2025-01-01"}
