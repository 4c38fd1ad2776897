"""`Frames`: one figure over one parameter, as a live widget where there is a kernel and as drawn frames on a page."""

import base64
import html
import io
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from w2v2course.explorers.page import Explorer


class Frames:
    """A slider over figures: one object, two views.

    In Jupyter and Colab it is a live widget that draws any value on demand. In a built page, or without a kernel, it is
    a range input over frames drawn beforehand.

    Args:
        draw: ``draw(figure, value)`` fills a matplotlib figure.
        name: what the slider sets.
        values: what it can be set to; each is one drawn frame.
        describe: ``describe(value)``, the figure in words: its alternative text.
        start: index of the first value shown.
        figsize: inches.

    Raises:
        ValueError: there are no values, or ``start`` is not an index of them.
    """

    def __init__(
        self,
        draw: Callable[[Figure, object], None],
        name: str,
        values: Sequence,
        describe: Callable[[object], str],
        start: int = 0,
        figsize: tuple[float, float] = (5.8, 3.0),
    ):
        self.values = list(values)
        if not 0 <= start < len(self.values):
            raise ValueError(f"start must be an index of the {len(self.values)} values, but is {start}")
        self.draw, self.name, self.describe, self.start, self.figsize = draw, name, describe, start, figsize

    def __repr__(self) -> str:
        return f"{self.name}: {len(self.values)} figures. {self.describe(self.values[self.start])}"

    def png(self, value: object) -> bytes:
        """One frame, with a palette of 64 colours: a quarter of the bytes."""
        figure = plt.figure(figsize=self.figsize, dpi=140)
        self.draw(figure, value)
        raw, small = io.BytesIO(), io.BytesIO()
        figure.savefig(raw, format="png", metadata={"Software": None})
        plt.close(figure)
        Image.open(raw).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(small, format="png", optimize=True)
        return small.getvalue()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict:
        bundle = {"text/plain": repr(self), "text/html": self._html()}
        try:
            self._widget = self._live()  # kept: the kernel must own it while the page shows it
        except ImportError:
            return bundle
        view = {"version_major": 2, "version_minor": 0, "model_id": self._widget.model_id}
        return bundle | {"application/vnd.jupyter.widget-view+json": view}

    def _html(self) -> str:
        labels = [f"{v:g}" if isinstance(v, int | float) else str(v) for v in self.values]
        described = [self.describe(v) for v in self.values]
        images = ["data:image/png;base64," + base64.b64encode(self.png(v)).decode() for v in self.values]
        name = html.escape(self.name)
        body = (
            f"<label>{name} = <output>{html.escape(labels[self.start])}</output><br>"
            f'<input type="range" min="0" max="{len(images) - 1}" value="{self.start}" aria-label="{name}" '
            f'style="width:100%;max-width:28em"></label>'
            f'<div><img class="w2v2-figure" style="max-width:100%" '
            f'alt="{html.escape(described[self.start], quote=True)}" src="{images[self.start]}"></div>'
        )
        trace = {"images": images, "labels": labels, "described": described}
        return Explorer("frames.js", self.name, trace, body, described[self.start])._repr_html_()

    def _live(self) -> Any:
        import ipywidgets

        start = self.values[self.start]
        image = ipywidgets.Image(format="png", value=self.png(start), layout=ipywidgets.Layout(max_width="100%"))
        slider = ipywidgets.SelectionSlider(options=self.values, value=start, description=self.name)
        text = ipywidgets.Label(self.describe(start))

        def move(change: dict[str, Any]) -> None:
            image.value = self.png(change["new"])
            text.value = self.describe(change["new"])

        slider.observe(move, "value")
        return ipywidgets.VBox([slider, image, text])
