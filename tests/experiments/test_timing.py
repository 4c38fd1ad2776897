import pytest
import torch

from w2v2course import speech
from w2v2course.checkpoints import SMALL, load_checkpoint
from w2v2course.experiments.timing import WordTiming, timing_scores, word_timings
from w2v2course.tables import read_table
from w2v2course.vocabulary import Vocabulary


class Writes(torch.nn.Module):
    """Says with certainty what stands in each frame, whatever the sound."""

    def __init__(self, path):
        super().__init__()
        self.vocabulary = Vocabulary(["<pad>", "|", *"eghiorstw"], blank=0)
        self.config, self.blank, self.do_normalize = load_checkpoint(SMALL).config, 0, False
        symbols = self.vocabulary.symbols
        labels = torch.tensor([0 if s == "ε" else symbols.index(s) for s in path])
        self.logits = torch.nn.Parameter(20.0 * torch.nn.functional.one_hot(labels, len(symbols)).float()[None])

    def forward(self, waveforms):
        return self.logits, torch.tensor([self.logits.shape[1]])


def test_words_stand_where_their_first_and_last_letters_do():
    spans = (("two", 0.0, 0.1), ("six", 0.1, 0.4))
    path = "εtwoεε|eeightε"
    clip = speech.Clip("c", torch.zeros(8000), 16_000, "two eight", "", "", (spans[0], ("eight", 0.1, 0.4)))
    two, eight = word_timings(Writes(path), clip)
    assert two.word == "two" and two.start == pytest.approx(0.0325) and two.end == pytest.approx(0.0725)
    assert eight.start == pytest.approx(7 * 0.02 + 0.0125) and eight.end == pytest.approx(12 * 0.02 + 0.0125)
    assert two.error == pytest.approx(0.0325) and two.inside and eight.inside


def test_a_frame_of_slack_and_no_more():
    assert WordTiming("a", 0.481, 0.6, 0.5, 0.7).inside and WordTiming("a", 0.719, 0.8, 0.5, 0.7).inside
    assert not WordTiming("a", 0.479, 0.6, 0.5, 0.7).inside and not WordTiming("a", 0.721, 0.8, 0.5, 0.7).inside


def test_a_clip_without_timings_gets_a_sentence():
    with pytest.raises(ValueError, match="clip 'star' has no true timings"):
        word_timings(load_checkpoint(SMALL), speech.load("star"))


def test_the_shipped_table_is_what_the_shipped_model_gives():
    model = load_checkpoint(SMALL).eval()
    for row in read_table("timing.csv"):
        if row["split"] not in ("test", "long"):
            continue
        found = timing_scores(model, speech.load(row["split"]))
        assert found.words == int(row["words"])
        assert found.median == pytest.approx(float(row["median_ms"]), abs=3)
        assert found.inside == pytest.approx(float(row["inside"]), abs=0.01)
        assert found.inside > 0.75
