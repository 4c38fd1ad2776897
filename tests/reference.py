"""The reference implementation, `transformers`, made small and given random weights, beside ours with the same ones."""

import torch
from torch import Tensor, nn

from w2v2course.config import Wav2Vec2Config
from w2v2course.model import Wav2Vec2ForCTC

TINY = {
    "vocab_size": 11,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 40,
    "conv_dim": (12, 16, 16, 20, 16, 16, 24),
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}
LAYOUTS = [
    {"feat_extract_norm": norm, "do_stable_layer_norm": stable, "conv_bias": bias}
    for norm in ("group", "layer")
    for stable in (False, True)
    for bias in (False, True)
]
THEIR_NAMES = {  # written out once more, so that a slip in the checkpoints' own table is seen
    "features.": "wav2vec2.feature_extractor.",
    "projection.": "wav2vec2.feature_projection.",
    "masked_spec_embed": "wav2vec2.masked_spec_embed",
    "context.positions.": "wav2vec2.encoder.pos_conv_embed.",
    "context.layer": "wav2vec2.encoder.layer",
    "head.": "lm_head.",
}


def theirs(seed: int = 0, **fields) -> nn.Module:
    """Their network; every parameter is moved a little, so that no zero bias and no unit norm hides a fault."""
    from transformers import Wav2Vec2Config as Config
    from transformers import Wav2Vec2ForCTC as Network

    torch.manual_seed(seed)
    network = Network(Config(**TINY | fields)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


def ours(reference: nn.Module, **fields) -> Wav2Vec2ForCTC:
    """Our network with their weights."""
    network = Wav2Vec2ForCTC(Wav2Vec2Config(**TINY | fields)).eval()
    given = reference.state_dict()
    wanted = {}
    for name in network.state_dict():
        here, there = next((here, there) for here, there in THEIR_NAMES.items() if name.startswith(here))
        wanted[name] = given.pop(there + name[len(here) :])
    assert not given, f"left over: {list(given)}"
    network.load_state_dict(wanted)
    return network


def pair(seed: int = 0, **fields) -> tuple[Wav2Vec2ForCTC, nn.Module]:
    """Ours and theirs, equal weights, evaluation mode."""
    reference = theirs(seed, **fields)
    return ours(reference, **fields), reference


def error(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference, relative to the largest value."""
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()
