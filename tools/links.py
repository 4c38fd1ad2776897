"""The links that lead out of the book, and when each was last seen to work.

python -m tools.links           # lists the built pages' links anew, keeps what is known of them; visits nothing
python -m tools.links --visit   # needs a network: visits each, writes today's date beside what answered

`tests/book/external_links.csv` has a row a link: its address, and the date it last answered; or the date and "in a
stored copy", where nobody visited it but a stored copy of the page, or of one that names it, bears out that it leads to
this work; or "not checked here". A test holds the list to the pages; no test visits a link, so that `make test` needs
no network.
"""

import argparse
import csv
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

from tools.build import HTML, ROOT

LIST = ROOT / "tests" / "book" / "external_links.csv"
UNKNOWN = "not checked here"


class _Anchors(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag, attributes):
        address = dict(attributes).get("href") or ""
        if tag == "a" and address.startswith(("http://", "https://")):
            self.found.add(address)


def on_pages(folder: Path = HTML) -> set[str]:
    """Every address outside the book that a built page links to.

    Raises:
        FileNotFoundError: the book is not built.
    """
    pages = sorted(folder.rglob("*.html"))
    if not pages:
        raise FileNotFoundError(f"no page in {folder}: run 'make book' first")
    anchors = _Anchors()
    for page in pages:
        anchors.feed(page.read_text(encoding="utf-8"))
    return anchors.found


def read(path: Path = LIST) -> dict[str, str]:
    """Address to the date it last worked, or "not checked here"."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row["url"]: row["checked"] for row in csv.DictReader(file)}


def write(links: dict[str, str], path: Path = LIST) -> None:
    """The list, sorted by address."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerows([("url", "checked"), *sorted(links.items())])


def answers(address: str) -> str:
    """Visit an address; an empty string if it answered, else what was wrong."""
    request = urllib.request.Request(address, headers={"User-Agent": "Mozilla/5.0 (link check of a course)"})
    try:
        with urllib.request.urlopen(request, timeout=30):
            return ""
    except (urllib.error.URLError, OSError) as error:
        return str(error)


def visit(links: dict[str, str], answers: Callable[[str], str] = answers, pause: float = 1.0) -> dict[str, str]:
    """The links that failed, with what was wrong; the dates of the others are set to today."""
    failed = {}
    for address in links:
        wrong = answers(address)
        if wrong:
            failed[address] = wrong
        else:
            links[address] = time.strftime("%Y-%m-%d")
        time.sleep(pause)  # several may lead to one host
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visit", action="store_true", help="visit each link; needs a network")
    arguments = parser.parse_args()
    known = read() if LIST.exists() else {}
    links = {address: known.get(address, UNKNOWN) for address in on_pages()}
    failed = visit(links) if arguments.visit else {}
    write(links)
    print(f"{len(links)} links, {sum(date != UNKNOWN for date in links.values())} with a date")
    if failed:
        sys.exit("\n".join(f"{address}: {wrong}" for address, wrong in failed.items()))


if __name__ == "__main__":
    main()
