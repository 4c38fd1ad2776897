"""Click a letter and hear its frames, under the waveform; or a word (chapters `spans` and `listen`)."""

import html
from collections.abc import Sequence
from math import exp

from torch import Tensor

from w2v2course.ctc.forced import Alignment, Span
from w2v2course.explorers.page import Explorer
from w2v2course.explorers.player import Player
from w2v2course.features import frame_count, receptive_field, stride

AROUND = 0.1  # seconds on either side, if asked for: a frame alone is too short for most ears
LANES, COLUMNS = 4, 300
APART = 4.5  # percent of the width between two names on one line: a letter and a gap on a phone
FIRST = "Click a letter or a word to hear it, or walk along with the arrow keys."
WIDE = " Heard with 0.1 s on either side."


def letters_explorer(
    waveform: Tensor,
    alignment: Alignment,
    symbols: Sequence[str],
    label: str,
    sample_rate: int = 16_000,
    credit: str = "",
    words: Sequence[tuple[str, float, float]] = (),
) -> Explorer:
    """A waveform with the letters that an alignment finds in it, each letter and each word a button that plays it.

    Args:
        waveform: (N,) samples between −1 and 1.
        alignment: of frames of 400 samples, 320 apart, as `forced_align` gives it.
        symbols: the class names; ``|`` stands between words.
        label: what is heard.
        sample_rate: samples a second.
        credit: whom to thank for the sound.
        words: ``(word, start, end)`` in seconds, the truth where it is known: drawn as dashed lines.

    Raises:
        TypeError, ValueError: the sound is no row of samples; the alignment has no letter, a label without a name or
            another number of frames than the sound.
    """
    player = Player(waveform, label, sample_rate, credit)
    if not alignment.spans:
        raise ValueError("alignment has no letter to click; align a text that is not empty")
    if frame_count(len(waveform)) != len(alignment.path):
        raise ValueError(
            f"alignment has {len(alignment.path)} frames, but the waveform gives {frame_count(len(waveform))}; "
            "pass the sound that was aligned"
        )
    unnamed = [span.label for span in alignment.spans if span.label >= len(symbols)]
    if unnamed:
        raise ValueError(f"symbols must name every label of the alignment, but label {unnamed[0]} has no name")
    seconds = len(waveform) / sample_rate
    letters = [_letter(n, alignment.spans, symbols, sample_rate) for n in range(len(alignment.spans))]
    spoken = _words(alignment.spans, symbols, words, seconds, sample_rate)
    trace = {"rate": sample_rate, "seconds": seconds, "around": AROUND, "wide": WIDE, "pieces": letters + spoken}
    body = (
        f'<div class="w2v2-sound">{_picture(waveform, letters, words, seconds)}</div>'
        f'<div class="w2v2-bar" role="group" aria-label="Letters">{_buttons(letters)}</div>'
        f'<div class="w2v2-bar" role="group" aria-label="Words">{_buttons(spoken)}'
        f'<button type="button" aria-pressed="false" data-wide>with {AROUND} s on either side</button></div>'
        f"{player._repr_html_()}"
    )
    return Explorer("letters.js", f"The letters of {label}", trace, body, FIRST)


def said(piece: dict, wide: bool = False) -> str:
    """What is heard, in words; `letters.js` says the same."""
    return piece["words"] + (WIDE if wide else "")


def _letter(number: int, spans: Sequence[Span], symbols: Sequence[str], rate: int) -> dict:
    span = spans[number]
    start, end = _start(span, rate), ((span.end - 1) * stride() + receptive_field()) / rate
    frames = f"frame {span.start}" if span.end == span.start + 1 else f"frames {span.start} to {span.end - 1}"
    name = symbols[span.label] + (" (word boundary)" if symbols[span.label] == "|" else "")
    words = (
        f"Letter {number + 1} of {len(spans)}, {name}: {frames}, {start:.2f} to {end:.2f} s, "
        f"probability {exp(span.score):.2f} a frame."
    )
    return {"name": symbols[span.label], "from": round(start, 4), "to": round(end, 4), "words": words}


def _words(spans: Sequence[Span], symbols: Sequence[str], truth: Sequence, seconds: float, rate: int) -> list[dict]:
    """Words from their first letter's frame to the next word's first letter's frame, the last one to the end."""
    groups: list[list[Span]] = [[]]
    for span in spans:
        if symbols[span.label] == "|":
            groups.append([])
        else:
            groups[-1].append(span)
    groups = [group for group in groups if group]
    found = []
    for number, group in enumerate(groups):
        start = _start(group[0], rate)
        last = number + 1 == len(groups)
        end = seconds if last else _start(groups[number + 1][0], rate)
        name = "".join(symbols[span.label] for span in group)
        where = "the clip's end" if last else "the next word's"
        words = f"Word {number + 1} of {len(groups)}, {name}: from its first letter, {start:.2f} s, to {where}, "
        words += f"{end:.2f} s."
        if len(truth) == len(groups):
            words += f" In truth from {truth[number][1]:.2f} to {truth[number][2]:.2f} s."
        found.append({"name": name, "from": round(start, 4), "to": round(end, 4), "words": words})
    return found


def _start(span: Span, rate: int) -> float:
    return span.start * stride() / rate


def _buttons(pieces: Sequence[dict]) -> str:
    return "".join(
        f'<button type="button" aria-pressed="false" data-piece>{html.escape(piece["name"])}</button>'
        for piece in pieces
    )


def _picture(waveform: Tensor, letters: Sequence[dict], words: Sequence, seconds: float) -> str:
    """The waveform's outline, a band for each letter, dashed lines where words truly begin, letters below."""
    columns = min(COLUMNS, len(waveform))
    parts = waveform.detach().cpu().float().tensor_split(columns)
    loudest = float(waveform.abs().max()) or 1.0
    tops = [f"{600 * i / columns:.0f} {50 - 48 * float(part.max()) / loudest:.0f}" for i, part in enumerate(parts)]
    feet = [f"{600 * i / columns:.0f} {50 - 48 * float(part.min()) / loudest:.0f}" for i, part in enumerate(parts)]
    bands = "".join(
        f'<rect x="{600 * piece["from"] / seconds:.1f}" width="{600 * (piece["to"] - piece["from"]) / seconds:.1f}" '
        'y="0" height="100"/>'
        for piece in letters
    )
    true = "".join(
        f'<line x1="{600 * start / seconds:.1f}" x2="{600 * start / seconds:.1f}" y1="0" y2="100"/>'
        for _, start, _ in words
    )
    centres = [50 * (piece["from"] + piece["to"]) / seconds for piece in letters]
    lanes = _lanes(centres)
    below = "".join(
        f'<span style="left:{centre:.1f}%;top:{1.15 * lane:.2f}em">{html.escape(piece["name"])}</span>'
        for piece, centre, lane in zip(letters, centres, lanes, strict=True)
    )
    return (
        '<svg viewBox="0 0 600 100" preserveAspectRatio="none" aria-hidden="true">'
        f'<path d="M{" L".join(tops + feet[::-1])}Z"/>{bands}{true}</svg>'
        f'<div class="w2v2-lanes" style="height:{1.15 * (max(lanes) + 1):.2f}em" aria-hidden="true">{below}</div>'
    )


def _lanes(centres: Sequence[float]) -> list[int]:
    """The line of each name, centres in percent from left to right: the first line on which it touches no other."""
    taken, lanes = [-APART] * LANES, []
    for centre in centres:
        free = [lane for lane, last in enumerate(taken) if centre - last >= APART]
        lanes.append(free[0] if free else taken.index(min(taken)))
        taken[lanes[-1]] = centre
    return lanes
