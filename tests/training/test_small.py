"""The shipped small model: what its card says is what it does."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

import w2v2course
from tests.reference import error
from w2v2course import speech
from w2v2course.checkpoints import SMALL, load_checkpoint, save_checkpoint
from w2v2course.features import normalize
from w2v2course.training.loop import Recipe
from w2v2course.training.metrics import evaluate
from w2v2course.training.small import REPORTED, card, small_config, small_model, small_vocabulary

FACTS = json.loads((SMALL / "scores.json").read_text())


@pytest.fixture(scope="module")
def model():
    return load_checkpoint(SMALL).eval()


@pytest.fixture(scope="module")
def scores(model):
    return {split: evaluate(model, speech.load(split)) for split in REPORTED}


@pytest.mark.parametrize("split", REPORTED)
def test_a_fresh_run_gives_the_error_rates_of_the_card(scores, split):
    # An edit or two of slack over thousands of letters: processors round differently, and ties may fall otherwise.
    fresh, told = scores[split], FACTS["scores"][split]
    assert fresh.clips == told["clips"] == len(speech.load(split))
    slack = 0.002 if split != "digits" else 0.03
    assert fresh.character_error_rate == pytest.approx(told["character_error_rate"], abs=slack)
    assert fresh.word_error_rate == pytest.approx(told["word_error_rate"], abs=2 * slack)
    assert abs(fresh.right - told["right"]) <= 1


def test_the_card_is_made_from_these_figures(scores):
    assert (SMALL / "README.md").read_text(encoding="utf-8") == card(FACTS, scores["digits"])


def test_the_card_names_the_recipe_that_the_command_uses(model):
    assert FACTS["recipe"] == asdict(Recipe())
    assert FACTS["cpu_seconds"] <= 30 * 60
    assert FACTS["parameters"] == sum(p.numel() for p in model.parameters())
    assert FACTS["utterances"] == len(speech.load("train"))
    assert model.config == small_config() and model.vocabulary == small_vocabulary()


def test_voices_heard_in_training_meet_the_bar():
    heard = FACTS["scores"]["test"]
    assert heard["character_error_rate"] <= 0.03 and heard["word_error_rate"] <= 0.11


def test_training_starts_from_a_network_of_the_shipped_shape(model):
    fresh, again = small_model(seed=0), small_model(seed=0)
    assert {name: p.shape for name, p in fresh.named_parameters()} == {
        name: p.shape for name, p in model.named_parameters()
    }
    assert all(torch.equal(p, q) for p, q in zip(fresh.parameters(), again.parameters(), strict=True))


def test_transformers_loads_it_with_equal_logits(model):
    from transformers import AutoConfig, AutoFeatureExtractor, AutoModelForCTC

    theirs = AutoModelForCTC.from_pretrained(SMALL).eval()
    assert AutoConfig.from_pretrained(SMALL).model_type == "wav2vec2"
    clip = speech.load("four")
    with torch.no_grad():
        ours, _ = model(normalize(clip.waveform[None]))
        given = AutoFeatureExtractor.from_pretrained(SMALL)(
            clip.waveform.numpy(), sampling_rate=clip.sample_rate, return_tensors="pt"
        )
        assert error(ours, theirs(given["input_values"]).logits) < 1e-5


def test_a_round_trip_changes_nothing(model, tmp_path):
    save_checkpoint(model, tmp_path)
    again = load_checkpoint(tmp_path)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), again.parameters(), strict=True))


def test_it_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(SMALL, tmp_path / "copy")
    clip = speech.load("test")[0]
    assert load_checkpoint(SMALL).transcribe(clip.waveform[None]) == load_checkpoint("copy").transcribe(
        clip.waveform[None]
    )


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def test_it_and_the_package_are_small():
    assert size(SMALL) <= 2e6
    assert size(Path(w2v2course.__file__).parent) <= 18e6
