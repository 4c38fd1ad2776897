"""Draw the front page's picture: from sound to text, each box a chapter.

python -m tools.pipeline    # rewrites book/_static/pipeline.svg
"""

import html
from pathlib import Path

from w2v2course import speech
from w2v2course.config import Wav2Vec2Config
from w2v2course.features import frame_count

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "book" / "_static" / "pipeline.svg"
WIDTH, LEFT, BOX, GAP = 420, 20, 58, 34


def draw() -> str:
    """The picture as SVG text: colours follow the page, boxes whose chapter exists are links."""
    clip = speech.load("weasels")
    second = frame_count(clip.sample_rate)
    frames = f"{second} × {Wav2Vec2Config().hidden_size}"
    boxes = [
        (
            "frames",
            "Seven convolutions",
            f"{second} vectors in the first second",
            f"{clip.sample_rate:,} numbers a second",
        ),
        ("neighbours", "A grouped convolution", "each frame learns who stands beside it", frames),
        ("order", "Transformer layers", "every frame looks at every other", frames),
        ("alignments", "A guess for every frame", "a letter, or ε: nothing new here", frames),
        ("decoding", "Reading the guesses", "sum over alignments, search for the text", f"{second} guesses a second"),
    ]
    top, parts = 124, [waveform_path(clip.waveform, y=46, height=40)]
    for chapter, title, subtitle, arrow in boxes:
        parts.append(
            f'<line class="arrow" x1="{WIDTH // 2}" y1="{top - GAP + 5}" x2="{WIDTH // 2}" y2="{top - 5}"/>'
            f'<path class="head" d="M{WIDTH // 2 - 5} {top - 9}h10l-5 8z"/>'
            f'<text class="small" x="{WIDTH // 2 + 14}" y="{top - 12}">{html.escape(arrow)}</text>'
        )
        box = (
            f'<rect x="{LEFT}" y="{top}" width="{WIDTH - 2 * LEFT}" height="{BOX}" rx="9"/>'
            f'<text class="title" x="{WIDTH // 2}" y="{top + 25}">{html.escape(title)}</text>'
            f'<text class="centre" x="{WIDTH // 2}" y="{top + 45}">{html.escape(subtitle)}</text>'
        )
        exists = (ROOT / "book" / "sources" / f"{chapter}.md").exists()
        parts.append(f'<a href="chapters/{chapter}.html">{box}</a>' if exists else f"<g>{box}</g>")
        top += BOX + GAP
    parts.append(
        f'<line class="arrow" x1="{WIDTH // 2}" y1="{top - GAP + 5}" x2="{WIDTH // 2}" y2="{top - 5}"/>'
        f'<path class="head" d="M{WIDTH // 2 - 5} {top - 9}h10l-5 8z"/>'
        f'<text class="title" x="{WIDTH // 2}" y="{top + 18}">“{html.escape(clip.text)}”</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="w2v2-pipeline" viewBox="0 0 {WIDTH} {top + 32}" role="group" '
        f'aria-labelledby="pipeline-title"><title id="pipeline-title">From sound to text: a waveform, seven '
        f"convolutions, a grouped convolution that tells frames their neighbours, Transformer layers, a guess for "
        f"every frame, and the text read from the guesses.</title><style>{STYLE}</style>\n"
        + "\n".join(parts)
        + "\n</svg>\n"
    )


STYLE = (
    ".w2v2-pipeline{color:#222;font-family:system-ui,sans-serif;font-size:14px;max-width:420px;width:100%}"
    "@media(prefers-color-scheme:dark){.w2v2-pipeline{color:#ddd}}"
    "html[data-theme] .w2v2-pipeline{color:inherit}"
    ".w2v2-pipeline text{fill:currentColor}"
    ".w2v2-pipeline .title{font-weight:600;font-size:16px;text-anchor:middle}"
    ".w2v2-pipeline .centre{text-anchor:middle}.w2v2-pipeline .small{font-size:13px;opacity:.8}"
    ".w2v2-pipeline rect{fill:#0072B2;fill-opacity:.12;stroke:currentColor;stroke-opacity:.5}"
    ".w2v2-pipeline a:hover rect,.w2v2-pipeline a:focus-visible rect{fill-opacity:.3;stroke:#D55E00;stroke-width:2}"
    ".w2v2-pipeline a{text-decoration:none}.w2v2-pipeline a .title{text-decoration:underline}"
    ".w2v2-pipeline .arrow{stroke:currentColor;stroke-width:1.5}.w2v2-pipeline .head{fill:currentColor}"
    ".w2v2-pipeline .wave{fill:none;stroke:#0072B2;stroke-width:1.1}"
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
    print(f"drawn to {PICTURE}")
