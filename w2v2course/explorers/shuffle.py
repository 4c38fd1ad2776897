"""Shuffle frames, and weights and outputs follow (chapter `order`)."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import torch
from torch import Tensor

from w2v2course.explorers.page import Explorer, table
from w2v2course.lengths import check_floating


def shuffle_frames(attend: Callable[[Tensor], tuple[Tensor, Tensor]], frames: Tensor, names: list[str]) -> Explorer:
    """An explorer in which frames are swapped and a module's weights and outputs are seen to follow.

    Args:
        attend: maps (T, D) to context (T, E) and weights (T, T), such as the package's ``attention`` with projections.
        frames: (T, D), two to five frames; every order of them is computed here (T! forward passes).
        names: one short name a frame.

    Raises:
        TypeError: frames is not a floating tensor.
        ValueError: fewer than two or more than five frames, or not one name each.
    """
    check_floating(frames, "frames")
    T = len(frames)
    if frames.ndim != 2 or not 2 <= T <= 5 or len(names) != T:
        raise ValueError(
            f"frames must be two to five rows (T, D) with a name each, "
            f"but the shape is {tuple(frames.shape)} with {len(names)} names"
        )
    with torch.no_grad():
        straight, _ = attend(frames)
        states: dict[str, dict[str, Any]] = {}
        for order in permutations(range(T)):
            context, weights = attend(frames[list(order)])
            states["".join(map(str, order))] = {
                "weights": _rounded(weights, 2),
                "outputs": _rounded(context, 2),
                "change": _change(context, straight[list(order)]),
            }
    trace: dict[str, Any] = {"names": names, "states": states, "largest": round(float(straight.abs().max()), 4)}
    first = states["".join(map(str, range(T)))]
    channels = [f"channel {c + 1}" for c in range(straight.shape[1])]
    chips = "".join(
        f'<button type="button" data-place="{place}" aria-pressed="false">{name}</button>'
        for place, name in enumerate(names)
    )
    body = (
        '<div class="w2v2-bar"><span>Order:</span>' + chips + "</div>"
        '<div class="w2v2-bar"><button type="button" data-do="reverse">Reverse</button>'
        '<button type="button" data-do="rotate">Last to front</button>'
        '<button type="button" data-do="start">Back to the start</button></div>'
        '<div class="w2v2-panels">'
        + table("weights (a row looks at the columns)", first["weights"], names, names, 2, 1.0)
        + table("outputs", first["outputs"], names, channels, 2, trace["largest"])
        + "</div>"
    )
    return Explorer(
        "shuffle.js", "Shuffle frames: weights and outputs follow", trace, body, _said(names, first["change"])
    )


def _change(context: Tensor, straight: Tensor) -> str:
    """How much the frames' own outputs differ; rounding is said in words, since it differs between processors."""
    change = float((context - straight).abs().max() / straight.abs().max())
    return "none beyond rounding" if change < 1e-5 else f"{change:.0%}"


def _said(labels: list[str], change: str) -> str:
    """The state in words; `shuffle.js` says the same."""
    return (
        f"Order {' '.join(labels)}. Change in the frames' own outputs: {change}. "
        "Click two frames to swap them, or move one with the arrow keys."
    )


def _rounded(values: Tensor, digits: int) -> list[list[float]]:
    return [[round(v, digits) for v in row] for row in values.double().tolist()]
