import torch

from tests.ctc.oracles import random_log_probs
from w2v2course.ctc.batched import expand_batch, losses_and_gradients


def test_expand_batch_by_hand():
    states, may_skip = expand_batch(torch.tensor([[1, 1, 2], [3, 0, 0], [0, 0, 0]]), torch.tensor([3, 1, 0]), 0, 9)
    assert states.tolist() == [[0, 1, 0, 1, 0, 2, 0], [0, 3, 0, 9, 9, 9, 9], [0, 9, 9, 9, 9, 9, 9]]
    assert may_skip.nonzero().tolist() == [[0, 5]]


def test_chunks_of_any_size_give_the_same(monkeypatch):
    """Large batches rescale after every frame, small ones after eight."""
    arguments = (random_log_probs(2, 50, 4), torch.tensor([[1, 2, 2], [3, 1, 0]]), torch.tensor([50, 41]))
    expected = losses_and_gradients(*arguments, torch.tensor([3, 2]), 0)
    for grain in (1, 40, 60):
        monkeypatch.setattr("w2v2course.ctc.batched.GRAIN", grain)
        for got, wanted in zip(losses_and_gradients(*arguments, torch.tensor([3, 2]), 0), expected, strict=True):
            torch.testing.assert_close(got, wanted, rtol=1e-11, atol=1e-14)


def test_runs_on_meta():
    x = torch.zeros(2, 30, 5, device="meta")
    integers = torch.zeros(2, 3, dtype=torch.long, device="meta")
    losses, gradient = losses_and_gradients(x, integers, integers[:, 0], integers[:, 0], 0)
    assert losses.shape == (2,) and gradient.shape == x.shape
