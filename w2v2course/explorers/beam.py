"""Step the beam: bars of two masses, merges shown (chapter `decoding`)."""

import html
import math
from collections import defaultdict
from collections.abc import Sequence

from torch import Tensor

from w2v2course.ctc.arguments import check_log_probs
from w2v2course.ctc.enumeration import exhaustive_decode
from w2v2course.ctc.prefix_search import Mass, Prefix, extend, rounded
from w2v2course.explorers.page import Explorer

NOTHING = "∅"


def beam_explorer(log_probs: Tensor, symbols: str, widths: Sequence[int] = (1, 2, 3)) -> Explorer:
    """A prefix search over a few frames, frame by frame, in several widths.

    A row is a prefix; each segment of its bar is one way to come to it, a merge has several; blue segments end in ε,
    orange ones in a letter. What the beam drops is pale.

    Args:
        log_probs: (T, C), natural log-probabilities; T at most 6, C at most 4.
        symbols: C characters, the class names; one of them ε.
        widths: beam widths to choose from; the first one shown is the second, if there are two.

    Raises:
        TypeError, ValueError: not of these shapes, or a width that is no integer of at least 1.
    """
    if "ε" not in symbols:
        raise ValueError(f"symbols must hold ε, the blank, but are {symbols!r}")
    blank = symbols.index("ε")
    check_log_probs(log_probs, blank, "(T, C)")
    T, C = log_probs.shape
    if not 1 <= T <= 6 or C > 4 or C != len(symbols):
        raise ValueError(
            f"log_probs must have 1 to 6 frames and a class for each of {symbols!r}, at most 4, but their shape is "
            f"{tuple(log_probs.shape)}"
        )
    if not widths or any(not isinstance(width, int) or width < 1 for width in widths):
        raise ValueError(f"widths must be integers of at least 1, one or more, but are {widths!r}")
    exact = {answer.labels: math.exp(answer.log_prob) for answer in exhaustive_decode(log_probs, blank)}
    rows = log_probs.double().tolist()
    trace = {"widths": {str(width): _steps(rows, symbols, blank, width, exact) for width in widths}}
    width = widths[min(1, len(widths) - 1)]
    first = trace["widths"][str(width)][0]
    choices = "".join(
        f'<button type="button" data-width="{w}" aria-pressed="{str(w == width).lower()}">{w}</button>' for w in widths
    )
    items = "".join(_item(row) for row in first["rows"])
    body = (
        f'<div class="w2v2-bar"><span class="w2v2-name">Width</span>{choices}</div>'
        '<div class="w2v2-bar"><button type="button" data-step="-1" disabled>Back</button>'
        f'<button type="button" data-step="1">Next frame</button><output>after 1 of {T} frames</output></div>'
        '<p class="w2v2-key"><span class="w2v2-ends-blank"></span> ends in ε '
        f'<span class="w2v2-ends-label"></span> ends in a letter</p><ol class="w2v2-beam">{items}</ol>'
    )
    return Explorer("beam.js", f"A beam over {T} frames, step by step", trace, body, first["words"])


def said(width: int, t: int, T: int, rows: list[dict], answer: float | None) -> str:
    """One step in words; ``answer`` is the exact probability of the best prefix, after the last frame only."""
    kept = [f"{row['name']} {row['total']}" for row in rows if row["kept"]]
    dropped = [row["name"] for row in rows if not row["kept"]]
    merged = [row["name"] for row in rows if len(row["ways"]) > 1]
    words = f"Width {width}, after {t + 1} of {T} frames: kept {', '.join(kept)}"
    words += f"; dropped {', '.join(dropped)}. " if dropped else "; nothing dropped. "
    words += f"Merged from several ways: {', '.join(merged)}." if merged else "Nothing merged."
    if answer is not None:
        words += f" Read out: {rows[0]['name']}, exactly {answer:.3f}."
    return words


def _steps(
    log_probs: list[list[float]], symbols: str, blank: int, width: int, exact: dict[Prefix, float]
) -> list[dict]:
    labels = [c for c in range(len(symbols)) if c != blank]
    beam: dict[Prefix, Mass] = {(): Mass(blank=0.0, best_blank=(0.0, ()))}
    steps = []
    for t, emission in enumerate(log_probs):
        candidates: dict[Prefix, Mass] = defaultdict(Mass)
        ways: dict[Prefix, list[tuple[str, float, str]]] = defaultdict(list)
        for prefix, mass in beam.items():
            extend(candidates, prefix, mass, emission, labels, blank, t)
            alone: dict[Prefix, Mass] = defaultdict(Mass)  # what this prefix by itself gives to each candidate
            extend(alone, prefix, mass, emission, labels, blank, t)
            for candidate, part in alone.items():
                if candidate == prefix:
                    letter = symbols[prefix[-1]] if prefix else ""
                    found = [("blank", part.blank, "ε"), ("label", part.label, f"{letter} again")]
                else:
                    said_before = "".join(symbols[c] for c in prefix) or NOTHING
                    found = [("label", part.label, f"{said_before} + {symbols[candidate[-1]]}")]
                ways[candidate] += [way for way in found if way[1] > -math.inf]
        possible = [prefix for prefix, mass in candidates.items() if mass.total > -math.inf]
        order = sorted(possible, key=lambda prefix: (-rounded(candidates[prefix].total), prefix))
        beam = {prefix: candidates[prefix] for prefix in order[:width]}
        largest = max((mass.total for mass in beam.values()), default=0.0)
        rows = [
            {
                "name": "".join(symbols[c] for c in prefix) or NOTHING,
                "total": f"{math.exp(candidates[prefix].total):.3f}",
                "kept": prefix in beam,
                "ways": [
                    [kind, round(100 * math.exp(part - largest), 1), f"{name} {math.exp(part):.3f}"]
                    for kind, part, name in sorted(ways[prefix])
                ],
            }
            for prefix in order
        ]
        last = t + 1 == len(log_probs) and bool(order)
        steps.append({"rows": rows, "words": said(width, t, len(log_probs), rows, exact[order[0]] if last else None)})
    return steps


def _item(row: dict) -> str:
    """A row as HTML; `beam.js` makes the same."""
    segments = "".join(f'<span class="w2v2-ends-{kind}" style="width:{size}%"></span>' for kind, size, _ in row["ways"])
    ways = html.escape(" · ".join(name for *_, name in row["ways"]))
    state = "kept" if row["kept"] else "dropped"
    return (
        f'<li class="w2v2-{state}"><b>{html.escape(row["name"])}</b><span class="w2v2-mass">{segments}</span>'
        f"<small>{row['total']} {state} = {ways}</small></li>"
    )
