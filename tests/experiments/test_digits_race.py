import pytest
import torch

from w2v2course import speech
from w2v2course.experiments import digits_race
from w2v2course.experiments.digits_race import DigitListener, digit_error, digits_of, joined, train_digits
from w2v2course.experiments.log_mel import BANDS, SIZE, log_mel, mel_filters


def test_filters_are_triangles_side_by_side():
    filters = mel_filters()
    assert filters.shape == (BANDS, 201) and (filters >= 0).all() and (filters.amax(1) > 0.2).all()
    peaks = filters.argmax(1)
    assert (peaks.diff() >= 0).all() and 40 * peaks[0] > 60 and 40 * peaks[-1] < 8000  # bins of 40 Hz


def test_a_tone_is_seen_in_its_band_and_frames_come_fifty_a_second():
    time = torch.arange(16_000) / 16_000
    tone = (2 * torch.pi * 1000 * time).sin() * (time > 0.5)  # silence, then 1000 Hz
    frames = log_mel(tone)
    assert frames.shape == (49, SIZE)
    risen = (frames[40, :BANDS] - frames[5, :BANDS]).argmax()
    centre = 40 * mel_filters()[risen].argmax()
    assert abs(centre - 1000) <= 80
    torch.testing.assert_close(frames.mean(0), torch.zeros(SIZE), atol=0.1, rtol=0)


def test_too_short_a_sound_is_an_error():
    assert log_mel(torch.randn(560)).shape == (1, SIZE)
    with pytest.raises(ValueError, match="at least 560 samples"):
        log_mel(torch.randn(559))


def test_joined_clips_use_each_clip_once():
    assert digits_of("three zero nine") == [4, 1, 10]
    clips = speech.load("test")
    every = sorted(digit for clip in clips for digit in digits_of(clip.text))
    for times in (2, 8):
        examples = joined("test", times)
        assert len(examples) == len(clips) / times
        assert sorted(digit for _, digits in examples for digit in digits) == every
        assert max(len(frames) for frames, _ in examples) < digits_race.LONG


def test_the_listener_learns_and_the_same_seed_learns_the_same():
    examples = [example for example in joined("validation", 1) if len(example[1]) == 1][:32]
    models = []
    for _ in range(2):
        torch.manual_seed(0)
        losses = []
        model = train_digits(DigitListener(), examples, 40, 0, lambda _, loss, kept=losses: kept.append(loss))
        models.append(model)
    assert torch.equal(models[0].head.weight, models[1].head.weight)
    assert losses[-1] < 2.5 < losses[0]  # ln 10 = 2.3 is what guessing one digit costs
    assert 0 <= digit_error(model, examples) <= 1


def test_the_error_counts_edits():
    class Says(torch.nn.Module):
        """Writes 1 2 for every clip."""

        def forward(self, frames, lengths):
            logits = torch.zeros(*frames.shape[:2], 11)
            logits[:, 0, 1] = logits[:, 1, 2] = logits[:, 2:, 0] = 9.0
            return logits

    frames = torch.zeros(6, SIZE)
    examples = [(frames, [1, 2]), (frames, [2]), (frames, [1, 2, 3])]
    assert digit_error(Says(), examples) == pytest.approx(2 / 6)  # one too many, one missing


@pytest.mark.parametrize("scheme", digits_race.SCHEMES)
def test_every_scheme_is_a_model(scheme):
    positions, turn, _ = digits_race.SCHEMES[scheme]
    model = DigitListener(positions(), turn).train()
    frames, lengths = torch.randn(2, 30, SIZE), torch.tensor([30, 20])
    assert model(frames, lengths).shape == (2, 30, 11)
    assert model.eval()(torch.randn(1, 460, SIZE)).shape == (1, 460, 11)
