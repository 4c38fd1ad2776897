import functools
import http.server
import threading

import pytest

from tests.book.pages import HTML, PRINTED, Visit
from tools.browser import FLAGS, chromium


@pytest.fixture(scope="session")
def html():
    """The built book."""
    if not (HTML / "index.html").exists():
        pytest.fail("the book is not built: run 'make book' first")
    return HTML


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """A page that was closed while it loaded is no news."""


@pytest.fixture(scope="session")
def bases(html):
    """Where the book can be opened: from a file, and served on this machine."""
    handler = functools.partial(_Quiet, directory=str(html))
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"file": f"{html.as_uri()}/", "served": f"http://127.0.0.1:{server.server_port}/"}
    server.shutdown()


@pytest.fixture
def visit(browser, bases):
    """`visit(path, how, width, scheme, script)` opens a page in a fresh browser profile, other hosts blocked."""
    contexts = []

    def opened(path, how="file", width=1280, scheme="light", script=True):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script
        )
        contexts.append(context)
        return Visit(context.new_page(), bases[how], script).open(path)

    yield opened
    for context in contexts:
        context.close()


def pytest_terminal_summary(terminalreporter):
    """Tables that tests hand over, printed once, whichever process measured them."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, text in report.user_properties:
                if name == PRINTED and report.when == "call":
                    terminalreporter.write_line(f"\n{text}")
