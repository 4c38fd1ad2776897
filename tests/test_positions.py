"""Positions: what is added to frames, and what turns queries and keys."""

import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from tests.reference import error
from w2v2course import positions
from w2v2course.attention import SelfAttention
from w2v2course.positions import (
    ConvolutionalPositions,
    LearnedPositions,
    NoPositions,
    SinusoidalPositions,
    rotate,
    sinusoids,
)

EVERY = {
    "none": lambda: NoPositions(),
    "learned": lambda: LearnedPositions(40, 8),
    "sinusoids": lambda: SinusoidalPositions(8),
    "direct": lambda: ConvolutionalPositions(8, 5, 2, method="direct"),
    "fft": lambda: ConvolutionalPositions(8, 5, 2, method="fft"),
    "auto": lambda: ConvolutionalPositions(8, 4, 8),
}


def both(dim, kernel_size, groups, dtype=torch.float64, seed=0, **arguments):
    """The two methods with the same weights, none of them zero or one."""
    torch.manual_seed(seed)
    direct = ConvolutionalPositions(dim, kernel_size, groups, method="direct", **arguments).to(dtype)
    with torch.no_grad():
        for parameter in direct.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    fft = ConvolutionalPositions(dim, kernel_size, groups, method="fft", **arguments).to(dtype)
    fft.load_state_dict(direct.state_dict())
    return direct, fft


# Sinusoids and rotation


def test_sinusoids_by_hand():
    expected = [[0, 1, 0, 1], [math.sin(1), math.cos(1), math.sin(0.01), math.cos(0.01)]]
    torch.testing.assert_close(sinusoids(2, 4, dtype=torch.float64), torch.tensor(expected, dtype=torch.float64))
    quarter = sinusoids(2, 2, base=123.0, dtype=torch.float64)[1]  # one clock only: its speed is 1 whatever the base
    torch.testing.assert_close(quarter, torch.tensor([math.sin(1), math.cos(1)], dtype=torch.float64))


def test_interleaved_is_another_code_than_fairseqs():
    """Marian's channels are ours in another order; fairseq's and tensor2tensor's clocks have other speeds."""
    frames, dim = 512, 512
    ours = sinusoids(frames, dim, dtype=torch.float64)
    t = torch.arange(frames, dtype=torch.float64)[:, None]

    def sines_first(denominator):
        angles = t * 10_000.0 ** (-torch.arange(dim // 2, dtype=torch.float64) / denominator)
        return torch.cat((angles.sin(), angles.cos()), dim=1)

    reordered = torch.cat((ours[:, 0::2], ours[:, 1::2]), dim=1)
    assert (reordered - sines_first(dim / 2)).abs().max() < 1e-12
    assert 0.70 < (reordered - sines_first(dim / 2 - 1)).abs().max() < 0.72


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 200))
def test_dot_products_of_sinusoids_depend_on_the_offset_only(first, second, shift):
    codes = sinusoids(501, 16, dtype=torch.float64)
    here, there = codes[first] @ codes[second], codes[first + shift] @ codes[second + shift]
    torch.testing.assert_close(here, there, rtol=0, atol=1e-11)


@given(st.integers(0, 90), st.integers(0, 90), st.integers(0, 90), st.integers(0, 99))
def test_rotary_scores_depend_on_the_offset_only(first, second, shift, seed):
    generator = torch.Generator().manual_seed(seed)
    query, key = torch.randn(2, 8, dtype=torch.float64, generator=generator)
    scores = rotate(query.expand(181, -1)) @ rotate(key.expand(181, -1)).T
    torch.testing.assert_close(scores[first, second], scores[first + shift, second + shift], rtol=0, atol=1e-12)


def test_rotation_by_hand():
    x = torch.tensor([[1.0, 0.0, 0.0, 2.0]], dtype=torch.float64).expand(2, 4)
    turned = rotate(x)
    assert torch.equal(turned[0], x[0])
    expected = [math.cos(1), math.sin(1), -2 * math.sin(0.01), 2 * math.cos(0.01)]
    torch.testing.assert_close(turned[1], torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_rotation_keeps_shape_dtype_and_length(dtype):
    x = torch.randn(2, 3, 50, 6, dtype=dtype)
    turned = rotate(x)
    assert turned.shape == x.shape and turned.dtype == dtype
    tolerance = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 0.05}[dtype]
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1), rtol=tolerance, atol=0)


def test_rotary_attention_sees_order_but_not_where_the_clip_begins():
    torch.manual_seed(0)
    layer = SelfAttention(8, 2, rotate=rotate).double().eval()
    x = torch.randn(1, 6, 8, dtype=torch.float64)
    assert (layer(x.flip(1)) - layer(x).flip(1)).abs().max() > 1e-3
    late = torch.cat((torch.zeros(1, 9, 8, dtype=torch.float64), x), dim=1)
    scores = layer.weights(late)[..., 9:, 9:]
    torch.testing.assert_close(scores / scores.sum(-1, keepdim=True), layer.weights(x))


# All of them, one in another's place


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_interchangeable(name, dtype):
    module = EVERY[name]().to(dtype)
    x = torch.randn(3, 7, 8, dtype=dtype)
    term = module(x, torch.tensor([7, 0, 3]))
    assert term.shape == x.shape and term.dtype == dtype and term.isfinite().all()
    assert module(x[:, :0]).shape == (3, 0, 8)
    assert module(x[:0]).shape == (0, 7, 8)


@pytest.mark.parametrize("name", EVERY)
def test_runs_on_meta(name):
    module = EVERY[name]().to("meta")
    x = torch.randn(3, 7, 8, device="meta")
    term = module(x, torch.tensor([7, 0, 3], device="meta"))
    assert term.shape == x.shape and term.is_meta


@pytest.mark.parametrize("name", EVERY)
def test_runs_on_any_device(name, device):
    torch.manual_seed(0)
    module, x = EVERY[name]().double(), torch.randn(3, 7, 8, dtype=torch.float64)
    lengths = torch.tensor([7, 0, 3])
    expected = module(x, lengths)
    term = module.to(device)(x.to(device), lengths.to(device))
    assert term.device.type == device.type
    torch.testing.assert_close(term.cpu(), expected)


def test_sinusoids_and_rotation_on_meta():
    assert sinusoids(5, 4, device="meta").is_meta
    assert rotate(torch.randn(2, 5, 4, device="meta")).is_meta


@pytest.mark.parametrize("name", EVERY)
def test_what_is_past_the_lengths_reaches_nobody(name):
    torch.manual_seed(0)
    module = EVERY[name]().double()
    x = torch.randn(2, 20, 8, dtype=torch.float64)
    lengths = torch.tensor([20, 11])
    clean = module(x, lengths)
    x[1, 11:] = math.nan
    dirty = module(x, lengths)
    assert torch.equal(clean[0], dirty[0]) and torch.equal(clean[1, :11], dirty[1, :11])
    # Rounding only: the spectra of the two rows are worked out together.
    torch.testing.assert_close(dirty[1:, :11], module(x[1:, :11]), rtol=0, atol=1e-14)


def test_none_and_learned_and_sinusoidal_by_hand():
    x = torch.randn(2, 3, 4)
    assert torch.equal(NoPositions()(x), torch.zeros(2, 3, 4))
    learned = LearnedPositions(5, 4)
    assert torch.equal(learned(x), learned.table[:3].expand(2, 3, 4))
    learned(x).sum().backward()
    assert torch.equal(learned.table.grad, torch.tensor([2.0, 2, 2, 0, 0])[:, None].expand(5, 4))
    assert torch.equal(SinusoidalPositions(4, base=50.0)(x), sinusoids(3, 4, base=50.0).expand(2, 3, 4))


def test_a_table_ends_and_says_so():
    with pytest.raises(ValueError, match=r"x has 6 frames, but the table .* ends after 5; .*SinusoidalPositions"):
        LearnedPositions(5, 4)(torch.randn(1, 6, 4))
    assert LearnedPositions(6, 4)(torch.randn(1, 6, 4)).shape == (1, 6, 4)


# The convolution


@pytest.mark.parametrize("method", ["direct", "fft"])
def test_convolution_by_hand(method):
    def layer(taps):
        module = ConvolutionalPositions(1, len(taps), 1, activation="relu", method=method).double()
        module.conv.weight = torch.tensor(taps, dtype=torch.float64)[None, None]
        return module

    x = torch.tensor([1.0, 0, 0, 1], dtype=torch.float64)[None, :, None]
    three = layer([1.0, 2, 4])(x).flatten()  # frame t sees t-1, t, t+1
    torch.testing.assert_close(three, torch.tensor([2.0, 1, 4, 2], dtype=torch.float64))
    # An even kernel leans back: frame t sees t-1 and t. Five frames come out, the last is dropped.
    two = layer([1.0, 3])(x).flatten()
    torch.testing.assert_close(two, torch.tensor([3.0, 1, 0, 3], dtype=torch.float64))
    four = layer([8.0, 4, 2, 1])(x).flatten()
    torch.testing.assert_close(four, torch.tensor([2.0, 4, 8 + 1, 2], dtype=torch.float64))


def test_one_gain_a_tap():
    module = ConvolutionalPositions(6, 4, 3).double()
    gain, direction = module.conv.parametrizations.weight.original0, module.conv.parametrizations.weight.original1
    assert gain.shape == (1, 1, 4) and direction.shape == (6, 2, 4)
    with torch.no_grad():
        gain.copy_(torch.tensor([1.0, 2, 3, 4], dtype=torch.float64)[None, None])
    norms = module.conv.weight.square().sum((0, 1)).sqrt()
    torch.testing.assert_close(norms, torch.tensor([1.0, 2, 3, 4], dtype=torch.float64))
    default = weight_norm(nn.Conv1d(6, 6, 4, groups=3))  # dim 0: one gain a channel, another model
    assert default.parametrizations.weight.original0.shape == (6, 1, 1)


def test_both_spellings_of_weight_norm_load():
    module, other = both(6, 4, 3)
    old = {
        "conv.bias": module.conv.bias.detach(),
        "conv.weight_g": module.conv.parametrizations.weight.original0.detach(),
        "conv.weight_v": module.conv.parametrizations.weight.original1.detach(),
    }
    fresh = ConvolutionalPositions(6, 4, 3).double()
    fresh.load_state_dict(old)
    assert all(torch.equal(a, b) for a, b in zip(fresh.parameters(), module.parameters(), strict=True))
    fresh.load_state_dict(other.state_dict())


CONVOLUTIONS = st.integers(1, 6).flatmap(
    lambda groups: st.tuples(
        st.just(groups),
        st.integers(1, 3),  # channels a group
        st.integers(1, 40) | st.sampled_from([127, 128, 129, 200, 256, 257]),
        st.integers(1, 12) | st.sampled_from([128, 129, 130, 257, 258, 259, 400]),
        st.integers(1, 3) | st.sampled_from([8, 9, 17]),
    )
)


@settings(max_examples=30, deadline=None)
@given(CONVOLUTIONS, st.booleans())
def test_the_two_methods_agree_with_gradients(shape, training):
    groups, channels, kernel_size, frames, batch = shape
    modules = both(groups * channels, kernel_size, groups)
    x = torch.randn(batch, frames, groups * channels, dtype=torch.float64)
    results = []
    for module in modules:
        module.train(training)
        leaf = x.clone().requires_grad_()
        y = module(leaf)
        (y * torch.linspace(1, 2, y.numel(), dtype=y.dtype).view_as(y)).sum().backward()
        with torch.no_grad():
            again = module(x)  # in evaluation mode this is the kept spectrum's
        results.append([y.detach(), again, leaf.grad, *(parameter.grad for parameter in module.parameters())])
    for direct, fft in zip(*results, strict=True):
        # With one channel a group and one tap the direction's gradient is zero: relative to 1 then.
        assert (fft - direct).abs().max() < 1e-10 * direct.abs().max().clamp(min=1)


@pytest.mark.parametrize(("batch", "frames"), [(1, 1), (1, 64), (2, 129), (9, 130), (3, 400)])
def test_the_two_methods_agree_in_float32_at_the_real_width(batch, frames):
    direct, fft = both(96, 128, 2, torch.float32)  # 48 channels a group, as BASE has
    x = torch.randn(batch, frames, 96)
    for module in (direct, fft):
        module.eval()
    with torch.inference_mode():
        assert error(fft(x), direct(x)) < 1e-5


@pytest.mark.parametrize("kernel_size", [16, 15])
@pytest.mark.parametrize("activation", ["gelu", "relu"])
def test_equals_the_reference(kernel_size, activation):
    from transformers import Wav2Vec2Config
    from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2PositionalConvEmbedding

    config = Wav2Vec2Config(
        hidden_size=24,
        num_conv_pos_embeddings=kernel_size,
        num_conv_pos_embedding_groups=4,
        feat_extract_activation=activation,
    )
    for module in both(24, kernel_size, 4, torch.float32, activation=activation):
        theirs = Wav2Vec2PositionalConvEmbedding(config)
        theirs.load_state_dict(module.state_dict())
        for frames in (1, 7, 133):
            x = torch.randn(2, frames, 24)
            assert error(module(x), theirs(x)) < 2e-6


def test_equals_the_reference_at_the_real_base_shape():
    from transformers import Wav2Vec2Config
    from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2PositionalConvEmbedding

    torch.manual_seed(0)
    theirs = Wav2Vec2PositionalConvEmbedding(Wav2Vec2Config()).eval()
    ours = ConvolutionalPositions(768).eval()
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(1, 140, 768)
    with torch.inference_mode():
        for ours.method in ("direct", "fft"):
            assert error(ours(x), theirs(x)) < 1e-5


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 150), st.integers(1, 20), st.sampled_from(["direct", "fft"]))
def test_shift_in_shift_out(shift, kernel_size, method):
    torch.manual_seed(shift)
    module = ConvolutionalPositions(4, kernel_size, 2, method=method).double()
    x = torch.zeros(1, 250, 4, dtype=torch.float64)
    x[:, 40:70] = torch.randn(30, 4, dtype=torch.float64)
    moved = module(x.roll(shift, dims=1))[:, 20:230]
    torch.testing.assert_close(moved, module(x).roll(shift, dims=1)[:, 20:230], rtol=0, atol=1e-12)


def test_zero_padding_tells_where_the_clip_ends():
    module = ConvolutionalPositions(4, 128, 2, method="direct").double()
    y = module(torch.ones(1, 300, 4, dtype=torch.float64))
    inner = y[:, 150]
    differs = ((y - inner[:, None]).abs().amax(-1) > 1e-9)[0]
    assert differs[:64].all() and differs[-63:].all() and not differs[64:-63].any()


# What is kept


def kept_spectrum(module, x):
    with torch.no_grad():
        module(x)
    return module._kept[1]


def assert_current(module, reference, x):
    """The module's answers are those of its present weights."""
    reference.load_state_dict(module.state_dict())
    with torch.no_grad():
        tolerance = 1e-10 if x.dtype == torch.float64 else 1e-5
        assert error(module(x), reference.to(x.dtype)(x)) < tolerance


def test_the_spectrum_is_kept_for_every_length():
    _, module = both(8, 16, 2)
    module.eval()
    first = kept_spectrum(module, torch.randn(1, 300, 8, dtype=torch.float64))
    for frames in (1, 7, 1000):
        assert kept_spectrum(module, torch.randn(2, frames, 8, dtype=torch.float64)) is first
    assert first.shape == (2, 129, 4, 4)


def test_no_spectrum_is_kept_in_training_or_where_gradients_are_asked_for():
    _, module = both(8, 16, 2)
    x = torch.randn(1, 30, 8, dtype=torch.float64)
    with torch.no_grad():
        module.train()(x)
    assert module._kept is None
    module.eval()(x).sum().backward()
    assert module._kept is None
    assert all(parameter.grad.abs().max() > 0 for parameter in module.parameters())


def test_frozen_weights_keep_the_spectrum_and_pass_gradients_on():
    direct, module = both(8, 16, 2)
    direct.eval(), module.eval().requires_grad_(False)
    x = torch.randn(1, 30, 8, dtype=torch.float64, requires_grad=True)
    with torch.inference_mode():
        module(x)  # what is kept here must be of use outside too
    kept = module._kept[1]
    (ours,) = torch.autograd.grad(module(x).square().sum(), x)
    (theirs,) = torch.autograd.grad(direct(x).square().sum(), x)
    assert module._kept[1] is kept
    assert error(ours, theirs) < 1e-10


def step(module):
    """In evaluation mode, as somebody may."""
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.1)
    module(torch.randn(1, 9, 8, dtype=torch.float64)).square().sum().backward()
    optimizer.step()


def fused_step(module):
    optimizer = torch.optim.Adam(module.parameters(), lr=0.1, fused=True)
    module(torch.randn(1, 9, 8, dtype=torch.float64)).square().sum().backward()
    optimizer.step()


def load(module):
    module.load_state_dict({name: tensor + 1 for name, tensor in module.state_dict().items()})


def load_and_assign(module):
    module.load_state_dict({name: tensor + 1 for name, tensor in module.state_dict().items()}, assign=True)


def load_into_the_inner_module(module):
    module.conv.load_state_dict({name: tensor + 1 for name, tensor in module.conv.state_dict().items()})


@torch.no_grad()
def write_in_place(module):
    module.conv.parametrizations.weight.original0[..., 3] = 7.0


@torch.inference_mode()
def write_in_place_in_inference_mode(module):
    module.conv.parametrizations.weight.original1.add_(torch.rand(16, dtype=torch.float64))


def set_the_weight(module):
    module.conv.weight = torch.randn(8, 4, 16, dtype=torch.float64)


def round_to_half(module):
    module.half().double()


def round_the_inner_module(module):
    module.conv.half().double()


def empty_and_fill(module):
    state = {name: tensor + 1 for name, tensor in module.state_dict().items()}
    module.to("meta").to_empty(device="cpu").load_state_dict(state)


def write_data(module):
    module.conv.parametrizations.weight.original0.data.mul_(torch.rand(16, dtype=torch.float64))
    module.eval()  # the documented exception, and its remedy


@pytest.mark.parametrize(
    "change",
    [
        step,
        fused_step,
        load,
        load_and_assign,
        load_into_the_inner_module,
        write_in_place,
        write_in_place_in_inference_mode,
        set_the_weight,
        round_to_half,
        round_the_inner_module,
        empty_and_fill,
        write_data,
    ],
)
def test_the_spectrum_follows_the_weights(change):
    reference, module = both(8, 16, 2)
    module.eval(), reference.eval()
    x = torch.randn(1, 40, 8, dtype=torch.float64)
    with torch.no_grad():
        before = module(x)
    kept = module._kept[1]
    change(module)
    assert_current(module, reference, x)
    assert module._kept[1] is not kept
    with torch.no_grad():
        assert (module(x) - before).abs().max() > 1e-6


def test_the_spectrum_follows_a_cast():
    reference, module = both(8, 16, 2)
    module.eval()
    x = torch.randn(1, 40, 8, dtype=torch.float64)
    assert kept_spectrum(module, x).dtype == torch.complex128
    module.float()
    assert kept_spectrum(module, x.float()).dtype == torch.complex64
    assert_current(module, reference.float(), x.float())


def test_the_spectrum_is_never_saved_or_copied():
    _, module = both(64, 128, 4, torch.float32)
    module.eval()
    x = torch.randn(1, 40, 64)
    with torch.no_grad():
        y = module(x)
    assert module._kept is not None
    assert module.__getstate__()["_kept"] is None  # PyTorch pickles no parametrized module, but says so by itself
    again = copy.deepcopy(module)
    assert again._kept is None and module._kept is not None
    with torch.no_grad():
        assert torch.equal(again(x), y)
    assert set(module.state_dict()) == {
        "conv.bias",
        "conv.parametrizations.weight.original0",
        "conv.parametrizations.weight.original1",
    }


def test_tensors_put_in_the_weights_place_are_used_and_not_kept():
    direct, module = both(8, 16, 2)
    module.eval(), direct.eval()
    x = torch.randn(1, 40, 8, dtype=torch.float64)
    kept = kept_spectrum(module, x)
    other = {name: 2 * parameter.detach() for name, parameter in direct.named_parameters()}
    with torch.no_grad():
        swapped = torch.func.functional_call(module, other, (x,))
        assert error(swapped, torch.func.functional_call(direct, other, (x,))) < 1e-10
        module(x)
    assert module._kept[1] is kept


def test_weights_made_in_inference_mode():
    with torch.inference_mode():
        direct, module = both(8, 16, 2)
        module.eval(), direct.eval()
        x = torch.randn(1, 40, 8, dtype=torch.float64)
        for _ in range(2):
            assert error(module(x), direct(x)) < 1e-10
            for layer in (module, direct):
                layer.conv.parametrizations.weight.original0.mul_(torch.linspace(1, 2, 16, dtype=torch.float64))
    assert module._kept is None


# Which method


@pytest.mark.parametrize(
    ("kernel_size", "frames", "training", "expected"),
    [
        (128, 749, False, "fft"),
        (128, 47, False, "fft"),
        (128, 46, False, "direct"),
        (64, 94, False, "fft"),
        (63, 10_000, False, "direct"),
        (16, 10_000, False, "direct"),
        (128, 500, True, "fft"),
        (128, 499, True, "direct"),
    ],
)
def test_auto(kernel_size, frames, training, expected):
    module = ConvolutionalPositions(8, kernel_size, 4).train(training)
    with torch.no_grad():
        assert module.chosen_method(torch.empty(1, frames, 8)) == expected
        assert module.chosen_method(torch.empty(1, frames, 8, device="meta")) == "direct"
    for module.method in ("direct", "fft"):
        assert module.chosen_method(torch.empty(1, frames, 8)) == module.method


def test_auto_takes_the_method_it_names(monkeypatch):
    module = ConvolutionalPositions(8, 64, 4).eval()
    seen = []
    monkeypatch.setattr(positions, "overlap_save", lambda x, *_: seen.append(x.shape[2]) or x)
    with torch.no_grad():
        module(torch.randn(1, 93, 8))
        module(torch.randn(1, 94, 8))
    assert seen == [94]


# Half width


@pytest.mark.parametrize("training", [False, True])
def test_autocast(training):
    direct, fft = both(32, 16, 4, torch.float32)
    x = torch.randn(2, 50, 32)
    exact = direct(x)
    for module in (direct, fft):
        module.train(training)
        for frames in (x, x.bfloat16()):
            with torch.autocast("cpu", torch.bfloat16):
                y = module(frames)
            assert y.dtype == torch.bfloat16
            assert error(y.float(), exact) < 0.02  # bfloat16 has 8 bits
            y.sum().backward()
            assert all(parameter.grad.dtype == torch.float32 for parameter in module.parameters())


def test_half_width_weights():
    direct, fft = both(32, 16, 4, torch.float32)
    x = torch.randn(2, 50, 32)
    exact = direct(x)
    fft.bfloat16().eval()
    with torch.no_grad():
        assert fft(x.bfloat16()).dtype == torch.bfloat16
        assert error(fft(x.bfloat16()).float(), exact) < 0.02


# Bad input


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: sinusoids(-1, 4), ValueError, "frames must not be negative, but is -1"),
        (lambda: sinusoids(3, 5), ValueError, "dim must be positive and even.* but is 5"),
        (lambda: sinusoids(3, 0), ValueError, "dim must be positive and even.* but is 0"),
        (lambda: sinusoids(3, 4, base=0), ValueError, "base must be above zero, but is 0"),
        (lambda: rotate(torch.randn(4)), ValueError, r"x must have the axes \(\.\.\., T, D\)"),
        (lambda: rotate(torch.randn(3, 5)), ValueError, "dim must be positive and even.* but is 5"),
        (lambda: rotate(torch.ones(3, 4, dtype=torch.int64)), TypeError, "x must hold floating numbers"),
        (lambda: SinusoidalPositions(5), ValueError, "dim must be positive and even"),
        (lambda: LearnedPositions(0, 4), ValueError, "max_frames and dim must be at least 1, but are 0 and 4"),
        (lambda: ConvolutionalPositions(8, 0), ValueError, "kernel_size and groups must be at least 1, but are 8, 0"),
        (lambda: ConvolutionalPositions(8, 4, 3), ValueError, "multiple of groups, but they are 8 and 3"),
        (lambda: ConvolutionalPositions(8, 4, 2, "soft"), ValueError, "activation must be one of .* but is 'soft'"),
        (lambda: ConvolutionalPositions(8, 4, 2, method="x"), ValueError, "'direct' or 'fft', but is 'x'"),
    ],
)
def test_bad_arguments(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("name", EVERY)
def test_bad_frames_and_lengths(name):
    module = EVERY[name]()
    x = torch.randn(2, 7, 8)
    with pytest.raises(ValueError, match=r"three axes \(B, T, D\)"):
        module(x[0])
    with pytest.raises(TypeError, match="x must hold floating numbers"):
        module(x.long())
    with pytest.raises(ValueError, match=r"lengths\[1\] is 8, but the row holds only 7 frames"):
        module(x, torch.tensor([7, 8]))
    with pytest.raises(TypeError, match="lengths must be an integer tensor"):
        module(x, [7, 7])
    if name != "none":
        with pytest.raises(ValueError, match="x must have width D = 8"):
            module(x[..., :6])
    if list(module.parameters()):
        with pytest.raises(ValueError, match=r"x is torch.float64 and the module torch.float32"):
            module(x.double())
