"""The ground of every explorable figure: Python's trace, the first state as HTML, and a small script for the rest.

What is shown works from a file, in Jupyter and in Colab, with no kernel and no network; without JavaScript the first
state stays readable. Cells of all explorers share one style (`page.css`) and one helper (`page.js`); what only one of
them needs lies beside its script, in a style sheet of the same name.
"""

import hashlib
import html
import json
from functools import cache
from importlib.resources import files


class Explorer:
    """An explorable figure.

    Args:
        script: file in this folder that draws it, such as ``"shuffle.js"``.
        label: what it is, for screen readers.
        trace: every number that the script may show, computed by the package; plain lists, strings and numbers.
        body: the first state, as HTML.
        text: the first state in words; the script keeps it up to date, and screen readers hear it.
    """

    def __init__(self, script: str, label: str, trace: dict, body: str, text: str):
        self.script, self.label, self.trace, self.body, self.text = script, label, trace, body, text

    def __repr__(self) -> str:
        return f"{self.label}: {self.text}"

    def _repr_html_(self) -> str:
        trace = json.dumps(self.trace, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        name = f"{self.script.removesuffix('.js')}-{hashlib.sha256((trace + self.body).encode()).hexdigest()[:8]}"
        style = f"{self.script.removesuffix('.js')}.css"
        own = _shipped(style) if (files(__package__) / style).is_file() else ""
        script = f"(function(){{const NAME={json.dumps(name)};{_shipped('page.js')}{_shipped(self.script)}}})();"
        return (
            f'<div class="w2v2-explorer" data-explorer="{name}" role="group" aria-label="{html.escape(self.label)}">'
            f"<style>{_shipped('page.css')}{own}</style>{self.body}"
            f'<p class="w2v2-say" aria-live="polite">{html.escape(self.text)}</p>'
            f'<script type="application/json">{trace}</script><script>{script}</script></div>'
        )


def table(
    label: str, values: list[list[float]], rows: list[str], columns: list[str], digits: int, largest: float
) -> str:
    """A grid of shaded numbers that scripts can refill.

    Args:
        label: the caption, which also names the grid for the scripts (its first word).
        values: numbers, row by row.
        rows, columns: headings.
        digits: decimals.
        largest: the absolute value with the fullest shade.
    """
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
    body = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th>'
        + "".join(f'<td style="--v:{abs(v) / largest:.3f}">{written(v, digits)}</td>' for v in line)
        + "</tr>"
        for name, line in zip(rows, values, strict=True)
    )
    return (
        f'<table class="w2v2-grid" data-grid="{label.split()[0]}"><caption>{html.escape(label)}</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def written(value: float, digits: int) -> str:
    """A number as explorers write it: fixed decimals, a true minus sign, no minus before zero (`page.js` agrees)."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


@cache
def _shipped(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")
