"""Checkpoints in the Hugging Face format."""

import builtins
import json
import shutil
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.reference import LAYOUTS, TINY, error, theirs
from w2v2course.checkpoints import load_checkpoint, save_checkpoint
from w2v2course.config import Wav2Vec2Config
from w2v2course.features import normalize
from w2v2course.model import Wav2Vec2ForCTC
from w2v2course.positions import ConvolutionalPositions, NoPositions, rotate
from w2v2course.vocabulary import Vocabulary

SYMBOLS = ["<pad>", "<s>", "</s>", "<unk>", "|", "a", "b", "c", "d", "e", "'"]
CLIPS = torch.tensor([4001, 2400, 777])


@pytest.fixture
def waveforms():
    torch.manual_seed(1)
    return torch.randn(3, 4001) * (torch.arange(4001) < CLIPS[:, None])


@pytest.fixture
def folder(tmp_path):
    """What `transformers` saves of a network with its processor."""
    return released(tmp_path / "released")


def released(folder, **fields):
    from transformers import Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor

    network = theirs(**fields)
    network.save_pretrained(folder)
    write(folder / "vocab.json", {symbol: label for label, symbol in enumerate(SYMBOLS)})
    Wav2Vec2CTCTokenizer(str(folder / "vocab.json")).save_pretrained(folder)
    masked = fields.get("feat_extract_norm", "group") == "layer"
    Wav2Vec2FeatureExtractor(return_attention_mask=masked).save_pretrained(folder)
    return folder


def write(path, values):
    path.write_text(json.dumps(values))


def change(path, **values):
    write(path, json.loads(path.read_text()) | values)


def tensors_of(folder):
    return load_file(folder / "model.safetensors")


def rewrite(folder, tensors):
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def small(**fields):
    torch.manual_seed(3)
    return Wav2Vec2ForCTC(Wav2Vec2Config(**TINY | fields), Vocabulary(SYMBOLS, 0)).eval()


# In and out


@pytest.mark.parametrize("layout", LAYOUTS)
def test_theirs_loads_here_and_ours_loads_there(tmp_path, layout, waveforms):
    from transformers import Wav2Vec2ForCTC as Network

    folder = released(tmp_path / "there", **layout)
    there, here = Network.from_pretrained(folder).eval(), load_checkpoint(folder)
    mask = (torch.arange(4001) < CLIPS[:, None]).long()
    with torch.no_grad():
        expected = there(waveforms, attention_mask=mask).logits
        logits, frame_lengths = here(waveforms, CLIPS)
        real = torch.arange(12) < frame_lengths[:, None]
        assert error(logits[real], expected[real]) < 1e-5
        save_checkpoint(here, tmp_path / "here")
        back = Network.from_pretrained(tmp_path / "here").eval()
        assert torch.equal(back(waveforms, attention_mask=mask).logits, expected)
        assert torch.equal(load_checkpoint(tmp_path / "here")(waveforms, CLIPS)[0], logits)
    before, after = tensors_of(folder), tensors_of(tmp_path / "here")
    assert set(before) == set(after)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_what_is_loaded(folder):
    network = load_checkpoint(folder)
    assert not network.training
    assert all(p.requires_grad and p.dtype == torch.float32 and p.device.type == "cpu" for p in network.parameters())
    assert network.vocabulary == Vocabulary(SYMBOLS, 0)
    assert network.config == Wav2Vec2Config(**TINY)
    assert network.do_normalize and not network.return_attention_mask
    assert load_checkpoint(str(folder)).config == network.config


def test_both_spellings_of_weight_norm(folder, waveforms):
    new = load_checkpoint(folder)
    tensors = tensors_of(folder)
    conv = "wav2vec2.encoder.pos_conv_embed.conv"
    for old, name in (("weight_g", "original0"), ("weight_v", "original1")):
        tensors[f"{conv}.{old}"] = tensors.pop(f"{conv}.parametrizations.weight.{name}")
    rewrite(folder, tensors)
    with torch.no_grad():
        assert torch.equal(load_checkpoint(folder)(waveforms)[0], new(waveforms)[0])
    tensors[f"{conv}.parametrizations.weight.original0"] = tensors[f"{conv}.weight_g"].clone()
    rewrite(folder, tensors)
    with pytest.raises(ValueError, match="twice, in both spellings of weight norm"):
        load_checkpoint(folder)


def test_masked_spec_embed_is_kept_and_its_absence_too(folder, tmp_path):
    expected = tensors_of(folder)["wav2vec2.masked_spec_embed"]
    network = load_checkpoint(folder)
    assert torch.equal(network.masked_spec_embed, expected)
    save_checkpoint(network, tmp_path / "with")
    assert torch.equal(tensors_of(tmp_path / "with")["wav2vec2.masked_spec_embed"], expected)
    # wav2vec2-base-960h itself comes without, though its configuration has mask_time_prob 0.05.
    rewrite(folder, {name: tensor for name, tensor in tensors_of(folder).items() if "masked" not in name})
    network = load_checkpoint(folder)
    assert network.masked_spec_embed is None
    save_checkpoint(network, tmp_path / "without")
    assert "wav2vec2.masked_spec_embed" not in tensors_of(tmp_path / "without")


def test_half_width_files_become_float32(folder, waveforms):
    rewrite(folder, {name: tensor.half() for name, tensor in tensors_of(folder).items()})
    assert load_checkpoint(folder)(waveforms)[0].dtype == torch.float32


def test_a_file_in_parts(folder, waveforms):
    with torch.no_grad():
        expected = load_checkpoint(folder)(waveforms)[0]
    tensors = tensors_of(folder)
    names = sorted(tensors)
    (folder / "model.safetensors").unlink()
    parts = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for part, held in parts.items():
        save_file({name: tensors[name] for name in held}, folder / part)
    weight_map = {name: part for part, held in parts.items() for name in held}
    write(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": weight_map})
    with torch.no_grad():
        assert torch.equal(load_checkpoint(folder)(waveforms)[0], expected)
    write(folder / "model.safetensors.index.json", {"weight_map": [1]})
    with pytest.raises(ValueError, match="should have a weight_map from tensors to files"):
        load_checkpoint(folder)


def test_a_folder_can_be_saved_over_while_its_network_lives(folder, waveforms):
    network = load_checkpoint(folder)
    with torch.no_grad():
        before = network(waveforms)[0]
        for _ in range(2):
            save_checkpoint(network, folder)
        (folder / "model.safetensors").write_bytes(b"")
        assert torch.equal(network(waveforms)[0], before)


def test_a_trained_network_goes_out_and_comes_back(tmp_path, waveforms):
    """Made and stepped here, in another layout, with the blank last and a delimiter of its own."""
    vocabulary = Vocabulary("ab chdefg'_", blank="_", word_delimiter=" ")
    config = Wav2Vec2Config(**TINY | {"feat_extract_norm": "layer", "conv_bias": True, "layerdrop": 0.25})
    network = Wav2Vec2ForCTC(config, vocabulary)
    network(waveforms)[0].square().mean().backward()
    torch.optim.SGD(network.parameters(), lr=0.1).step()
    network.do_normalize = False
    save_checkpoint(network, tmp_path)
    again = load_checkpoint(tmp_path)
    assert again.vocabulary == vocabulary and again.blank == 10
    assert again.config == network.config
    assert (again.do_normalize, again.return_attention_mask) == (False, True)
    with torch.no_grad():
        assert torch.equal(again(waveforms)[0], network.eval()(waveforms)[0])
    assert again.transcribe(waveforms, CLIPS) == network.transcribe(waveforms, CLIPS)


def test_transformers_transcribes_with_what_is_saved_here(tmp_path, waveforms):
    from transformers import Wav2Vec2ForCTC as Network
    from transformers import Wav2Vec2Processor

    for blank, letters in ((0, "_|abcdefgh'"), (10, "abcdefgh|'_")):
        network = small(feat_extract_norm="layer")
        network = Wav2Vec2ForCTC(network.config, Vocabulary(letters, blank)).eval()
        with torch.no_grad():
            network.head.weight.mul_(30)
        save_checkpoint(network, tmp_path)
        processor, there = Wav2Vec2Processor.from_pretrained(tmp_path), Network.from_pretrained(tmp_path).eval()
        clips = [row[:n].numpy() for row, n in zip(waveforms, CLIPS, strict=True)]
        given = processor(clips, sampling_rate=16_000, padding=True, return_tensors="pt")
        torch.testing.assert_close(given.input_values, normalize(waveforms, CLIPS), rtol=0, atol=1e-5)
        with torch.no_grad():
            ids = there(**given).logits.argmax(-1)
        expected = [processor.decode(row[:n]) for row, n in zip(ids, (12, 7, 2), strict=True)]
        assert network.transcribe(waveforms, CLIPS) == expected
        assert any(expected)


def test_preprocessor_is_obeyed(folder):
    change(folder / "preprocessor_config.json", do_normalize=False, return_attention_mask=True)
    network = load_checkpoint(folder)
    assert (network.do_normalize, network.return_attention_mask) == (False, True)
    change(folder / "preprocessor_config.json", sampling_rate=8000)
    with pytest.raises(ValueError, match="has sampling_rate 8000, but only 16000 is heard"):
        load_checkpoint(folder)
    (folder / "preprocessor_config.json").unlink()
    assert load_checkpoint(folder).do_normalize


def test_a_processors_own_file_is_obeyed(folder, tmp_path):
    """Newer folders keep the preprocessor inside the processor's file."""
    from transformers import Wav2Vec2CTCTokenizer, Wav2Vec2FeatureExtractor, Wav2Vec2Processor

    extractor = Wav2Vec2FeatureExtractor(do_normalize=False, return_attention_mask=True)
    tokenizer = Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
    for name in ("preprocessor_config.json", "tokenizer_config.json", "vocab.json"):
        (folder / name).unlink()
    Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    network = load_checkpoint(folder)
    assert (network.do_normalize, network.return_attention_mask) == (False, True)
    assert network.vocabulary == Vocabulary(SYMBOLS, 0)


def test_nothing_of_the_last_checkpoint_in_a_folder_is_read_with_the_next(folder):
    write(folder / "added_tokens.json", {"<x>": 11})
    write(folder / "special_tokens_map.json", {"pad_token": "b"})
    write(folder / "processor_config.json", {"feature_extractor": {"sampling_rate": 8000}})
    network = Wav2Vec2ForCTC(Wav2Vec2Config(**TINY)).eval()
    save_checkpoint(network, folder)
    assert load_checkpoint(folder).vocabulary is None
    network = small()
    save_checkpoint(network, folder)
    assert load_checkpoint(folder).vocabulary == network.vocabulary
    names = {"config.json", "model.safetensors", "vocab.json", "tokenizer_config.json", "preprocessor_config.json"}
    assert {path.name for path in folder.iterdir()} == names


# Vocabularies


def vocabulary_of(folder, table, tokenizer=None, **config):
    for name in ("vocab.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"):
        (folder / name).unlink(missing_ok=True)
    write(folder / "vocab.json", table)
    if tokenizer is not None:
        write(folder / "tokenizer_config.json", tokenizer)
    change(folder / "config.json", **config)
    return load_checkpoint(folder).vocabulary


def test_vocabularies_as_they_are_found(folder):
    letters = {letter: label for label, letter in enumerate("|abcdefgh")}
    first = vocabulary_of(folder, letters | {"[UNK]": 9, "[PAD]": 10})  # a delimiter is label 0
    assert (first.blank, first.symbols[0], first.decode([0, 1, 0, 9, 2])) == (10, "|", "a b")
    named = vocabulary_of(folder, letters | {"_": 9, "<pad>": 10}, {"pad_token": "_", "word_delimiter_token": "h"})
    assert (named.blank, named.word_delimiter) == (9, "h")
    assert named.decode([1, 8, 2, 10]) == "a b"
    properties = {"pad_token": {"content": "_", "lstrip": False}}
    assert vocabulary_of(folder, letters | {"_": 9, "<pad>": 10}, properties).blank == 9
    decoder = {"9": {"content": "[PAD]"}, "10": {"content": "<s>"}, "0": {"content": "|"}}
    added = vocabulary_of(folder, letters, {"added_tokens_decoder": decoder})
    assert (added.blank, added.symbols[9:]) == (9, ("[PAD]", "<s>"))
    by_config = vocabulary_of(folder, {letter: label for label, letter in enumerate("ab|cdefghij")}, pad_token_id=7)
    assert by_config.blank == 7


def test_a_vocabulary_shorter_or_longer_than_the_head(folder):
    short = vocabulary_of(folder, {"<pad>": 0, "|": 1, "a": 2})
    assert len(short) == 11 and short.decode([2, 5, 2]) == "aa"
    table = {symbol: label for label, symbol in enumerate(SYMBOLS)}
    assert len(vocabulary_of(folder, table | {"<s2>": 11, "</s2>": 12})) == 11
    with pytest.raises(ValueError, match=r"has 12 symbols, but config\.json has vocab_size 11"):
        vocabulary_of(folder, table | {"z": 11})


def test_no_vocabulary(folder, tmp_path, waveforms):
    (folder / "vocab.json").unlink()
    network = load_checkpoint(folder)
    assert network.vocabulary is None
    save_checkpoint(network, tmp_path / "again")
    assert not (tmp_path / "again" / "vocab.json").exists()
    with pytest.raises(ValueError, match="transcribe needs a vocabulary"):
        load_checkpoint(tmp_path / "again").transcribe(waveforms)


# What is wrong is named


def test_missing_unexpected_and_misshapen_tensors_are_named(folder):
    tensors = tensors_of(folder)
    tensors["wav2vec2.encoder.odd"] = torch.ones(1)
    tensors["quantizer.codevectors"] = torch.ones(1)
    tensors["lm_head.weight"] = torch.ones(12, 32)
    del tensors["wav2vec2.feature_projection.projection.bias"]
    rewrite(folder, tensors)
    with pytest.raises(ValueError) as caught:
        load_checkpoint(folder)
    told = str(caught.value)
    assert "missing: wav2vec2.feature_projection.projection.bias;" in told
    assert "unexpected: " in told and "wav2vec2.encoder.odd" in told and "quantizer.codevectors" in told
    assert "misshapen: lm_head.weight (12, 32) instead of (11, 32)" in told


def test_many_missing_tensors_are_counted(folder):
    rewrite(folder, {"lm_head.bias": torch.zeros(11)})
    with pytest.raises(ValueError, match=r"missing: .* and \d+ more"):
        load_checkpoint(folder)


@pytest.mark.parametrize("kept", [0, 4, 100, 3000])
def test_a_truncated_file(folder, kept):
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:kept])
    with pytest.raises(ValueError, match=r"model\.safetensors is truncated or no safetensors file"):
        load_checkpoint(folder)


def test_a_pickle_under_the_name_is_not_opened(folder):
    class Bomb:
        def __reduce__(self):
            return (print, ("opened",))

    torch.save({"weight": Bomb()}, folder / "model.safetensors")
    with pytest.raises(ValueError, match=r"model\.safetensors is truncated or no safetensors file"):
        load_checkpoint(folder)


def test_a_pickle_alone_is_not_read(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(FileNotFoundError, match=r"no model\.safetensors in .*, only pytorch_model\.bin, a pickle"):
        load_checkpoint(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file(folder, name):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"there is no {name} in "):
        load_checkpoint(folder)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"feat_extract_norm": "batch"}, r"config\.json: feat_extract_norm must be 'group' or 'layer', but is 'batch'"),
        ({"hidden_size": "big"}, r"config\.json: hidden_size must be a whole number"),
        ({"model_type": "hubert"}, r"config\.json: model_type must be 'wav2vec2', but is 'hubert'"),
        ({"adapter_attn_dim": 16}, r"config\.json: adapter_attn_dim is 16"),
    ],
)
def test_a_bad_configuration(folder, values, message):
    change(folder / "config.json", **values)
    with pytest.raises(ValueError, match=message):
        load_checkpoint(folder)


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json", "tokenizer_config.json", "vocab.json"])
def test_files_that_are_no_json(folder, name):
    (folder / name).write_text('{"a": ')
    with pytest.raises(ValueError, match=rf"{name} is not JSON"):
        load_checkpoint(folder)
    (folder / name).write_bytes(b"\xff\xfe{}")
    with pytest.raises(ValueError, match=rf"{name} is not JSON"):
        load_checkpoint(folder)
    (folder / name).write_text("[1]")
    with pytest.raises(ValueError, match=rf"{name} should "):
        load_checkpoint(folder)


def test_what_the_format_cannot_hold(tmp_path):
    config = Wav2Vec2Config(**TINY)
    for network in (
        Wav2Vec2ForCTC(config, positions=NoPositions()),
        Wav2Vec2ForCTC(config, rotate=rotate),
    ):
        with pytest.raises(ValueError, match="must have ConvolutionalPositions and no rotate to be saved"):
            save_checkpoint(network, tmp_path)
    with pytest.raises(ValueError, match=r"kernel_size and groups \(8, 4\), but its configuration says \(16, 4\)"):
        save_checkpoint(Wav2Vec2ForCTC(config, positions=ConvolutionalPositions(32, 8, 4)), tmp_path)
    assert not list(tmp_path.iterdir())


# The Hub, without a network


@pytest.fixture
def cache(folder, tmp_path, monkeypatch):
    """A cache as huggingface_hub lays it out, with one repository in it, and no network."""
    constants = pytest.importorskip("huggingface_hub.constants")
    commit = "0123456789abcdef0123456789abcdef01234567"
    home = tmp_path / "hub" / "models--someone--small-wav2vec2"
    shutil.copytree(folder, home / "snapshots" / commit)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "hub"


def test_a_hub_id_from_the_cache(cache, folder, waveforms):
    with torch.no_grad():
        assert torch.equal(
            load_checkpoint("someone/small-wav2vec2")(waveforms)[0], load_checkpoint(folder)(waveforms)[0]
        )


def test_no_network(cache):
    with pytest.raises(
        ConnectionError, match=r"someone/other could not be downloaded .* connect to a network"
    ) as caught:
        load_checkpoint("someone/other")
    assert "\n" not in str(caught.value)


def test_neither_a_folder_nor_an_id(tmp_path):
    for name in (str(tmp_path / "nothing"), "nothing", "./some/where", "a/b/c"):
        with pytest.raises(
            FileNotFoundError, match="is neither a folder here nor a Hub id, which has the form owner/name"
        ):
            load_checkpoint(name)


def test_without_the_extra(monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **named):
        if name.split(".")[0] == "huggingface_hub":
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModuleNotFoundError, match=r"pip install huggingface_hub"):
        load_checkpoint("someone/small-wav2vec2")


def test_importing_is_cheap():
    script = (
        "import sys, w2v2course.checkpoints\n"
        "heavy = {'transformers', 'huggingface_hub', 'matplotlib', 'numba', 'scipy', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
