"""Clocks of different speed: a position, an offset, and the dot product (chapter `clocks`)."""

import math

import torch

from w2v2course.explorers.page import Explorer, written
from w2v2course.positions import sinusoids

REACH = 30  # the largest offset
RADIUS = 20.0  # of a clock's hand in the drawing


def show_clocks(frames: int = 100, dim: int = 16, start: int = 10, offset: int = 3) -> Explorer:
    """An explorer that turns the clocks of two positions, ``offset`` apart, and says their dot product.

    Args:
        frames: positions that can be chosen are 0 … frames − 1, for both.
        dim: D, two channels a clock; at most 24.
        start, offset: what is shown first.

    Raises:
        ValueError: a first position or its offset one out of range, an odd dim, one above 24.
    """
    if dim > 24:
        raise ValueError(f"dim must be at most 24, so that twelve clocks fit, but is {dim}")
    if not (0 <= start < frames and 0 <= start + offset < frames and abs(offset) <= REACH):
        raise ValueError(
            f"start and start + offset must lie in 0 … {frames - 1} and offset within ±{REACH}, "
            f"but start is {start} and offset {offset}"
        )
    codes = sinusoids(frames, dim, dtype=torch.float64)
    dots = codes @ codes.T
    middle = min(REACH, frames - 1)
    longer = sinusoids(2 * middle + 1, dim, dtype=torch.float64)
    speed = [10_000.0 ** (-i / dim) for i in range(0, dim, 2)]
    trace = {
        "frames": frames,
        "reach": middle,
        "radius": RADIUS,
        "codes": [[round(v, 3) for v in row] for row in codes.tolist()],
        # By offset −middle … middle: the dot product, and how far each clock turns.
        "dots": [written(v, 2) for v in (longer @ longer[middle]).tolist()],
        "turns": [[_degrees(k * s) for s in speed] for k in range(-middle, middle + 1)],
        "largest": written(dim / 2, 0),
    }
    assert torch.allclose(dots[start, start + offset], (longer @ longer[middle])[middle + offset])
    faces = "".join(_face(codes[start].tolist(), codes[start + offset].tolist(), i) for i in range(dim // 2))
    body = (
        _slider("position", "Position", 0, frames - 1, start)
        + _slider("offset", "Offset", -middle, middle, offset)
        + f'<div class="w2v2-clocks">{faces}</div>'
    )
    return Explorer("clocks.js", "Clocks of two positions", trace, body, said(trace, start, offset))


def said(trace: dict, position: int, offset: int) -> str:
    """The state in words; `clocks.js` says the same."""
    place = offset + trace["reach"]
    return (
        f"Positions {position} and {position + offset}: the clocks differ by {', '.join(trace['turns'][place][:4])} … "
        f"Dot product {trace['dots'][place]} of at most {trace['largest']}."
    )


def _slider(name: str, label: str, low: int, high: int, value: int) -> str:
    return (
        f'<label class="w2v2-bar"><span class="w2v2-name">{label}</span>'
        f'<input type="range" name="{name}" min="{low}" max="{high}" value="{value}">'
        f"<output>{written(value, 0)}</output></label>"
    )


def _face(one: list[float], other: list[float], i: int) -> str:
    """A clock: the hand of the position (thick) and of the one an offset later (thin); twelve o'clock is angle 0."""
    hands = "".join(
        f'<line class="{kind}" x1="0" y1="0" x2="{RADIUS * code[2 * i]:.2f}" y2="{-RADIUS * code[2 * i + 1]:.2f}"/>'
        for kind, code in (("w2v2-here", one), ("w2v2-there", other))
    )
    return f'<svg viewBox="-25 -25 50 50" aria-hidden="true"><circle r="23"/>{hands}</svg>'


def _degrees(angle: float) -> str:
    """An angle as the shorter way round, in whole degrees."""
    turned = math.degrees(angle) % 360
    return written(turned - 360 if turned > 180 else turned, 0) + "°"
