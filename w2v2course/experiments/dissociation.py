"""Who stands next to you, and where you are (chapters `neighbours` and `race`): one command remakes `race_probes.csv`.

    python -m w2v2course.experiments.dissociation FOLDER --jobs 2

Listeners of the order task, trained with sinusoids and with the convolution, three seeds each. Two straight-line
probes look at their frames, far from both ends of long clips: one for the frame's number, one for its left neighbour.
"""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor

from w2v2course.encoder import EncoderLayer
from w2v2course.experiments.listener import CONFIG, Listener, train_listener
from w2v2course.experiments.order_task import PHONES, Clips, draw_clips
from w2v2course.experiments.probes import explained_variance, fit_probe, sign_accuracy
from w2v2course.experiments.remake import remake
from w2v2course.positions import SinusoidalPositions

STEPS = 1200
SCHEMES: dict[str, Callable[[], Listener]] = {
    "sinusoids": lambda: Listener(SinusoidalPositions(CONFIG.hidden_size)),
    "convolution": lambda: Listener(),
}


@torch.no_grad()
def views(model: Listener, clips: Clips) -> dict[str, Tensor]:
    """What a listener's frames look like: alone, with positions added, and as queries of the first layer.

    Args:
        model: with layer norm before attention.
        clips: of the order task.

    Returns:
        Name to (B, T, D).
    """
    content = model.project(clips.frames)
    placed = content + model.context.positions(content, clips.lengths)
    first = cast(EncoderLayer, model.context.layers[0])
    return {
        "content": content,
        "with positions": placed,
        "queries": first.attention.q_proj(first.layer_norm(placed)),
    }


def interior(clips: Clips, margin: int = CONFIG.num_conv_pos_embeddings) -> Tensor:
    """Frames at least so far from both ends that no kernel reaches past them: (B, T), True there."""
    time = torch.arange(clips.frames.shape[1])
    return (time >= margin) & (time < clips.lengths[:, None] - margin)


def dissociate(model: Listener, clips: int = 128, phones: int = 32) -> dict[str, tuple[float, float]]:
    """What a straight line reads off each view, on clips that the line was not fitted to.

    Args:
        model: trained, on the CPU.
        clips: to fit on, and as many to test on.
        phones: in each clip; enough to leave frames between the margins.

    Returns:
        View to (R² of the frame's number, share of frames whose left neighbour's set is named rightly).
    """
    fit, test = (draw_clips(clips, phones, phones, torch.Generator().manual_seed(seed)) for seed in (11, 12))
    found = {}
    for name in ("content", "with positions", "queries"):
        (x, number, left), (x_test, number_test, left_test) = (_rows(model, batch, name) for batch in (fit, test))
        found[name] = (
            explained_variance(fit_probe(x, number), x_test, number_test),
            sign_accuracy(fit_probe(x, left), x_test, left_test),
        )
    return found


def run(job: tuple[str, int]) -> dict[str, list[dict]]:
    """Train one scheme with one seed; its rows."""
    scheme, seed = job
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model = train_listener(SCHEMES[scheme](), STEPS, seed)
    return {
        "race_probes": [
            {"frames": view, "position_r2": f"{where:.4f}", "left_neighbour": f"{who:.4f}"}
            | {"positions": scheme, "seed": seed, "steps": STEPS}
            for view, (where, who) in dissociate(model).items()
        ]
    }


def _rows(model: Listener, clips: Clips, view: str) -> tuple[Tensor, Tensor, Tensor]:
    inside = interior(clips)
    number = torch.arange(clips.frames.shape[1]).expand_as(inside)[inside]
    left = 2.0 * (clips.labels[inside] >= PHONES) - 1
    return views(model, clips)[view][inside], number.double(), left


if __name__ == "__main__":
    remake(__doc__, run, list(SCHEMES), ["race_probes"])
