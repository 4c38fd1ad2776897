import pytest
import torch

from w2v2course.attention import SelfAttention
from w2v2course.experiments.variants import (
    RandomOffsets,
    SymmetricConvolution,
    attention_window,
    attention_without,
)
from w2v2course.positions import LearnedPositions, SinusoidalPositions, sinusoids


def test_random_offsets_are_runs_of_the_same_codes():
    module = RandomOffsets(SinusoidalPositions(8), most=30)
    x, codes = torch.zeros(50, 5, 8), sinusoids(35, 8)
    starts = set()
    for row in module.train()(x):
        start = int((codes[:31] - row[0]).abs().sum(1).argmin())
        torch.testing.assert_close(row, codes[start : start + 5])
        starts.add(start)
    assert len(starts) > 15 and min(starts) >= 0 and max(starts) <= 30
    torch.testing.assert_close(module.eval()(x), codes[:5].expand(50, 5, 8))


def test_random_offsets_reach_all_of_a_table():
    table = LearnedPositions(64, 4)
    module = RandomOffsets(table, most=59)
    for _ in range(60):
        module.train()(torch.zeros(8, 5, 4)).sum().backward()
    assert table.table.grad.ne(0).any(1).all()


def test_a_symmetric_kernel_treats_left_as_right():
    torch.manual_seed(0)
    module, x = SymmetricConvolution(8, 5, 2).double(), torch.randn(2, 9, 8, dtype=torch.float64)
    torch.testing.assert_close(module(x.flip(1)), module(x).flip(1))
    lengths = torch.tensor([9, 4])
    torch.testing.assert_close(module(x, lengths)[1:, :4], module(x[1:, :4]))
    with pytest.raises(ValueError, match="kernel_size must be odd"):
        SymmetricConvolution(8, 4, 2)


@pytest.fixture
def layer():
    torch.manual_seed(0)
    return SelfAttention(8, 2).double().eval()


def test_a_wide_window_changes_nothing_and_a_narrow_one_does(layer):
    x, lengths = torch.randn(2, 9, 8, dtype=torch.float64), torch.tensor([9, 6])
    straight = layer(x, lengths)
    with attention_window(layer, 9):
        wide = layer(x, lengths)
    with attention_window(layer, 1):
        narrow = layer(x, lengths)
    torch.testing.assert_close(wide[0], straight[0])
    torch.testing.assert_close(wide[1, :6], straight[1, :6])
    assert not torch.allclose(narrow[0], straight[0])
    torch.testing.assert_close(layer(x, lengths), straight)


def test_a_window_sees_its_radius_and_no_farther(layer):
    x = torch.randn(1, 20, 8, dtype=torch.float64).requires_grad_()
    with attention_window(layer, 3):
        layer(x)[0, 10].sum().backward()
    assert x.grad[0].abs().sum(1).nonzero().flatten().tolist() == list(range(7, 14))


def test_the_window_goes_even_after_an_error(layer):
    with pytest.raises(RuntimeError, match="on purpose"), attention_window(layer, 2):
        raise RuntimeError("on purpose")
    assert "forward" not in layer.__dict__
    with pytest.raises(ValueError, match="radius must be at least 0"), attention_window(layer, -1):
        pass


def test_hidden_offsets_are_not_looked_at():
    torch.manual_seed(0)
    layer = SelfAttention(8, 2).eval()
    x = torch.randn(2, 9, 8)
    with torch.no_grad(), attention_without(layer, [-1, 2]) as holed:
        straight = holed(x)
        for offset, matters in [(-1, False), (2, False), (1, True), (0, True)]:
            changed = x.clone()
            changed[:, 4 + offset] += 1.0
            assert torch.allclose(holed(changed)[:, 4], straight[:, 4], atol=1e-6) != matters
    with torch.no_grad():
        torch.testing.assert_close(layer(x), layer(x))
        with attention_without(layer, []) as whole:
            torch.testing.assert_close(whole(x, torch.tensor([9, 6]))[1, :6], layer(x[1:, :6])[0])


def test_a_frame_that_would_see_nothing_sees_itself():
    torch.manual_seed(0)
    layer = SelfAttention(8, 2).eval()
    x = torch.randn(1, 3, 8)
    with torch.no_grad(), attention_without(layer, range(-5, 6)) as alone:
        torch.testing.assert_close(alone(x)[0], torch.stack([layer(x[:, t : t + 1])[0, 0] for t in range(3)]))
