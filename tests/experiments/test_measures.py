import pytest
import torch

from w2v2course.experiments.offset_share import offset_share
from w2v2course.experiments.probes import explained_variance, fit_probe, sign_accuracy
from w2v2course.positions import sinusoids


def test_a_matrix_of_offsets_alone_is_explained_whole():
    time = torch.arange(6.0)
    found = offset_share(((time[:, None] - time) * torch.pi / 3).cos())  # six positions on a circle
    assert found.share == pytest.approx(1) and found.direction < 1e-12 and found.peak == 0


def test_direction_and_peak_on_paper():
    scores = torch.zeros(8, 8)
    scores[torch.arange(2, 8), torch.arange(6)] = 1.0  # every query looks two to its left
    found = offset_share(scores)
    assert found.peak == -2 and found.direction > 0.3


def test_rows_and_columns_do_not_count():
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(9, 9, generator=generator)
    shifted = scores + torch.randn(9, 1, generator=generator) * 50 + torch.randn(9, generator=generator) * 50
    assert offset_share(shifted).share == pytest.approx(offset_share(scores).share, abs=1e-6)


def test_raw_sinusoids_are_offsets_and_noise_is_not():
    codes = sinusoids(48, 64)
    assert offset_share(codes @ codes.T).share > 0.9
    noise = torch.randn(48, 48, generator=torch.Generator().manual_seed(0))
    assert offset_share(noise).share < 0.1


@pytest.mark.parametrize("scores", [torch.zeros(2, 3), torch.zeros(1, 1), torch.zeros(4)])
def test_bad_scores_get_a_sentence(scores):
    with pytest.raises(ValueError, match="scores must be a square matrix"):
        offset_share(scores)


def test_a_probe_finds_a_straight_line_and_nothing_else():
    generator = torch.Generator().manual_seed(0)
    x, fresh = torch.randn(500, 4, generator=generator), torch.randn(500, 4, generator=generator)
    line = torch.tensor([1.0, -2.0, 0.0, 3.0])
    probe = fit_probe(x, x @ line + 5)
    torch.testing.assert_close(probe, torch.tensor([1.0, -2.0, 0.0, 3.0, 5.0]).double(), rtol=0, atol=1e-3)
    assert explained_variance(probe, fresh, fresh @ line + 5) > 0.999
    assert sign_accuracy(fit_probe(x, (x @ line).sign()), fresh, (fresh @ line).sign()) > 0.95
    chance = torch.randn(500, generator=generator)
    assert abs(explained_variance(fit_probe(x, chance), fresh, chance.roll(1))) < 0.1
    with pytest.raises(ValueError, match=r"features must be \(n, D\) and targets \(n,\)"):
        fit_probe(x, chance[:3])
