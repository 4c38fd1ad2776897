"""How a check's result is shown: a card in a notebook, lines of text elsewhere."""

import re
from dataclasses import dataclass
from html import escape

# Text keeps the page's own colour and the ground lets it shine through, so that light and dark both work.
COLOURS = {"passed": "26, 127, 55", "failed": "207, 34, 46", "not attempted": "110, 119, 129"}
SIGNS = {"passed": "✓", "failed": "✗", "not attempted": "○"}


@dataclass(frozen=True)
class Result:
    """What `check` found.

    Attributes:
        function: the exercise.
        status: "passed", "failed" or "not attempted".
        lines: what there is to say, the most important line first.
        progress: how far the notebook is.
        advised: the first line is a named mistake's message, in which ``*…*`` and backticks mean something.
    """

    function: str
    status: str
    lines: tuple[str, ...]
    progress: str = ""
    advised: bool = False

    @property
    def passed(self) -> bool:
        return self.status == "passed"

    def __repr__(self) -> str:
        first, *rest = self.lines
        first = re.sub(r"\*([^*]+)\*", r"\1", first) if self.advised else first
        lines = [f"{SIGNS[self.status]} {self.function}: {first}", *rest, self.progress]
        return "\n  ".join(line for line in lines if line)

    def _repr_html_(self) -> str:
        colour = COLOURS[self.status]
        first, *rest = (escape(line) for line in self.lines)
        if self.advised:
            first = re.sub(r"\*([^*]+)\*", r"<em>\1</em>", re.sub(r"`([^`]+)`", r"<code>\1</code>", first))
        paragraphs = [f"<strong>{SIGNS[self.status]} <code>{escape(self.function)}</code>:</strong> {first}", *rest]
        if self.progress:
            paragraphs.append(f"<small>{escape(self.progress)}</small>")
        body = "".join(f'<p style="margin:.25em 0">{paragraph}</p>' for paragraph in paragraphs)
        return (
            f'<div class="w2v2-check" style="border-left:6px solid rgb({colour});background:rgba({colour},.1);'
            f'padding:.4em .9em;border-radius:4px;overflow-wrap:anywhere">{body}</div>'
        )
