import pytest
import torch

from w2v2course.training.batches import batch_at, batch_order, vary

SAMPLES = torch.randint(5_000, 40_000, (103,), generator=torch.Generator().manual_seed(0)).tolist()


def test_an_epoch_has_every_clip_once_but_for_what_does_not_fill_a_batch():
    batches = batch_order(SAMPLES, 8, seed=0, epoch=0)
    flat = [index for batch in batches for index in batch]
    assert len(batches) == 12 and len(set(flat)) == len(flat) == 96 and set(flat) <= set(range(103))


def test_batches_hold_clips_of_about_one_length_in_random_order():
    batches = batch_order(SAMPLES, 8, seed=0, epoch=0)
    padded = sum(8 * max(SAMPLES[i] for i in batch) for batch in batches)
    real = sum(SAMPLES[i] for batch in batches for i in batch)
    assert padded / real < 1.3
    means = [sum(SAMPLES[i] for i in batch) for batch in batches]
    assert means != sorted(means)


def test_order_follows_from_seed_and_epoch():
    assert batch_order(SAMPLES, 8, 0, 3) == batch_order(SAMPLES, 8, 0, 3)
    assert batch_order(SAMPLES, 8, 0, 3) != batch_order(SAMPLES, 8, 0, 4) != batch_order(SAMPLES, 8, 1, 4)
    assert [batch_at(step, SAMPLES, 8, 0) for step in range(24)] == batch_order(SAMPLES, 8, 0, 0) + batch_order(
        SAMPLES, 8, 0, 1
    )


def test_too_few_clips_get_a_sentence():
    with pytest.raises(ValueError, match="batch_size is 8, but there are only 3 clips"):
        batch_order([1, 2, 3], 8, 0, 0)


def test_variations_follow_from_seed_step_and_clip():
    waveform = torch.sin(torch.arange(16_000) / 20)
    first = vary(waveform, 0, 5, 7)
    assert torch.equal(first, vary(waveform, 0, 5, 7))
    others = [vary(waveform, 1, 5, 7), vary(waveform, 0, 6, 7), vary(waveform, 0, 5, 8)]
    assert all(len(other) != len(first) or not torch.equal(other, first) for other in others)


def test_variations_stay_within_what_they_say():
    waveform = torch.sin(torch.arange(16_000) / 20)
    for step in range(40):
        varied = vary(waveform, 0, step, 0)
        assert 0.86 < len(varied) / len(waveform) < 1.16
        assert torch.isfinite(varied).all() and 0.3 < varied.std() / waveform.std() < 1.8
