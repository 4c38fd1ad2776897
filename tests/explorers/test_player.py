import base64
import io
import re

import pytest
import soundfile
import torch

from w2v2course.explorers.player import Player


def test_what_is_played_is_what_was_given():
    waveform = torch.sin(torch.arange(1600) / 10) * 0.5
    samples, rate = soundfile.read(io.BytesIO(Player(waveform, "a tone").wav()))
    assert rate == 16_000
    assert (torch.from_numpy(samples) - waveform).abs().max() < 1 / 32767


def test_loud_samples_are_clipped_not_wrapped():
    samples, _ = soundfile.read(io.BytesIO(Player(torch.tensor([3.0, -3.0]), "loud").wav()))
    assert samples[0] > 0.99 and samples[1] < -0.99


def test_the_page_holds_the_sound_itself_and_says_what_it_is():
    player = Player(torch.zeros(160), 'the "o" of <hello>', credit="Recording: A & B")
    shown = player._repr_html_()
    assert shown == player._repr_html_()
    assert "the &quot;o&quot; of &lt;hello&gt;" in shown and "A &amp; B" in shown
    data = re.search(r'src="data:audio/wav;base64,([^"]+)"', shown)[1]
    assert base64.b64decode(data) == player.wav()
    assert "http" not in shown


@pytest.mark.parametrize(
    ("waveform", "error", "message"),
    [
        ([0.0], TypeError, "waveform must be a tensor"),
        (torch.zeros(4, dtype=torch.int16), TypeError, "waveform must hold floating numbers"),
        (torch.zeros(2, 4), ValueError, r"one row of samples, but its shape is \(2, 4\)"),
        (torch.zeros(0), ValueError, "one row of samples"),
    ],
)
def test_bad_sound_gets_a_sentence(waveform, error, message):
    with pytest.raises(error, match=message):
        Player(waveform, "x")
