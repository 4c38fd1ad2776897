"""Figures (all chapters): functions that draw a tensor and compute nothing, one style, one palette.

Every function takes what it draws first and ``ax`` last, and returns the axes, so that figures can be combined.
"""

from collections.abc import Iterable, Sequence
from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.patches import Rectangle
from torch import Tensor

# Okabe and Ito (2008): told apart with every common kind of colour blindness.
BLUE, ORANGE, GREEN, PINK, AMBER, SKY, BLACK = "#0072B2 #D55E00 #009E73 #CC79A7 #E69F00 #56B4E9 #000000".split()
PALETTE = (BLUE, ORANGE, GREEN, PINK, AMBER, SKY, BLACK)


def use_style() -> None:
    """Use the course's style for all figures that follow, at twice the pixels (crisp on a phone)."""
    plt.style.use(str(files("w2v2course") / "style.mplstyle"))
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return  # not in a notebook
    # Without the software's version in it, a figure that has not changed has the same bytes.
    set_matplotlib_formats("retina", metadata={"Software": None})


def matrix(
    values: Tensor,
    title: str = "",
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    row_title: str = "",
    column_title: str = "",
    digits: int | None = 2,
    limits: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """A matrix as coloured cells with its numbers in them.

    Args:
        values: (R, C). Of both signs: violet is positive, orange negative; else a stronger blue is larger. Cells with
            numbers keep to the paler half of the colours, so that black is read on all of them, and white on all of
            them where a dark page turns the figure over.
        title: what the figure says.
        rows, columns: labels of the cells' edges.
        row_title, column_title: what runs down and across.
        digits: decimals of the printed numbers; None prints none (large matrices).
        limits: values of the palest and the strongest colour; from the data if None.
        ax: axes to draw in; new ones if None.
    """
    ax = ax if ax is not None else plt.subplots()[1]
    cells = values.detach().float().cpu().numpy()
    low, high = limits if limits is not None else (float(cells.min()), float(cells.max()))
    signed = low < 0
    bound = max(abs(low), abs(high))
    low, high = (-bound, bound) if signed else (low, high)
    colors = plt.get_cmap("PuOr" if signed else "Blues")
    if digits is not None:
        colors = ListedColormap(colors(np.linspace(0.26, 0.74, 256) if signed else np.linspace(0, 0.52, 256)))
    ax.imshow(cells, cmap=colors, vmin=low, vmax=high, aspect="auto")
    for (r, c), value in np.ndenumerate(cells):
        if digits is None:
            break
        ax.text(c, r, f"{value:.{digits}f}".replace("-", "−"), ha="center", va="center", color="k")
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(title=title, xlabel=column_title, ylabel=row_title)
    return ax


def bars(
    values: Iterable[float],
    labels: Sequence[str],
    title: str = "",
    xlabel: str = "",
    digits: int = 2,
    unit: str = "",
    mark: float | None = None,
    mark_label: str = "",
    highlight: Sequence[int] = (),
    ax: Axes | None = None,
) -> Axes:
    """Lying bars, each with its label at the left and its number at the end.

    Args:
        values: one number a bar, drawn from the top.
        labels: one a bar.
        title: what the figure says.
        xlabel: what the numbers are.
        digits, unit: how the numbers are written, such as ``43.7 %``.
        mark, mark_label: a dashed line across the bars, with its meaning.
        highlight: which bars are drawn in the second colour.
        ax: axes to draw in; new ones if None.
    """
    ax = ax if ax is not None else plt.subplots(figsize=(5.8, 0.9 + 0.5 * len(labels)))[1]
    places, values = range(len(labels)), list(values)
    ax.barh(places, values, color=[ORANGE if place in highlight else BLUE for place in places], height=0.6)
    for place, value in zip(places, values, strict=True):
        ax.annotate(f"{value:.{digits}f}{unit}", (value, place), xytext=(4, 0), textcoords="offset points", va="center")
    if mark is not None:
        ax.axvline(mark, color="0.3", linestyle="--", linewidth=1.2)
        ax.annotate(
            mark_label,
            (mark, 0),
            xycoords=("data", "axes fraction"),
            xytext=(-4, 3),
            textcoords="offset points",
            ha="right",
            color="0.3",
            fontsize=10,
        )
    ax.set_yticks(places, labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)  # from the top; set, not inverted: axes may be shared
    ax.margins(x=0.15)
    ax.tick_params(axis="y", length=0)
    ax.set(title=title, xlabel=xlabel)
    return ax


def waveform(
    samples: Tensor,
    sample_rate: int = 16_000,
    title: str = "",
    frame: tuple[int, int] | None = None,
    colors: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """A waveform over seconds, optionally cut into equal frames.

    Args:
        samples: (N,).
        sample_rate: samples a second.
        title: what the figure says.
        frame: ``(length, hop)`` in samples: every frame is boxed, if given.
        colors: one colour a hop: each stretch of ``hop`` samples is drawn in its own, if given.
        ax: axes to draw in; new ones if None.
    """
    ax = ax if ax is not None else plt.subplots(figsize=(5.8, 2.0))[1]
    signal = samples.detach().float().cpu().numpy()
    seconds = np.arange(len(signal)) / sample_rate
    height = float(np.abs(signal).max()) * 1.1 or 1.0
    if frame is None or colors is None:
        ax.plot(seconds, signal, color=BLUE, linewidth=0.6)
    if frame is not None:
        length, hop = frame
        for number, start in enumerate(range(0, len(signal) - length + 1, hop)):
            if colors is not None:
                piece = slice(start, start + hop)
                ax.plot(seconds[piece], signal[piece], color=colors[number % len(colors)], linewidth=0.6)
            else:
                ax.add_patch(
                    Rectangle(
                        (start / sample_rate, -height),
                        length / sample_rate,
                        2 * height,
                        fill=False,
                        edgecolor="0.6",
                        linewidth=0.8,
                    )
                )
    ax.set(title=title, xlabel="seconds", ylim=(-height, height), xlim=(0, max(seconds[-1], 1 / sample_rate)))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    return ax


def lines(
    curves: dict[str, tuple[Sequence[float], Sequence[float]]],
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Curves with their names.

    Args:
        curves: name to ``(x, y)``.
        title: what the figure says.
        xlabel, ylabel: what the axes are, with units.
        ax: axes to draw in; new ones if None.
    """
    ax = ax if ax is not None else plt.subplots()[1]
    for name, (x, y) in curves.items():
        ax.plot(x, y, label=name)
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    if len(curves) > 1:
        ax.legend()
    return ax


def stack(
    boxes: Sequence[tuple[str, str]], title: str = "", highlight: Sequence[int] = (), ax: Axes | None = None
) -> Axes:
    """Boxes from top to bottom with what flows between them, such as the parts of a network.

    Args:
        boxes: name of each part, and what comes out of it.
        title: what the figure says.
        highlight: which boxes are drawn in the second colour.
        ax: axes to draw in; new ones if None.
    """
    ax = ax if ax is not None else plt.subplots(figsize=(5.8, 0.3 + 0.62 * len(boxes)))[1]
    for place, (name, out) in enumerate(boxes):
        color = ORANGE if place in highlight else BLUE
        ax.add_patch(Rectangle((0, place), 1, 0.62, facecolor=color, alpha=0.18, edgecolor=color, linewidth=1.2))
        ax.text(0.5, place + 0.31, name, ha="center", va="center")
        ax.text(1.04, place + 0.31, out, ha="left", va="center", color="0.3")
        if place + 1 < len(boxes):
            ax.annotate("", (0.5, place + 1), (0.5, place + 0.62), arrowprops={"arrowstyle": "->", "color": "0.4"})
    ax.set(title=title, xlim=(-0.02, 1.75), ylim=(len(boxes) - 0.3, -0.1))
    ax.axis("off")
    return ax
