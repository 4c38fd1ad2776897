"""Click through the trellis: what flowed in, what can still flow out, their product's share, the paths lit
(chapters `trellis` and `learning`)."""

import html

import torch
from torch import Tensor

from w2v2course.ctc.alignments import expand, successors
from w2v2course.ctc.arguments import check_log_probs
from w2v2course.ctc.table import backward_table, forward_table, occupancy
from w2v2course.explorers.page import Explorer

SHOWN = ("in-flow", "share")


def trellis_explorer(log_probs: Tensor, target: str, symbols: str, show: str = "share") -> Explorer:
    """The table of a short target over a few frames, every cell a button.

    Args:
        log_probs: (T, C), natural log-probabilities; T at most 8.
        target: one to four letters among the symbols.
        symbols: C characters, the class names; one of them ε.
        show: what the cells hold: "in-flow" (α) or "share" (the occupancy).

    Raises:
        TypeError, ValueError: not of these shapes, a target that is not as said or cannot be said in T frames.
    """
    if show not in SHOWN:
        raise ValueError(f"show must be one of {', '.join(SHOWN)}, but is {show!r}")
    if "ε" not in symbols:
        raise ValueError(f"symbols must hold ε, the blank, but are {symbols!r}")
    blank = symbols.index("ε")
    check_log_probs(log_probs, blank, "(T, C)")
    T, C = log_probs.shape
    if T > 8 or C != len(symbols) or not 0 < len(target) <= 4 or not set(target) <= set(symbols):
        raise ValueError(
            f"log_probs must have at most 8 frames and a class for each of {symbols!r}, and target one to four of "
            f"them, but their shape is {tuple(log_probs.shape)} and target is {target!r}"
        )
    labels = [symbols.index(letter) for letter in target]
    states = expand(labels, blank)
    tables = [f(log_probs.double(), labels, blank) for f in (forward_table, backward_table, occupancy)]
    if not tables[2].any():
        raise ValueError(f"{T} frames cannot say {target!r}; take more frames")
    inflow, outflow, share = tables[0].exp(), tables[1].exp(), tables[2]
    paths = _paths_through(states, T)
    cells = [
        {
            "words": said(symbols[states[s]], t, s, inflow[t, s], outflow[t, s], share[t, s], paths[t][s]),
            "lit": "".join(str(int(lit)) for lit in _lit(states, T, t, s)),
        }
        for t in range(T)
        for s in range(len(states))
    ]
    values = inflow if show == "in-flow" else share
    trace = {"states": len(states), "frames": T, "cells": cells}
    head = "".join(f'<th scope="col">{t}</th>' for t in range(T))
    body = "".join(
        f'<tr><th scope="row">{html.escape(symbols[state])}</th>'
        + "".join(
            f'<td style="--v:{float(values[t, s] / values.max()):.3f}"><button type="button" aria-pressed="false" '
            f'aria-label="frame {t}, state {s}">{float(values[t, s]):.2f}</button></td>'
            for t in range(T)
        )
        + "</tr>"
        for s, state in enumerate(states)
    )
    name = {"in-flow": "In-flow α", "share": "Share: in-flow × out-flow, over their sum"}[show]
    table = (
        f'<div class="w2v2-trellis"><table class="w2v2-grid"><caption>{name}</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    first = "Click a cell, or walk with the arrow keys."
    return Explorer("trellis.js", f"The trellis of {target} over {T} frames", trace, table, first)


def said(symbol: str, t: int, s: int, inflow: Tensor, outflow: Tensor, share: Tensor, paths: int) -> str:
    """One cell in words."""
    place = f"Frame {t}, state {s} ({symbol})"
    if not paths:
        return f"{place}: no path through here says the target in time."
    return (
        f"{place}: {paths} {'path' if paths == 1 else 'paths'} through here. In-flow {float(inflow):.4f} × out-flow "
        f"{float(outflow):.4f} = {float(inflow * outflow):.5f}, {100 * float(share):.1f} % of the whole."
    )


def _paths_through(states: tuple[int, ...], T: int) -> list[list[int]]:
    """How many complete paths pass each cell."""
    L = len(states)
    begun = [[int(s < 2) for s in range(L)]]
    for _ in range(T - 1):
        row = [0] * L
        for s, count in enumerate(begun[-1]):
            for way in successors(states, s):
                row[way] += count
        begun.append(row)
    ended = [[int(s >= L - 2) for s in range(L)]]
    for _ in range(T - 1):
        ended.insert(0, [sum(ended[0][way] for way in successors(states, s)) for s in range(L)])
    return [[a * b for a, b in zip(*rows, strict=True)] for rows in zip(begun, ended, strict=True)]


def _lit(states: tuple[int, ...], T: int, t: int, s: int) -> list[bool]:
    """Which cells, frame by frame, lie on a complete path through cell (t, s)."""
    L = len(states)
    complete = torch.tensor(_paths_through(states, T)) > 0
    lit = torch.zeros(T, L, dtype=torch.bool)
    lit[t, s] = complete[t, s]
    for u in range(t + 1, T):
        for before in lit[u - 1].nonzero()[:, 0].tolist():
            lit[u, successors(states, before)] = True
        lit[u] &= complete[u]
    for u in range(t - 1, -1, -1):
        for before in range(L):
            lit[u, before] = bool(lit[u + 1, successors(states, before)].any())
        lit[u] &= complete[u]
    return lit.flatten().tolist()
