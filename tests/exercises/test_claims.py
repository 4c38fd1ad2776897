"""What the exercises' texts say in passing (answers to think about, hints) is true: by the references themselves."""

import math

import pytest
import torch

from w2v2course.exercises.registry import exercises
from w2v2course.features import frame_count, receptive_field, stride
from w2v2course.positions import SinusoidalPositions, sinusoids

KERNELS, STRIDES = [10, 3, 3, 3, 3, 2, 2], [5, 2, 2, 2, 2, 2, 2]


def reference(function, *arguments):
    return exercises()[function].reference(*arguments)


def test_frames():
    assert (frame_count(16_000), frame_count(160_000), frame_count(32_000)) == (49, 499, 99)
    assert sum(KERNELS) == 26 and 1 + sum(k - 1 for k in KERNELS) == 20 and math.prod(STRIDES[:6]) == 160
    assert receptive_field() == reference("receptive_field", KERNELS, STRIDES) == 400
    # Whatever the last layer's stride, the field is the same.
    assert reference("receptive_field", KERNELS, [*STRIDES[:6], 7]) == 400
    assert 2 * stride() == 640 > 399 and receptive_field() - stride() == 80 == receptive_field() / 5
    unheard = [n - (stride() * (frame_count(n) - 1) + 400) for n in range(16_000, 16_400)]
    assert max(unheard) == 319 and 319 / 16 < 20
    heard = [len(reference("frames_that_hear", n, 16_000, 400, 320)) for n in range(320, 640)]
    assert heard.count(2) == 80 and heard.count(1) == 240


def test_order():
    one = torch.randn(1, 3)
    assert torch.equal(reference("attend", 9 * one, one, one), one)
    x, order = torch.randn(1, 5, 2), torch.randperm(5)
    assert reference("equivariance_gap", lambda y: y.mean(1, keepdim=True).expand_as(y), x, order) < 1e-6


def test_clocks():
    periods = reference("clock_periods", 16, 10_000.0)
    assert len(periods) == 8 and periods[0] == pytest.approx(2 * math.pi) and periods[-1] < 0.4 * 2 * math.pi * 10_000
    assert torch.allclose(sinusoids(50, 16).square().sum(1), torch.tensor(8.0))
    assert reference("offset_dot", 0, 16, 10_000.0) == pytest.approx(8.0)
    assert reference("offset_dot", 3, 16, 10_000.0) == pytest.approx(reference("offset_dot", -3, 16, 10_000.0))
    matrix = reference("rotation", 5, 16, 10_000.0)
    codes = SinusoidalPositions(16)(torch.zeros(1, 9, 16, dtype=torch.float64))[0]
    assert torch.allclose(codes[:4] @ matrix.T, codes[5:]) and torch.allclose(codes[5:] @ matrix, codes[:4])


def test_neighbours():
    x = torch.randn(9)
    assert torch.equal(reference("slide", x, torch.tensor([1.0, 0.0, 0.0]))[1:], x[:-1])
    v, g = torch.randn(4, 2, 3), torch.rand(1, 1, 3)
    assert torch.allclose(reference("tap_gain", 2 * v, g), reference("tap_gain", v, g))
    free = [frames for frames in range(1, 300) if len(reference("leaky_frames", frames, 128)) < frames]
    assert free[0] == 128 and 128 / 50 == 2.56
    leaky = reference("leaky_frames", 300, 128)
    assert [t for t in leaky if t < 150] == list(range(64)) and len([t for t in leaky if t > 150]) == 63


def test_race():
    mask = reference("window_mask", 60, 24)
    assert mask.sum(1).max() == 2 * 24 + 1 == 49 and mask[0].sum() == 25
    x = torch.randn(6, 4)
    turned = reference("rotate_pairs", x, 10_000.0)
    assert torch.allclose(turned.norm(dim=1).float(), x.norm(dim=1)) and torch.allclose(turned[0].float(), x[0])
    assert reference("frames_reached", [24] * 12, 2_001) == 577


def test_context_network():
    assert reference("layer_parameters", 1, 1) == 6 * 2 + 2 * 2
    x = torch.randn(1, 3, 50)
    assert torch.allclose(reference("norm_over_time", 2 * x, 1e-5), reference("norm_over_time", x, 1e-5), atol=1e-4)
    assert reference("masked_share", 500, 0.065, 10) == pytest.approx(0.49, abs=0.005)
    assert 0.065 * 10 > 0.6
