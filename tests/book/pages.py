"""What the tests of built pages share: where they are, which there are, and a browser that lets nothing out."""

from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent.parent
HTML = ROOT / "book" / "_build" / "html"
PRINTED = "printed"  # the property of a test whose text stands in the summary of the run


def in_contents() -> list[str]:
    """Every page of `_toc.yml`, as a path below the built book."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    files = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    return [f"{file}.html" for file in [contents["root"], *files]]


@dataclass
class Visit:
    """A loaded page and what went wrong while it loaded."""

    page: object
    base: str
    script: bool = True
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.page.route("**/*", self._route)
        self.page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("response", lambda r: r.status >= 400 and self.errors.append(f"{r.status} {r.url}"))
        self.page.on("requestfailed", lambda r: self.errors.append(f"failed: {r.url}"))

    def _route(self, route):
        url = route.request.url
        if url.startswith((self.base, "data:", "blob:")):
            route.continue_()
        else:
            self.outside.append(url)
            route.abort()

    def open(self, path: str) -> "Visit":
        self.page.goto(self.base + path, wait_until="load")
        # MathJax is loaded after the page; where there is mathematics, wait until it is set.
        if self.script and self.page.locator(".math").count():
            self.page.wait_for_function("() => window.MathJax?.startup?.promise?.then(() => true)", timeout=20_000)
        return self
