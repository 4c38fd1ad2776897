"""`Lab`: change a size or a scheme and run again; live where there is a kernel, the first result on a page."""

import html
from collections.abc import Callable, Mapping, Sequence


class Lab:
    """An experiment with a few things to choose: one object, two views.

    In Jupyter and Colab it is a form with a button that runs the experiment on what was chosen. In a built page, or
    without a kernel, it is the result of the first choices, and a sentence that says what the form would do.

    Args:
        run: ``run(**chosen)`` gives the result: words, or measurements by name.
        choices: name of each of ``run``'s arguments to the values it may be given; the first of each runs at once.
        does: what pressing the button does, such as "train another listener"; it completes "to …".
        takes: how long one run may take, in words, such as "half a minute"; empty: no time to speak of.
        bands: rising limits. The form gives measurements as they are; a page says only between which limits one
            lies, because it must say the same on any processor. Words must hold anywhere as they stand.
        unit: what is written behind a measurement, such as " % wrong".

    Raises:
        TypeError: ``run`` cannot be called.
        ValueError: there is nothing to choose.
    """

    def __init__(
        self,
        run: Callable[..., str | Mapping[str, float]],
        choices: Mapping[str, Sequence],
        does: str,
        takes: str = "",
        bands: Sequence[float] = (),
        unit: str = "",
    ):
        if not callable(run):
            raise TypeError(f"run must be a function of the choices, but is a {type(run).__name__}")
        if not choices or not all(len(values) for values in choices.values()):
            raise ValueError(f"choices must give every name at least one value, but are {dict(choices)!r}")
        self.run, self.does, self.takes, self.bands, self.unit = run, does, takes, bands, unit
        self.choices = {name: list(values) for name, values in choices.items()}
        self.first = {name: values[0] for name, values in self.choices.items()}
        self.found = run(**self.first)

    def __repr__(self) -> str:
        return f"{_chosen(self.first)}\n{self.words(self.found, self.bands)}"

    def words(self, found: str | Mapping[str, float], bands: Sequence[float] = ()) -> str:
        """A result as it is shown: words as they are, a measurement with one decimal or as the band it lies in."""
        if isinstance(found, str):
            return found
        return "\n".join(f"{name}: {_band(value, bands)}{self.unit}" for name, value in found.items())

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        bundle = {"text/plain": repr(self), "text/html": self._html()}
        try:
            self._widget = self._live()  # kept: the kernel must own it while the page shows it
        except ImportError:
            return bundle
        view = {"version_major": 2, "version_minor": 0, "model_id": self._widget.model_id}
        return bundle | {"application/vnd.jupyter.widget-view+json": view}

    def invitation(self) -> str:
        """What the form would do and where it is to be had, for readers of the page."""
        values = "; ".join(f"{name}: {', '.join(map(_word, values))}" for name, values in self.choices.items())
        takes = f" ({self.takes})" if self.takes else ""
        return f"Open this chapter as a notebook, in Jupyter or Colab, to {self.does}{takes}. To choose: {values}."

    def _html(self) -> str:
        return (
            '<div class="w2v2-lab" role="group" aria-label="Lab">'
            f"<p><strong>{html.escape(_chosen(self.first))}</strong></p>"
            f"<pre>{html.escape(self.words(self.found, self.bands))}</pre>"
            f"<p><small>{html.escape(self.invitation())}</small></p></div>"
        )

    def _live(self):
        import ipywidgets

        wide = ipywidgets.Layout(max_width="100%")
        fields = {
            name: ipywidgets.Dropdown(
                options=[(_word(value), value) for value in values],
                value=values[0],
                description=name,
                style={"description_width": "initial"},
                layout=wide,
            )
            for name, values in self.choices.items()
        }
        button = ipywidgets.Button(description="Run", tooltip=self.does, button_style="primary")
        shown = ipywidgets.HTML(_said(self.first, self.words(self.found)), layout=wide)

        def go(_):
            chosen = {name: field.value for name, field in fields.items()}
            button.disabled, button.description = True, "Running …"
            try:
                # The newest result stands on top, older ones stay for comparison.
                shown.value = _said(chosen, self.words(self.run(**chosen))) + shown.value
            except Exception as error:  # a reader's own function may fail: say how, and keep the form alive
                shown.value = _said(chosen, f"{type(error).__name__}: {error}") + shown.value
            finally:
                button.disabled, button.description = False, "Run"

        button.on_click(go)
        return ipywidgets.VBox([*fields.values(), button, shown])


def _band(value: float, bands: Sequence[float]) -> str:
    """A number with one decimal; with bands, between which two of them it lies."""
    below, above = [b for b in bands if b <= value], [b for b in bands if b > value]
    if not bands:
        return f"{value:.1f}"
    if not below:
        return f"under {bands[0]:g}"
    return f"{below[-1]:g} to {above[0]:g}" if above else f"over {bands[-1]:g}"


def _said(chosen: Mapping, result: str) -> str:
    return f"<b>{html.escape(_chosen(chosen))}</b><pre>{html.escape(result)}</pre>"


def _chosen(chosen: Mapping) -> str:
    return ", ".join(f"{name} = {_word(value)}" for name, value in chosen.items())


def _word(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
