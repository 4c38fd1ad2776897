"""Draw the front page's picture: from sound to text, each box a chapter, with the chapters around it below.

python -m tools.pipeline    # rewrites book/_static/pipeline.svg

A box or a name is a link once its chapter stands in `_toc.yml`; what it is called aloud is the chapter's own title.
"""

import html
import re
from pathlib import Path

import yaml

from w2v2course import speech
from w2v2course.config import Wav2Vec2Config
from w2v2course.features import frame_count

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "book" / "_static" / "pipeline.svg"
WIDTH, LEFT, BOX, CHIP, GAP = 420, 20, 58, 34, 34
MIDDLE = WIDTH // 2


def chapters() -> dict[str, str]:
    """Name of every chapter in `_toc.yml` to its title, the first heading of its source."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [Path(chapter["file"]) for part in contents["parts"] for chapter in part["chapters"]]
    titles = {}
    for file in files:
        source = ROOT / "book" / "sources" / f"{file.name}.md"
        if file.parent.name == "chapters" and source.exists():
            titles[file.name] = re.search(r"^# (.+)$", source.read_text(encoding="utf-8"), flags=re.M)[1]
    return titles


def draw(titles: dict[str, str] | None = None) -> str:
    """The picture as SVG text; colours follow the page.

    Args:
        titles: chapters that exist, name to title; those of `_toc.yml` if None.
    """
    titles = chapters() if titles is None else titles
    clip = speech.load("weasels")
    second = frame_count(clip.sample_rate)
    frames = f"{second} × {Wav2Vec2Config().hidden_size}"
    # Chapter of the box, its title and subtitle, what flows in, and the chapters around it: name to what is written.
    boxes = [
        (
            "frames",
            "Seven convolutions",
            f"{second} vectors in the first second",
            f"{clip.sample_rate:,} numbers a second",
            {},
        ),
        (
            "neighbours",
            "A grouped convolution",
            "each frame learns who stands beside it",
            frames,
            {"clocks": "or clocks instead", "race": "a race of both"},
        ),
        (
            "context-network",
            "Transformer layers",
            "every frame looks at every other",
            frames,
            {"order": "and none sees order"},
        ),
        (
            "alignments",
            "A guess for every frame",
            "a letter, or ε: nothing new here",
            frames,
            {"trellis": "all ways, summed", "learning": "what that teaches"},
        ),
        (
            "decoding",
            "Reading the guesses",
            "a search for the likeliest text",
            f"{second} guesses a second",
            {"spans": "which letter when"},
        ),
    ]
    top, parts = 124, [waveform_path(clip.waveform, y=46, height=40)]
    for chapter, title, subtitle, flow, around in boxes:
        around = {name: text for name, text in around.items() if name in titles}
        parts.append(arrow(top, flow))
        box = (
            f'<rect x="{LEFT}" y="{top}" width="{WIDTH - 2 * LEFT}" height="{BOX}" rx="9"/>'
            f'<text class="title" x="{MIDDLE}" y="{top + 25}">{html.escape(title)}</text>'
            f'<text class="centre" x="{MIDDLE}" y="{top + 45}">{html.escape(subtitle)}</text>'
        )
        parts.append(link(chapter, title, box, titles))
        top += BOX
        if around:
            top += 6
            width = (WIDTH - 2 * LEFT - 6 * (len(around) - 1)) // len(around)
            for place, (name, text) in enumerate(around.items()):
                x = LEFT + place * (width + 6)
                chip = (
                    f'<rect x="{x}" y="{top}" width="{width}" height="{CHIP}" rx="9"/>'
                    f'<text class="chip" x="{x + width // 2}" y="{top + 22}">{html.escape(text)}</text>'
                )
                parts.append(link(name, text, chip, titles))
            top += CHIP
        top += GAP
    parts.append(arrow(top))
    said = f'<text class="title" x="{MIDDLE}" y="{top + 18}">“{html.escape(clip.text)}”</text>'
    if "listen" in titles:
        said += f'<text class="centre" x="{MIDDLE}" y="{top + 40}">all of it, trained while you watch</text>'
    parts.append(link("listen", clip.text, said, titles))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="w2v2-pipeline" viewBox="0 0 {WIDTH} {top + 54}" role="group" '
        f'aria-labelledby="pipeline-title"><title id="pipeline-title">From sound to text: a waveform, seven '
        f"convolutions, a grouped convolution that tells frames their neighbours, Transformer layers, a guess for "
        f"every frame, and the text read from the guesses.</title><style>{STYLE}</style>\n"
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def link(chapter: str, text: str, drawn: str, titles: dict[str, str]) -> str:
    """What is drawn, as a link to its chapter if there is one; read aloud: what is written, and the chapter's title."""
    if chapter not in titles:
        return f"<g>{drawn}</g>"
    name = html.escape(f"{text}: chapter “{titles[chapter]}”", quote=True)
    return f'<a href="chapters/{chapter}.html" aria-label="{name}">{drawn}</a>'


def arrow(top: int, flow: str = "") -> str:
    """An arrow down to `top`, and beside it what flows there."""
    words = f'<text class="small" x="{MIDDLE + 14}" y="{top - 12}">{html.escape(flow)}</text>' if flow else ""
    return (
        f'<line class="arrow" x1="{MIDDLE}" y1="{top - GAP + 5}" x2="{MIDDLE}" y2="{top - 5}"/>'
        f'<path class="head" d="M{MIDDLE - 5} {top - 9}h10l-5 8z"/>{words}'
    )


STYLE = (
    ".w2v2-pipeline{color:#222;font-family:system-ui,sans-serif;font-size:14px;max-width:420px;width:100%}"
    "@media(prefers-color-scheme:dark){.w2v2-pipeline{color:#ddd}}"
    "html[data-theme] .w2v2-pipeline{color:inherit}"
    ".w2v2-pipeline text{fill:currentColor}"
    ".w2v2-pipeline .title{font-weight:600;font-size:16px;text-anchor:middle}"
    ".w2v2-pipeline :is(.centre,.chip){text-anchor:middle}.w2v2-pipeline .small{font-size:13px;opacity:.8}"
    ".w2v2-pipeline rect{fill:#0072B2;fill-opacity:.12;stroke:currentColor;stroke-opacity:.5}"
    ".w2v2-pipeline a:is(:hover,:focus-visible) rect{fill-opacity:.3;stroke:#D55E00;stroke-opacity:1;stroke-width:2.5}"
    ".w2v2-pipeline a:focus-visible{outline:2px solid #D55E00;outline-offset:2px;border-radius:9px}"
    ".w2v2-pipeline a{text-decoration:none}.w2v2-pipeline a :is(.title,.chip){text-decoration:underline}"
    ".w2v2-pipeline .arrow{stroke:currentColor;stroke-width:1.5}.w2v2-pipeline .head{fill:currentColor}"
    ".w2v2-pipeline .wave{fill:none;stroke:#0072B2;stroke-width:1.1}"
    "html[data-theme=dark] .w2v2-pipeline :is(.wave,a:not(:hover,:focus-visible) rect){stroke:#56B4E9}"
)


def waveform_path(samples, y: int, height: int) -> str:
    """The recording's outline: the loudest sample up and down in each column of the picture."""
    columns = samples[: len(samples) // 190 * 190].view(190, -1)
    highs, lows = columns.max(1).values, columns.min(1).values
    scale = height / float(samples.abs().max())
    points = "".join(
        f"M{LEFT + 2 * i:.0f} {y - scale * high:.1f}V{y - scale * low:.1f}"
        for i, (high, low) in enumerate(zip(highs.tolist(), lows.tolist(), strict=True))
    )
    return f'<path class="wave" d="{points}"/>'


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
    print(f"drawn to {PICTURE.relative_to(ROOT)}")
