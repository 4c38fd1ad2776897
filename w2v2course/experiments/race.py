"""The race of positions on the order task (chapters `order` to `race`): one command remakes the tables that ship.

    python -m w2v2course.experiments.race FOLDER --jobs 2

Trains every scheme with three seeds, and writes `race_order.csv` (errors at one to eight times the training length,
with full and with windowed attention, and the mirror test), `race_frames.csv` (the error along a long clip) and
`race_shares.csv` (how much of the score matrices is offset). What is done already is not done again.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import cast

import torch
from torch import nn

from w2v2course.encoder import EncoderLayer
from w2v2course.experiments.listener import CONFIG, Listener, frame_errors, train_listener
from w2v2course.experiments.mirror import mirror_error
from w2v2course.experiments.offset_share import offset_share
from w2v2course.experiments.order_task import draw_clips
from w2v2course.experiments.remake import remake
from w2v2course.experiments.variants import RandomOffsets, SymmetricConvolution, attention_window
from w2v2course.positions import LearnedPositions, NoPositions, SinusoidalPositions, rotate, sinusoids

D = CONFIG.hidden_size
LENGTHS = {1: (4, 12), 2: (24, 24), 4: (48, 48), 8: (96, 96)}  # times the training length: phones a clip
WINDOW = 24  # frames to either side
LONG = 400  # frames; the longest test clips have 384 at most
# Scheme: how it is made, and how many updates it is given.
SCHEMES: dict[str, tuple[Callable[[], Listener], int]] = {
    "none": (lambda: Listener(NoPositions()), 1200),
    "table": (lambda: Listener(_table()), 1200),
    "sinusoids": (lambda: Listener(SinusoidalPositions(D)), 1200),
    "table, random offsets": (lambda: Listener(RandomOffsets(_table(), LONG)), 4000),
    "sinusoids, random offsets": (lambda: Listener(RandomOffsets(SinusoidalPositions(D), LONG)), 4000),
    "rotary": (lambda: Listener(NoPositions(), rotate=rotate), 1200),
    "symmetric convolution": (lambda: Listener(SymmetricConvolution(D)), 1200),
    "convolution": (lambda: Listener(), 1200),
}


def _table() -> LearnedPositions:
    table = LearnedPositions(2 * LONG + 100, D)
    nn.init.normal_(table.table, std=0.5)  # as large as the frames beside them; from 0.02 it learns far more slowly
    return table


def run(job: tuple[str, int]) -> dict[str, list[dict]]:
    """Train one scheme with one seed; rows for each table."""
    scheme, seed = job
    torch.set_num_threads(1)
    make, steps = SCHEMES[scheme]
    torch.manual_seed(seed)
    model = train_listener(make(), steps, seed)
    stamp = {"positions": scheme, "seed": seed, "steps": steps}
    rows: dict[str, list[dict]] = {"race_order": [], "race_frames": [], "race_shares": []}
    for window in ("full", WINDOW):
        with nullcontext() if window == "full" else attention_window(model, WINDOW):
            for times, phones in LENGTHS.items():
                wrong = frame_errors(model, phones)
                error = f"{wrong.nanmean().item():.4f}"
                rows["race_order"].append(
                    {"measure": "error", "times": times, "window": window, "value": error} | stamp
                )
                if times == 8:
                    along = wrong[:, : wrong.shape[1] // 16 * 16].unflatten(1, (-1, 16)).nanmean((0, 2))
                    rows["race_frames"] += [
                        {"frame": 16 * place + 8, "window": window, "error": f"{value:.4f}"} | stamp
                        for place, value in enumerate(along.tolist())
                    ]
    exact = model.double()
    test = draw_clips(256, 4, 12, torch.Generator().manual_seed(7)).to(dtype=torch.float64)
    value = f"{mirror_error(exact, test):.6f}"
    rows["race_order"].append({"measure": "mirror error", "times": 1, "window": "full", "value": value} | stamp)
    rows["race_shares"] = [row | stamp for row in shares(exact, scheme)]
    return rows


@torch.no_grad()
def shares(model: Listener, scheme: str) -> list[dict]:
    """Offset share of the raw codes' scores, of their scores behind the trained projections of the first layer's heads.

    For schemes that add a code; for the others there is no code to look at, and no row.
    """
    positions = model.context.positions
    positions = getattr(positions, "positions", positions)  # behind random offsets
    if not isinstance(positions, LearnedPositions | SinusoidalPositions):
        return []
    T = 24  # positions that training clips have
    codes = positions(torch.zeros(1, T, D, dtype=torch.float64))[0]
    attention = cast(EncoderLayer, model.context.layers[0]).attention
    query, key = (
        (codes @ projection.weight.T).view(T, attention.heads, -1).transpose(0, 1)
        for projection in (attention.q_proj, attention.k_proj)
    )
    found = {"raw codes": offset_share(codes @ codes.T)}
    found |= {f"trained, head {h + 1}": offset_share(query[h] @ key[h].T) for h in range(attention.heads)}
    if scheme == "sinusoids":
        generator = torch.Generator().manual_seed(0)
        raw = sinusoids(T, D, dtype=torch.float64)
        for draw in range(20):
            one, other = torch.randn(2, D, D // attention.heads, dtype=torch.float64, generator=generator)
            found[f"random, draw {draw + 1}"] = offset_share((raw @ one) @ (raw @ other).T)
    return [
        {"scores": name, "share": f"{s.share:.4f}", "direction": f"{s.direction:.4f}", "peak": s.peak}
        for name, s in found.items()
    ]


def main() -> None:
    remake(__doc__, run, list(SCHEMES), ["race_order", "race_frames", "race_shares"])


if __name__ == "__main__":
    main()
