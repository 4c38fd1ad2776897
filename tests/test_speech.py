import hashlib
import json
import shutil
from itertools import pairwise

import pytest
import torch
from torch.utils.data import DataLoader

from w2v2course import speech
from w2v2course.vocabulary import Vocabulary

WORDS = set("zero one two three four five six seven eight nine".split())


@pytest.fixture(scope="module")
def vocabulary():
    return Vocabulary(["ε", "|", *"abcdefghijklmnopqrstuvwxyz'"], blank=0)


def manifest(folder):
    return json.loads((speech.AUDIO / folder / "manifest.json").read_text())


# ── recordings ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_recording_loads_and_is_what_the_manifest_says():
    clips, entries = speech.load("recordings"), manifest("recordings")["clips"]
    assert clips.ids == [entry["id"] for entry in entries] and len(set(clips.ids)) == len(clips) > 300
    for clip, entry in zip(clips, entries, strict=True):
        assert clip.sample_rate == 16_000 and clip.waveform.dtype == torch.float32
        assert clip.waveform.shape == (entry["samples"],)
        assert 0.2 < clip.seconds <= 4.1
        assert -40 < 20 * clip.waveform.std().log10() < -10, "decibels: neither silence nor noise"
        assert clip.waveform.abs().max() <= 1
        assert clip.text and set(clip.text) <= set("abcdefghijklmnopqrstuvwxyz' ")
        assert clip.licence == "CC-BY-SA-3.0" and "Allison Smith" in clip.source
        assert clip.spans == ()


def test_digits_come_in_order_letters_and_sentences_are_there():
    assert speech.load("digits").texts == "zero one two three four five six seven eight nine".split()
    assert {f"letter-{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"} <= set(speech.load("recordings").ids)
    sentences = speech.load("sentences")
    assert len(sentences) > 100 and all(len(text.split()) >= 3 for text in sentences.texts)
    assert speech.load("weasels").text == "weasels have eaten our phone system"


# ── synthetic digits ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("split", "count", "words"),
    [
        ("train", 3000, range(1, 5)),
        ("validation", 200, range(1, 5)),
        ("test", 200, range(1, 5)),
        ("test-unseen", 200, range(1, 5)),
        ("long", 100, range(8, 13)),
        ("long-unseen", 100, range(8, 13)),
    ],
)
def test_every_synthetic_split_is_what_its_name_says(split, count, words):
    clips, entries = speech.load(split), manifest("synthetic")["splits"][split]["utterances"]
    voices = manifest("synthetic")["voices"]
    allowed = set(voices["unseen" if "unseen" in split else "seen"])
    assert len(clips) == count
    assert {len(text.split()) for text in clips.texts} == set(words)
    assert set(" ".join(clips.texts).split()) == WORDS
    assert {entry["voice"].split("+")[1] for entry in entries} <= allowed
    assert not set(voices["seen"]) & set(voices["unseen"])


@pytest.mark.parametrize("split", ["test", "long-unseen"])
def test_synthetic_clips_are_speech_with_spans(split):
    for clip in speech.load(split):
        assert clip.waveform.dtype == torch.float32 and clip.waveform.abs().max() > 0.3
        assert [word for word, _, _ in clip.spans] == clip.text.split()
        starts, ends = [start for _, start, _ in clip.spans], [end for _, _, end in clip.spans]
        assert starts == sorted(starts) and ends == [*starts[1:], clip.seconds] and starts[0] < 0.1


def test_true_timings_are_true():
    """An independent check: the hiss of 'six' and 'seven' begins where the word is said to begin."""
    late = []
    for clip in speech.load("long"):
        # How much hiss: size of the second difference, in windows of 10 ms, one each 5 ms.
        hiss = torch.diff(clip.waveform, n=2).abs().unfold(0, 160, 80).mean(-1)
        for (before, _, _), (word, start, end) in pairwise(clip.spans):
            if word in ("six", "seven") and before != "six" and end - start > 0.2:
                first, last = int(start * 200), int((start + 0.1) * 200)
                peak = onset = first + int(hiss[first:last].argmax())
                while onset > first - 20 and hiss[onset] > 0.15 * hiss[peak]:
                    onset -= 1
                late.append((onset + 1) / 200 + 0.005 - start)
    late = torch.tensor(late)
    assert len(late) > 100
    assert late.abs().max() < 0.03 and (late.abs() < 0.02).float().mean() > 0.95


def test_packed_clips_do_not_leak_into_each_other():
    entries = manifest("synthetic")["splits"]["test"]["utterances"]
    samples = speech._pack("test")
    for one, other in pairwise(entries):
        gap = samples[one["start"] + one["samples"] + 200 : other["start"] - 200].float() / 32768
        assert len(gap) == 1200 and gap.abs().max() < 0.02


# ── splits and batches ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_split_is_a_sequence_and_lazy(monkeypatch):
    monkeypatch.setattr(speech, "_decode", lambda *_: pytest.fail("decoded"))
    split = speech.load("train")
    assert len(split) == 3000 and len(split[10:20]) == 10 and split[10:20].ids == split.ids[10:20]
    speech._pack.cache_clear()
    with pytest.raises(pytest.fail.Exception):
        split[0]


def test_reading_twice_gives_the_same():
    first, second = speech.load("test")[3], speech.load("test")[3]
    assert first.id == second.id == "test-0003" and torch.equal(first.waveform, second.waveform)
    assert speech.load("test")[-1].id == "test-0199"
    with pytest.raises(IndexError):
        speech.load("test")[200]


def test_batches(vocabulary):
    clips = speech.load("test")[:6]
    loader = DataLoader(speech.SpeechDataset(clips, vocabulary), batch_size=4, collate_fn=speech.collate)
    batches = list(loader)
    assert [len(batch[0]) for batch in batches] == [4, 2]
    waveforms, lengths, targets, target_lengths = batches[0]
    assert waveforms.shape == (4, int(lengths.max())) and targets.shape == (4, int(target_lengths.max()))
    for row in range(4):
        assert torch.equal(waveforms[row, : lengths[row]], clips[row].waveform)
        assert waveforms[row, lengths[row] :].eq(0).all()
        assert vocabulary.decode(targets[row, : target_lengths[row]].tolist()) == clips[row].text
        assert targets[row, target_lengths[row] :].eq(0).all()


def test_lengths_are_known_without_decoding(vocabulary):
    for split in ("digits", "test"):
        clips = speech.load(split)[:5]
        expected = [len(clip.waveform) for clip in clips]
        assert speech.SpeechDataset(clips, vocabulary).samples == expected
        assert speech.SpeechDataset(list(clips), vocabulary).samples == expected


def test_an_empty_batch_gets_a_sentence():
    with pytest.raises(ValueError, match="examples is empty"):
        speech.collate([])


# ── what can be wrong ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("folder", ["recordings", "synthetic"])
def test_nothing_in_the_folders_is_missing_from_the_manifests(folder):
    whole = manifest(folder)
    listed = {entry["file"] for entry in whole.get("clips") or whole["splits"].values()}
    assert {path.name for path in (speech.AUDIO / folder).iterdir()} == listed | {"manifest.json", "LICENSE"}


def test_the_sound_stays_small():
    sizes = {
        folder: sum(path.stat().st_size for path in (speech.AUDIO / folder).iterdir())
        for folder in ("recordings", "synthetic")
    }
    assert sizes["recordings"] < 4e6 and sizes["synthetic"] < 8e6


def test_an_unknown_name_gets_a_sentence():
    with pytest.raises(
        ValueError, match="there is no clip or split 'stra'; splits are recordings, digits, sentences, train"
    ):
        speech.load("stra")


@pytest.fixture
def copy(tmp_path, monkeypatch):
    for folder, names in {
        "recordings": ["star.opus", "manifest.json"],
        "synthetic": ["test.opus", "manifest.json"],
    }.items():
        (tmp_path / folder).mkdir()
        for name in names:
            shutil.copy(speech.AUDIO / folder / name, tmp_path / folder)
    monkeypatch.setattr(speech, "AUDIO", tmp_path)
    speech._pack.cache_clear()
    yield tmp_path
    speech._pack.cache_clear()


@pytest.mark.parametrize(
    "harm", [lambda data: data[:-1], lambda data: data[:500] + bytes([data[500] ^ 1]) + data[501:]]
)
@pytest.mark.parametrize(("file", "use"), [("recordings/star.opus", "star"), ("synthetic/test.opus", "test")])
def test_a_changed_or_truncated_file_is_named(copy, harm, file, use):
    path = copy / file
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(harm(path.read_bytes()))
    assert hashlib.sha256(path.read_bytes()).hexdigest() != before
    with pytest.raises(OSError, match=rf"{file} was changed or cut short .*reinstall"):
        speech.load("star") if use == "star" else speech.load(use)[0]


def test_a_missing_file_is_named(copy):
    (copy / "recordings" / "star.opus").unlink()
    with pytest.raises(OSError, match=r"recordings/star.opus is missing from the package"):
        speech.load("star")
