"""From sound to frames."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.reference import LAYOUTS, TINY, error, pair
from w2v2course.config import Wav2Vec2Config
from w2v2course.features import FeatureEncoder, FeatureProjection, frame_count, normalize, receptive_field, stride

SMALL = Wav2Vec2Config(conv_dim=(4, 4, 4), conv_stride=(3, 2, 1), conv_kernel=(5, 2, 2))


def test_wav2vec2_hears_400_samples_and_hops_320():
    assert receptive_field() == 400
    assert stride() == 320
    # 5 taps 3 apart, 2 of those 3 apart, 2 of those 6 apart: 1 + 4 + 3 + 6
    assert receptive_field(SMALL) == 14
    assert stride(SMALL) == 6


@pytest.mark.parametrize(("samples", "frames"), [(400, 1), (719, 1), (720, 2), (16_000, 49), (160_000, 499)])
def test_fifty_a_second_minus_one_at_the_start(samples, frames):
    assert frame_count(samples) == frames


@given(st.integers(400, 2_000_000), st.integers(14, 5000))
def test_layer_by_layer_is_the_closed_form(samples, few):
    assert frame_count(samples) == (samples - 400) // 320 + 1
    assert frame_count(few, SMALL) == (few - 14) // 6 + 1
    counted = frame_count(torch.tensor([[samples, 400]], dtype=torch.int32))
    assert counted.tolist() == [[frame_count(samples), 1]] and counted.dtype == torch.int64


@pytest.mark.parametrize("samples", [14, 15, 19, 20, 100])
def test_as_many_frames_as_are_counted(samples):
    encoder = FeatureEncoder(SMALL)
    assert encoder(torch.randn(2, samples)).shape == (2, frame_count(samples, SMALL), 4)


def test_normalize_by_hand():
    x = torch.tensor([1.0, 3.0, 1.0, 3.0])
    torch.testing.assert_close(normalize(x), torch.tensor([-1.0, 1, -1, 1]))  # divided by N, not N - 1
    batch = torch.tensor([[1.0, 3, 9, 9], [0, 0, 0, 0], [5, 7, 9, math.nan], [5, 7, 9, 1]])
    normal = normalize(batch, torch.tensor([2, 4, 0, 3]))
    third = math.sqrt(1.5)
    expected = torch.tensor([[-1.0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [-third, 0, third, 0]])
    torch.testing.assert_close(normal, expected)
    tiny = normalize(torch.tensor([-1e-4, 1e-4], dtype=torch.float64))  # 1e-7 counts beside a variance of 1e-8
    torch.testing.assert_close(tiny[1].item(), 1e-4 / math.sqrt(1.1e-7))


def test_normalize_equals_the_reference():
    from transformers import Wav2Vec2FeatureExtractor

    generator = torch.Generator().manual_seed(0)
    clips = [3 + 0.01 * torch.randn(n, generator=generator) for n in (801, 500, 640)]
    extractor = Wav2Vec2FeatureExtractor(return_attention_mask=True)
    theirs = extractor(
        [clip.numpy() for clip in clips], sampling_rate=16_000, padding=True, return_tensors="pt"
    ).input_values
    padded = torch.nn.utils.rnn.pad_sequence(clips, batch_first=True)
    ours = normalize(padded, torch.tensor([801, 500, 640]))
    # A mean of 3 beside a deviation of 0.01 costs float32 two digits, there and here.
    assert error(ours, theirs) < 2e-5
    exact = normalize(padded.double(), torch.tensor([801, 500, 640]))
    assert error(ours.double(), exact) < 2e-5
    for row, clip in enumerate(clips):
        torch.testing.assert_close(exact[row, : len(clip)], normalize(clip.double()))


def test_normalize_keeps_the_dtype():
    x = torch.randn(1000, dtype=torch.bfloat16)
    assert normalize(x).dtype == torch.bfloat16
    assert abs(normalize(x).float().std() - 1) < 0.01


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("samples", [400, 719, 4001])
def test_features_and_projection_equal_the_reference(layout, samples):
    ours, theirs = pair(**layout)
    x = torch.randn(2, samples)
    with torch.no_grad():
        features = ours.features(x)
        assert error(features, theirs.wav2vec2.feature_extractor(x).transpose(1, 2)) < 2e-6
        assert error(ours.projection(features), theirs.wav2vec2.feature_projection(features)[0]) < 2e-6


@pytest.mark.parametrize("activation", ["relu", "gelu_new"])
def test_another_activation(activation):
    ours, theirs = pair(feat_extract_activation=activation)
    x = torch.randn(1, 2000)
    with torch.no_grad():
        assert error(ours.features(x), theirs.wav2vec2.feature_extractor(x).transpose(1, 2)) < 2e-6


def test_group_norm_hears_the_padding_and_layer_norm_does_not():
    torch.manual_seed(0)
    clip = torch.randn(1, 4000)
    padded = torch.cat((clip, torch.zeros(1, 4000)), dim=1)
    frames = frame_count(4000)
    gaps = {}
    for norm in ("group", "layer"):
        ours, theirs = pair(feat_extract_norm=norm)
        with torch.no_grad():
            gaps[norm] = error(ours.features(padded)[:, :frames], ours.features(clip))
            reference = theirs.wav2vec2.feature_extractor
            theirs_gap = error(reference(padded)[..., :frames], reference(clip))
        assert abs(gaps[norm] - theirs_gap) < 1e-5
    assert gaps["layer"] < 1e-5 < 1e-2 < gaps["group"]


@pytest.mark.parametrize("norm", ["group", "layer"])
def test_meta_float64_and_autocast(norm):
    config = Wav2Vec2Config(**TINY | {"feat_extract_norm": norm})
    for module in (FeatureEncoder(config), FeatureProjection(config)):
        width = (1000,) if isinstance(module, FeatureEncoder) else (7, 24)
        x = torch.randn(2, *width)
        exact = module.double()(x.double())
        assert exact.dtype == torch.float64
        assert error(module.float()(x).double(), exact) < 1e-5
        with torch.autocast("cpu", torch.bfloat16):
            assert error(module(x).double(), exact) < 0.05
        on_meta = module.to("meta")(x.to("meta"))
        assert on_meta.is_meta and on_meta.shape == exact.shape
    assert normalize(torch.randn(2, 9, device="meta"), torch.tensor([9, 3], device="meta")).is_meta
    assert frame_count(torch.tensor([9, 3], device="meta")).is_meta


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: frame_count(399), ValueError, "samples must be at least 400, what one frame sees, but is 399"),
        (lambda: frame_count(torch.tensor([400, 13]), None), ValueError, "at least 400.* but is 13"),
        (lambda: frame_count(400.0), TypeError, "samples must be a whole number or an integer tensor, but is a float"),
        (lambda: frame_count(torch.tensor([400.0])), TypeError, "samples must hold integers"),
        (lambda: normalize(torch.ones(3, dtype=torch.int16)), TypeError, "waveform must hold floating numbers"),
        (lambda: normalize(torch.ones(1, 1, 3)), ValueError, r"waveform must have the axes \(N,\)"),
        (lambda: normalize(torch.ones(3), torch.tensor([2])), ValueError, r"\(B, N\) when lengths are given"),
        (lambda: normalize(torch.ones(1, 3), torch.tensor([4])), ValueError, "holds only 3 samples"),
        (lambda: FeatureEncoder(SMALL)(torch.ones(20)), ValueError, r"two axes \(B, N\).*waveforms\[None\]"),
        (lambda: FeatureEncoder(SMALL)(torch.ones(1, 13)), ValueError, "samples must be at least 14"),
        (lambda: FeatureEncoder(SMALL)(torch.ones(1, 20).double()), ValueError, "waveforms is torch.float64"),
        (lambda: FeatureEncoder(SMALL)(torch.ones(1, 20).int()), TypeError, "waveforms must hold floating numbers"),
        (lambda: FeatureProjection(SMALL)(torch.ones(1, 3, 5)), ValueError, "x must have width D = 4"),
    ],
)
def test_bad_input(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
