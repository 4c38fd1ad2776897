"""The race on the order task seen through many windows (chapter `race`): one command remakes `race_windows.csv`.

    python -m w2v2course.experiments.race_windows FOLDER

Every scheme of the race, trained as there, and its errors at one to eight times the training length while attention
sees three frames to either side, twice as many, and so on up to all of them.
"""

from contextlib import nullcontext
from typing import Literal

import torch

from w2v2course.experiments.listener import frame_errors, train_listener
from w2v2course.experiments.race import LENGTHS, SCHEMES
from w2v2course.experiments.remake import remake
from w2v2course.experiments.variants import attention_window

Window = int | Literal["full"]  # frames to either side

WINDOWS: tuple[Window, ...] = (3, 6, 12, 24, 48, 96, 192, "full")  # the longest test clips have 384 frames


def run(job: tuple[str, int]) -> dict[str, list[dict]]:
    """Train one scheme with one seed; its rows."""
    scheme, seed = job
    torch.set_num_threads(1)
    make, steps = SCHEMES[scheme]
    torch.manual_seed(seed)
    model = train_listener(make(), steps, seed)
    rows = []
    for window in WINDOWS:
        with nullcontext() if window == "full" else attention_window(model, window):
            rows += [
                {"times": times, "window": window, "error": f"{frame_errors(model, phones).nanmean().item():.4f}"}
                | {"positions": scheme, "seed": seed, "steps": steps}
                for times, phones in LENGTHS.items()
            ]
    return {"race_windows": rows}


if __name__ == "__main__":
    remake(__doc__, run, list(SCHEMES), ["race_windows"])
