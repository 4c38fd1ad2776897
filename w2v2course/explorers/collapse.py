"""Type an alignment and watch it collapse, letter by letter (chapter `alignments`)."""

import html

from w2v2course.ctc.alignments import collapse
from w2v2course.explorers.page import Explorer

LONGEST = 40
FATES = {
    "kept": "new, written",
    "again": "the same letter, but ε came between: new, written",
    "merged": "the same as the frame before, merged",
    "dropped": "writes nothing",
}


def collapse_explorer(path: str) -> Explorer:
    """A field for a path, its frames as chips, and a slider that reads them one by one.

    Args:
        path: one symbol a frame, ε (or ``-``) for the blank; at most 40.

    Raises:
        TypeError, ValueError: not a string, empty, or longer.
    """
    if not isinstance(path, str):
        raise TypeError(f"path must be a string with one symbol a frame, but is a {type(path).__name__}")
    path = typed(path)
    if not 0 < len(path) <= LONGEST:
        raise ValueError(f"path must have 1 … {LONGEST} symbols, but has {len(path)}; spaces do not count")
    chips = "".join(
        f'<li data-fate="{fate}">{html.escape(symbol)}</li>' for symbol, fate in zip(path, fates(path), strict=True)
    )
    body = (
        '<label class="w2v2-bar"><span class="w2v2-name">Path</span>'
        f'<input type="text" name="path" maxlength="{LONGEST}" spellcheck="false" autocomplete="off" '
        f'autocapitalize="off" value="{html.escape(path)}"></label>'
        '<label class="w2v2-bar"><span class="w2v2-name">Frames read</span>'
        f'<input type="range" name="read" min="1" max="{len(path)}" value="{len(path)}">'
        f"<output>{len(path)}</output></label>"
        f'<ol class="w2v2-path" aria-hidden="true">{chips}</ol>'
    )
    return Explorer("collapse.js", "A path collapses to a text", {"fates": FATES}, body, said(path, len(path)))


def typed(text: str) -> str:
    """What a reader typed, as a path: hyphens are ε, spaces are nothing; `collapse.js` says the same."""
    return "".join(text.replace("-", "ε").split())


def fates(path: str) -> list[str]:
    """What becomes of each frame: a key of `FATES`; `collapse.js` says the same."""
    found, last = [], None
    for t, symbol in enumerate(path):
        if symbol == "ε":
            found.append("dropped")
        elif t and symbol == path[t - 1]:
            found.append("merged")
        else:
            found.append("again" if symbol == last else "kept")
            last = symbol
    return found


def said(path: str, read: int) -> str:
    """The state in words; `collapse.js` says the same."""
    text = "".join(collapse(path[:read], blank="ε"))
    fate = FATES[fates(path)[read - 1]]
    return f"Frame {read} of {len(path)}, {path[read - 1]}: {fate}. Text so far: {text or '(nothing)'}."
