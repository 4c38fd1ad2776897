"""How far ours and `transformers` are apart: the same random weights, the same sound, every part, both norm layouts.

``python -m benchmarks.parity`` writes ``benchmarks/results/parity.csv``, which the page on checks shows, and fails if
an error is above its bar. Errors are the largest difference over the largest value.
"""

import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch
from torch import Tensor, nn

from tests.reference import error, pair
from w2v2course.model import Wav2Vec2ForCTC
from w2v2course.tables import write_table

RESULT = Path(__file__).parent / "results" / "parity.csv"
VALUES, GRADIENTS = 1e-5, 1e-4  # bars
LAYOUTS = {
    "group/post-norm": {},
    "layer/pre-norm": {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True},
}
BASE = {
    "vocab_size": 32, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
    "intermediate_size": 3072, "conv_dim": (512,) * 7, "num_conv_pos_embeddings": 128,
    "num_conv_pos_embedding_groups": 16,
}  # fmt: skip
SIZES = {"tiny": {}, "base": BASE}


def parts(ours: Wav2Vec2ForCTC, theirs: nn.Module, sound: Tensor) -> Iterator[tuple[str, float, float]]:
    """Name, error and bar of each part, each fed with the same input, and of the whole and its gradients."""
    inner = theirs.wav2vec2
    with torch.no_grad():
        features = inner.feature_extractor(sound).transpose(1, 2)
        yield "convolutions", error(ours.features(sound), features), VALUES
        hidden, _ = inner.feature_projection(features)
        yield "projection", error(ours.projection(features), hidden), VALUES
        placed = inner.encoder.pos_conv_embed(hidden)
        yield "positional convolution", error(ours.context.positions(hidden), placed), VALUES
        yield "Transformer", error(ours.context(hidden), inner.encoder(hidden)[0]), VALUES
        yield "all: logits of a waveform", error(ours(sound)[0], theirs(sound).logits), VALUES
    mine, reference = ours(sound)[0], theirs(sound).logits
    weights = torch.randn(reference.shape, generator=torch.Generator().manual_seed(1))
    gradients = []
    for network, logits in ((ours, mine), (theirs, reference)):
        network.zero_grad()
        (logits * weights).sum().backward()
        gradients.append(torch.cat([p.grad.flatten() for p in positional(network)]))
    yield "gradient, positional convolution", error(*gradients), GRADIENTS


def positional(network: nn.Module) -> list[nn.Parameter]:
    """The parameters of the positional convolution: the gradient has come through the whole Transformer by then."""
    names = ("context.positions.", "wav2vec2.encoder.pos_conv_embed.")
    return [parameter for name, parameter in network.named_parameters() if name.startswith(names)]


def rows() -> list[dict[str, str]]:
    torch.manual_seed(0)
    found = []
    for size, fields in SIZES.items():
        for layout, more in LAYOUTS.items():
            ours, theirs = pair(0, **fields, **more)
            sound = torch.randn(1, 16_000, generator=torch.Generator().manual_seed(2))
            for part, apart, bar in parts(ours, theirs, sound):
                found.append(
                    {"network": size, "layout": layout, "part": part, "error": f"{apart:.1e}", "bar": f"{bar:.0e}"}
                )
    return found


def main() -> None:
    torch.set_num_threads(1)
    found = rows()
    origin = {
        "made by": "python -m benchmarks.parity",
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, float32, one thread",
        "versions": f"torch {version('torch')}, transformers {version('transformers')}",
    }
    write_table(RESULT, found, origin)
    for row in found:
        print(*row.values(), sep="  ")
    if any(float(row["error"]) > float(row["bar"]) for row in found):
        sys.exit("an error is above its bar")


if __name__ == "__main__":
    main()
