"""A kernel slides over frames: products, their sum, and the zeros past both ends (chapter `neighbours`)."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from w2v2course.explorers.page import Explorer, table, written
from w2v2course.lengths import check_floating


def slide_kernel(frames: Tensor, kernel: Tensor, start: int = 0) -> Explorer:
    """An explorer in which a kernel is moved over frames; each place's products and their sum are shown.

    Args:
        frames: (T,), one number a frame, at most 10.
        kernel: (K,), an odd number of taps, at most 5; the middle one meets the frame itself.
        start: the frame shown first.

    Raises:
        TypeError, ValueError: not of these shapes, or no such frame.
    """
    check_floating(frames, "frames")
    check_floating(kernel, "kernel")
    if frames.ndim != 1 or kernel.ndim != 1 or len(kernel) % 2 == 0 or len(frames) > 10 or len(kernel) > 5:
        raise ValueError(
            "frames must be (T,) with T at most 10 and kernel (K,) with K odd and at most 5, "
            f"but their shapes are {tuple(frames.shape)} and {tuple(kernel.shape)}"
        )
    T, reach = len(frames), len(kernel) // 2
    if not 0 <= start < T:
        raise ValueError(f"start must be a frame, 0 … {T - 1}, but is {start}")
    padded = F.pad(frames, (reach, reach))
    sums = F.conv1d(padded[None, None], kernel[None, None])[0, 0]  # (T,)
    rows = []
    for t in range(T):
        placed = torch.zeros_like(padded)
        placed[t : t + len(kernel)] = kernel
        rows.append([placed.tolist(), (placed * padded).tolist()])
    trace: dict[str, Any] = {
        "padded": padded.tolist(),
        "rows": rows,
        "sums": sums.tolist(),
        "reach": reach,
        "taps": len(kernel),
        "largest": [float(padded.abs().max()), float(kernel.abs().max()), float((padded.abs().max() * kernel).max())],
        "columns": ["pad"] * reach + [str(t) for t in range(T)] + ["pad"] * reach,
    }
    grids = (
        table("frames with a zero past each end", [trace["padded"]], [""], trace["columns"], 1, trace["largest"][0]),
        table("kernel", [rows[start][0]], [""], trace["columns"], 1, trace["largest"][1]),
        table("products", [rows[start][1]], [""], trace["columns"], 1, trace["largest"][2]),
    )
    body = (
        '<label class="w2v2-bar"><span class="w2v2-name">Frame</span>'
        f'<input type="range" name="frame" min="0" max="{T - 1}" value="{start}"><output>{start}</output></label>'
        f'<div class="w2v2-narrow">{"".join(_marked(grid, start, len(kernel)) for grid in grids)}</div>'
    )
    return Explorer("kernel.js", "A kernel slides over frames", trace, body, said(trace, start))


def _marked(grid: str, first: int, taps: int) -> str:
    """A grid with a frame around the cells that the kernel covers; `kernel.js` moves it."""
    head, *cells = grid.split("<td style=")
    lit = range(first, first + taps)
    return head + "".join(f"<td{' class=w2v2-lit' * (n in lit)} style={cell}" for n, cell in enumerate(cells))


def said(trace: dict, frame: int) -> str:
    """The state in words; `kernel.js` says the same."""
    reach, products = trace["reach"], trace["rows"][frame][1]
    terms = " + ".join(
        f"({written(value, 1)})" if round(value, 1) < 0 else written(value, 1)
        for value in products[frame : frame + trace["taps"]]
    )
    last = len(trace["sums"]) - 1
    edge = " One tap meets a zero that nobody spoke." if frame < reach or frame > last - reach else ""
    return f"Frame {frame}: {terms} = {written(trace['sums'][frame], 1)}.{edge}"
