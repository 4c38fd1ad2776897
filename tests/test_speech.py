import hashlib
import json
import shutil

import pytest
import torch

from w2v2course import speech


def test_every_recording_loads_and_is_what_the_manifest_says():
    clips = speech.load("recordings")
    entries = json.loads((speech.AUDIO / "manifest.json").read_text())["clips"]
    assert [clip.id for clip in clips] == [entry["id"] for entry in entries] and len(clips) > 10
    for clip, entry in zip(clips, entries, strict=True):
        assert clip.sample_rate == 16_000 and clip.waveform.dtype == torch.float32
        assert clip.waveform.shape == (entry["samples"],)
        assert 0.3 < clip.seconds < 4
        assert -30 < 20 * clip.waveform.std().log10() < -10, "decibels: neither silence nor noise"
        assert clip.waveform.abs().max() <= 1
        assert clip.text and set(clip.text) <= set("abcdefghijklmnopqrstuvwxyz' ")
        assert clip.licence == "CC-BY-SA-3.0" and "Allison Smith" in clip.source
        assert clip.spans == ()


def test_digits_come_in_order():
    texts = [clip.text for clip in speech.load("digits")]
    assert texts == "zero one two three four five six seven eight nine".split()


def test_nothing_in_the_folder_is_missing_from_the_manifest():
    listed = {entry["file"] for entry in json.loads((speech.AUDIO / "manifest.json").read_text())["clips"]}
    assert {path.name for path in speech.AUDIO.iterdir()} == listed | {"manifest.json", "LICENSE"}


def test_the_recordings_stay_small():
    assert sum(path.stat().st_size for path in speech.AUDIO.iterdir()) < 4e6


def test_an_unknown_name_gets_a_sentence():
    with pytest.raises(ValueError, match="there is no clip or split 'stra'; splits are recordings, digits, clips are"):
        speech.load("stra")


@pytest.fixture
def copy(tmp_path, monkeypatch):
    shutil.copytree(speech.AUDIO, tmp_path / "audio")
    monkeypatch.setattr(speech, "AUDIO", tmp_path / "audio")
    return tmp_path / "audio"


@pytest.mark.parametrize(
    "harm", [lambda data: data[:-1], lambda data: data[:500] + bytes([data[500] ^ 1]) + data[501:]]
)
def test_a_changed_or_truncated_file_is_named(copy, harm):
    file = copy / "star.opus"
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    file.write_bytes(harm(file.read_bytes()))
    assert hashlib.sha256(file.read_bytes()).hexdigest() != before
    with pytest.raises(OSError, match=r"star.opus was changed or cut short .*reinstall"):
        speech.load("star")


def test_a_missing_file_is_named(copy):
    (copy / "star.opus").unlink()
    with pytest.raises(OSError, match=r"star.opus is missing from the package"):
        speech.load("star")
