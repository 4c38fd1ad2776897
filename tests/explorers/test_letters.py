import re

import pytest
import torch

from w2v2course.ctc.forced import Alignment, Span, forced_align
from w2v2course.explorers.letters import WIDE, _lanes, letters_explorer, said

SYMBOLS = ["ε", "|", "a", "<"]


def sound(frames):
    return torch.sin(torch.arange(400 + 320 * (frames - 1)) / 5) * 0.3


def explorer(path=(0, 2, 2, 1, 0, 3, 0), words=()):
    """ "a", a boundary, "<", each certain; 7 frames are 0.145 s."""
    log_probs = torch.nn.functional.one_hot(torch.tensor(path), 4).double().clamp_min(1e-6).log()
    target = [label for t, label in enumerate(path) if label and (t == 0 or label != path[t - 1])]
    alignment = forced_align(log_probs[None], torch.tensor([target]))[0]
    return letters_explorer(sound(len(path)), alignment, SYMBOLS, "a <b>", words=words)


def test_pieces_by_hand():
    pieces = explorer().trace["pieces"]
    assert [piece["name"] for piece in pieces] == ["a", "|", "<", "a", "<"]
    # Frames 1 and 2 reach from sample 320 to sample 640 + 400; frame 3 from 960 to 1360; frame 5 from 1600 to 2000.
    assert [(piece["from"], piece["to"]) for piece in pieces[:3]] == [(0.02, 0.065), (0.06, 0.085), (0.1, 0.125)]
    # Words: from the first letter's frame to the next word's, the last one to the clip's end (2320 samples).
    assert [(piece["from"], piece["to"]) for piece in pieces[3:]] == [(0.02, 0.1), (0.1, 0.145)]


def test_names_share_a_line_unless_they_would_touch():
    assert _lanes([10, 30, 50]) == [0, 0, 0]
    assert _lanes([10, 12, 14, 30]) == [0, 1, 2, 0]
    # More than four in a heap: the line that was left longest ago takes the fifth.
    assert _lanes([10, 11, 12, 13, 14]) == [0, 1, 2, 3, 0]


def test_words():
    pieces = explorer(words=(("a", 0.0, 0.09), ("<", 0.09, 0.145))).trace["pieces"]
    assert said(pieces[0]) == "Letter 1 of 3, a: frames 1 to 2, 0.02 to 0.07 s, probability 1.00 a frame."
    assert said(pieces[1], wide=True) == (
        "Letter 2 of 3, | (word boundary): frame 3, 0.06 to 0.09 s, probability 1.00 a frame." + WIDE
    )
    assert said(pieces[3]) == (
        "Word 1 of 2, a: from its first letter, 0.02 s, to the next word's, 0.10 s. In truth from 0.00 to 0.09 s."
    )
    assert said(pieces[4]).startswith("Word 2 of 2, <: from its first letter, 0.10 s, to the clip's end, 0.14 s.")


def test_the_first_state_is_there_without_javascript():
    shown = explorer(words=(("a", 0.0, 0.09), ("<", 0.09, 0.145)))._repr_html_()
    static = shown.split('<script type="application/json"')[0]
    assert static.count("data-piece>") == 5 and static.count("<rect") == 3 and static.count("<line") == 2
    assert 'src="data:audio/wav;base64,' in static and "Click a letter" in static
    assert "&lt;b&gt;" in static and "<b>" not in static
    places = [float(left) for left in re.findall(r"left:([\d.]+)%", static)]
    assert places == sorted(places) and all(0 <= place <= 100 for place in places)


def test_the_same_bytes_each_time():
    assert explorer()._repr_html_() == explorer()._repr_html_()


def test_silence_is_drawn_too():
    alignment = Alignment((0, 2), 0.0, (Span(2, 1, 2, 0.0),))
    assert "nan" not in letters_explorer(torch.zeros(720), alignment, SYMBOLS, "silence").body


@pytest.mark.parametrize(
    ("waveform", "alignment", "message"),
    [
        (sound(2), Alignment((0, 0), 0.0, ()), "alignment has no letter"),
        (sound(3), Alignment((0, 2), 0.0, (Span(2, 1, 2, 0.0),)), "alignment has 2 frames, but the waveform gives 3"),
        (sound(2), Alignment((0, 9), 0.0, (Span(9, 1, 2, 0.0),)), "label 9 has no name"),
        (sound(2)[None], Alignment((0, 2), 0.0, (Span(2, 1, 2, 0.0),)), "waveform must be one row of samples"),
    ],
)
def test_bad_input_gets_a_sentence(waveform, alignment, message):
    with pytest.raises(ValueError, match=message):
        letters_explorer(waveform, alignment, SYMBOLS, "x")
