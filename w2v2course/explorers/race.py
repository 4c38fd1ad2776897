"""Drag the clip length and the window of attention: schemes rise and fall (chapter `race`)."""

import html
from collections.abc import Mapping, Sequence
from statistics import mean

from w2v2course.explorers.page import Explorer, written

ALL = "full"  # how a table writes a window that hides nothing
LOW, HIGH = 2.0, 20.0  # percent: what the words call solved, and lost


def race_explorer(rows: Sequence[Mapping[str, str]], times: int = 8, window: str = ALL) -> Explorer:
    """Two sliders, and a bar for each scheme; a thin line marks where its bar ends with all frames in sight.

    Args:
        rows: of a table such as ``race_windows.csv``: columns ``positions``, ``times`` (clip length, × training),
            ``window`` (frames to either side, or "full"), ``error`` (a share); seeds are averaged.
        times, window: what is shown first, as the table writes them.

    Raises:
        ValueError: a combination is missing from the rows, or the first one is none of theirs.
    """
    errors: dict[tuple[str, str, str], list[float]] = {}
    for row in rows:
        errors.setdefault((row["positions"], row["times"], row["window"]), []).append(100 * float(row["error"]))
    schemes = list(dict.fromkeys(scheme for scheme, _, _ in errors))
    lengths = sorted({length for _, length, _ in errors}, key=int)
    windows = sorted({width for _, _, width in errors}, key=lambda width: (width == ALL, width != ALL and int(width)))
    absent = [(s, n, w) for s in schemes for n in lengths for w in windows if (s, n, w) not in errors]
    if not rows or absent or ALL not in windows:
        raise ValueError(
            "rows must hold every scheme at every length with every window, one of them 'full', "
            f"but {absent[0] if absent else 'full'} is missing; make the table again"
        )
    if str(times) not in lengths or str(window) not in windows:
        raise ValueError(
            f"times must be one of {', '.join(lengths)} and window one of {', '.join(windows)}, "
            f"but they are {times} and {window}"
        )
    trace = {
        "schemes": schemes,
        "lengths": lengths,
        "windows": windows,
        # By length, window and scheme: percent of frames wrong.
        "wrong": [[[round(mean(errors[s, n, w]), 1) for s in schemes] for w in windows] for n in lengths],
        "largest": round(max(mean(values) for values in errors.values()), 1),
        "low": LOW,
        "high": HIGH,
    }
    length, width = lengths.index(str(times)), windows.index(str(window))
    here, free = trace["wrong"][length][width], trace["wrong"][length][-1]
    bars = "".join(
        f'<li><span class="w2v2-scheme">{html.escape(scheme)}</span>'
        f'<span class="w2v2-lane" style="--v:{value / trace["largest"]:.3f};--free:{before / trace["largest"]:.3f}">'
        f'<span></span></span><span class="w2v2-value">{written(value, 1)} %</span></li>'
        for scheme, value, before in zip(schemes, here, free, strict=True)
    )
    body = (
        _slider("length", "Clip length", len(lengths), length, longer(trace, length))
        + _slider("window", "Window", len(windows), width, seen(trace, width))
        + f'<ul class="w2v2-race" aria-label="Frames wrong">{bars}</ul>'
    )
    return Explorer("race.js", "The race: clip length and window", trace, body, said(trace, length, width))


def longer(trace: dict, length: int) -> str:
    """A length as the slider says it; `race.js` says the same."""
    return f"{trace['lengths'][length]}× training"


def seen(trace: dict, window: int) -> str:
    """A window as the slider says it; `race.js` says the same."""
    width = trace["windows"][window]
    return "all frames" if width == ALL else f"±{width} frames"


def said(trace: dict, length: int, window: int) -> str:
    """The state in words; `race.js` says the same."""
    wrong = dict(zip(trace["schemes"], trace["wrong"][length][window], strict=True))
    solved = [scheme for scheme, value in wrong.items() if value < trace["low"]]
    lost = [scheme for scheme, value in wrong.items() if value > trace["high"]]
    return (
        f"{longer(trace, length)}, {seen(trace, window)} in sight. "
        f"Fewer than {trace['low']:.0f} % wrong: {'; '.join(solved) or 'no scheme'}. "
        f"More than {trace['high']:.0f} %: {'; '.join(lost) or 'no scheme'}."
    )


def _slider(name: str, label: str, count: int, value: int, words: str) -> str:
    return (
        f'<label class="w2v2-bar"><span class="w2v2-name">{label}</span>'
        f'<input type="range" name="{name}" min="0" max="{count - 1}" value="{value}" aria-valuetext="{words}">'
        f"<output>{words}</output></label>"
    )
