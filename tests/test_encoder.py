"""The Transformer."""

import math

import pytest
import torch
from torch import nn

from tests.reference import LAYOUTS, TINY, error, pair
from w2v2course.attention import equivariance_gap, invariance_gap
from w2v2course.config import Wav2Vec2Config
from w2v2course.encoder import ContextNetwork, EncoderLayer
from w2v2course.positions import LearnedPositions, NoPositions, SinusoidalPositions, rotate

STABLE = [False, True]
CONFIG = Wav2Vec2Config(**TINY)


def context(stable=False, positions=None, rotate=None, **fields):
    torch.manual_seed(0)
    config = Wav2Vec2Config(**TINY | {"do_stable_layer_norm": stable} | fields)
    return ContextNetwork(config, positions, rotate).double().eval()


@pytest.mark.parametrize("stable", STABLE)
@pytest.mark.parametrize("activation", ["gelu", "relu"])
def test_layer_equals_the_reference(stable, activation):
    ours, theirs = pair(do_stable_layer_norm=stable, hidden_act=activation, layer_norm_eps=1e-3)
    x = torch.randn(2, 9, 32)
    mask = torch.tensor([9, 5])
    blind = torch.zeros(2, 1, 9, 9).masked_fill((torch.arange(9) >= mask[:, None])[:, None, None], -math.inf)
    with torch.no_grad():
        for here, there in zip(ours.context.layers, theirs.wav2vec2.encoder.layers, strict=True):
            assert error(here(x), there(x)) < 2e-6
            got, expected = here(x, mask), there(x, attention_mask=blind)
            assert error(got[0], expected[0]) < 2e-6
            assert error(got[1, :5], expected[1, :5]) < 2e-6


@pytest.mark.parametrize("layout", LAYOUTS[::2])
@pytest.mark.parametrize("frames", [1, 2, 37])
def test_context_equals_the_reference(layout, frames):
    ours, theirs = pair(**layout)
    x = torch.randn(3, frames, 32)
    lengths = torch.tensor([frames, max(1, frames // 2), 1])
    mask = torch.arange(frames) < lengths[:, None]
    with torch.no_grad():
        encoder = theirs.wav2vec2.encoder
        assert error(ours.context(x), encoder(x.clone()).last_hidden_state) < 1e-5
        got, expected = ours.context(x, lengths), encoder(x.clone(), attention_mask=mask).last_hidden_state
        assert error(got[mask], expected[mask]) < 1e-5


def test_layer_by_hand():
    """One head, one channel pair, everything the identity: the two places of the norm tell themselves apart."""
    for norm_first in STABLE:
        layer = EncoderLayer(2, 1, 2, norm_first=norm_first, activation="relu").double()
        with torch.no_grad():
            for name, parameter in layer.named_parameters():
                if parameter.ndim == 2:
                    parameter.copy_(torch.eye(2))
                elif name.endswith("bias"):
                    parameter.zero_()
        x = torch.tensor([[[3.0, 1.0]]], dtype=torch.float64)  # one frame attends to itself: attention is the identity
        y = layer(x)
        # norm of (a, b) with a > b is (1, -1); relu makes (1, 0) of it.
        expected = [3.0 + 1 + 1, 1.0 - 1 + 0] if norm_first else [1.0, -1.0]
        torch.testing.assert_close(y.flatten(), torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-4)


def test_the_networks_own_norm_is_first_or_last():
    post, pre = context(False), context(True)
    seen = {}
    for name, network in (("post", post), ("pre", pre)):
        network.layer_norm.register_forward_hook(lambda *_, name=name: seen.setdefault(name, []).append("norm"))
        network.layers[0].register_forward_hook(lambda *_, name=name: seen.setdefault(name, []).append("layer"))
        network(torch.randn(1, 4, 32, dtype=torch.float64))
    assert seen == {"post": ["norm", "layer"], "pre": ["layer", "norm"]}


@pytest.mark.parametrize("stable", STABLE)
@pytest.mark.parametrize("positions", [None, NoPositions(), SinusoidalPositions(32), LearnedPositions(50, 32)])
@pytest.mark.parametrize("turn", [None, rotate])
def test_what_is_past_the_lengths_reaches_nobody(stable, positions, turn):
    network = context(stable, positions, turn)
    x = torch.randn(2, 20, 32, dtype=torch.float64)
    lengths = torch.tensor([20, 11])
    with torch.no_grad():
        clean = network(x, lengths)
        alone = network(x[1:, :11])
        x[1, 11:] = math.nan
        dirty = network(x, lengths)
    assert torch.equal(dirty[0], clean[0]) and torch.equal(dirty[1, :11], clean[1, :11])
    torch.testing.assert_close(dirty[1:, :11], alone, rtol=0, atol=1e-12)


def test_a_row_without_a_real_frame_is_finite_in_all_its_values_and_gradients():
    network = context()
    x = torch.randn(2, 6, 32, dtype=torch.float64, requires_grad=True)
    y = network(x, torch.tensor([6, 0]))
    y.square().sum().backward()
    assert y.isfinite().all() and x.grad.isfinite().all()


@pytest.mark.parametrize("stable", STABLE)
def test_without_positions_equivariant_and_with_them_not(stable):
    x = torch.randn(2, 12, 32, dtype=torch.float64)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(0))
    blind = context(stable, NoPositions())
    assert equivariance_gap(blind, x, order) < 1e-13
    assert invariance_gap(lambda x: blind(x).mean(1), x, order) < 1e-13  # invariant after pooling only
    assert invariance_gap(blind, x, order) > 0.1
    for positions in (None, SinusoidalPositions(32)):
        assert equivariance_gap(context(stable, positions), x, order) > 1e-4
    assert equivariance_gap(context(stable, NoPositions(), rotate), x, order) > 1e-4


def test_attention_weights_can_be_looked_at():
    network = context()
    seen = []
    attention = network.layers[1].attention
    attention.register_forward_pre_hook(lambda module, given: seen.append(module.weights(*given)))
    network(torch.randn(2, 5, 32, dtype=torch.float64), torch.tensor([5, 3]))
    assert seen[0].shape == (2, 4, 5, 5)
    torch.testing.assert_close(seen[0].sum(-1), torch.ones(2, 4, 5, dtype=torch.float64))
    assert (seen[0][1, :, :, 3:] == 0).all()


def test_dropout_and_layerdrop_are_for_training_only():
    x = torch.randn(2, 5, 32, dtype=torch.float64)
    network = context(layerdrop=0.9, hidden_dropout=0.5)
    assert torch.equal(network(x), network(x))
    network.train()
    assert not torch.equal(network(x), network(x))
    calls = []
    for layer in network.layers:
        layer.register_forward_hook(lambda *_: calls.append(1))
    torch.manual_seed(0)
    for _ in range(100):
        network(x)
    assert 5 <= len(calls) <= 40  # 200 layers, each stays with probability 0.1
    still = context(layerdrop=0.0, hidden_dropout=0.0, activation_dropout=0.0, attention_dropout=0.0).train()
    assert torch.equal(still(x), still(x))


@pytest.mark.parametrize("name", ["hidden_dropout", "activation_dropout", "attention_dropout"])
def test_each_dropout_reaches_its_place(name):
    config = {"hidden_dropout": 0.0, "activation_dropout": 0.0, "attention_dropout": 0.0, "layerdrop": 0.0, name: 0.5}
    network = context(**config).train()
    x = torch.randn(2, 5, 32, dtype=torch.float64)
    assert not torch.equal(network(x), network(x))


@pytest.mark.parametrize("stable", STABLE)
def test_meta_and_autocast(stable):
    network = context(stable).float()
    x = torch.randn(2, 7, 32)
    lengths = torch.tensor([7, 4])
    exact = network(x, lengths)
    with torch.autocast("cpu", torch.bfloat16):
        half = network(x, lengths)
    assert error(half[0].float(), exact[0]) < 0.05
    on_meta = network.to("meta")(x.to("meta"), lengths.to("meta"))
    assert on_meta.is_meta and on_meta.shape == (2, 7, 32)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: EncoderLayer(6, 4, 8), ValueError, "dim must be a positive multiple of heads"),
        (lambda: EncoderLayer(8, 4, 0), ValueError, "ffn_dim must be at least 1, but is 0"),
        (lambda: EncoderLayer(8, 4, 8, dropout=1.0), ValueError, r"probability in \[0, 1\), but is 1.0"),
        (lambda: EncoderLayer(8, 4, 8, activation="x"), ValueError, "activation must be one of"),
        (lambda: EncoderLayer(8, 4, 8)(torch.ones(2, 3, 6)), ValueError, "x must have width D = 8"),
        (lambda: EncoderLayer(8, 4, 8, norm_first=True)(torch.ones(2, 3, 6)), ValueError, "x must have width D = 8"),
        (lambda: EncoderLayer(8, 4, 8)(torch.ones(2, 3, 8), [3]), TypeError, "lengths must be an integer tensor"),
        (lambda: ContextNetwork(CONFIG)(torch.ones(2, 32)), ValueError, r"three axes \(B, T, D\)"),
        (lambda: ContextNetwork(CONFIG)(torch.ones(2, 3, 32), torch.tensor([3, 4])), ValueError, r"lengths\[1\] is 4"),
        (lambda: ContextNetwork(CONFIG)(torch.ones(2, 3, 32).double()), ValueError, "x is torch.float64"),
        (
            lambda: ContextNetwork(CONFIG, LearnedPositions(3, 32))(torch.ones(2, 4, 32)),
            ValueError,
            "x has 4 frames, but the table",
        ),
    ],
)
def test_bad_input(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_positions_may_be_anybodys():
    class Loud(nn.Module):
        def forward(self, x, lengths=None):
            return 5 * x

    quiet, loud = context(), context(positions=Loud())
    loud.load_state_dict({name: value for name, value in quiet.state_dict().items() if "positions" not in name})
    x = torch.randn(1, 4, 32, dtype=torch.float64)
    quiet.positions = NoPositions()
    torch.testing.assert_close(loud(x), quiet(6 * x))
