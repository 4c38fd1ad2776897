"""Checkpoints in the Hugging Face format, in and out (chapters `context-network` and `listen`).

A folder holds ``config.json``, ``model.safetensors``, and as a rule ``vocab.json``, ``tokenizer_config.json`` and
``preprocessor_config.json``. Only safetensors are read, never a pickle: opening a pickle runs what is in it.
"""

import json
import re
from os import PathLike
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from w2v2course.config import Wav2Vec2Config
from w2v2course.encoder import EncoderLayer
from w2v2course.model import Wav2Vec2ForCTC
from w2v2course.positions import ConvolutionalPositions
from w2v2course.vocabulary import BLANKS, Vocabulary, is_special, read_symbols, unused

# The course's own small model (chapter `listen`): a folder like any other, `load_checkpoint(SMALL)`.
SMALL = Path(__file__).parent / "models" / "small"

# How tensors begin there, and here. The first row that fits counts.
PREFIXES = (
    ("wav2vec2.feature_extractor.", "features."),
    ("wav2vec2.feature_projection.", "projection."),
    ("wav2vec2.encoder.pos_conv_embed.", "context.positions."),
    ("wav2vec2.encoder.", "context."),
    ("wav2vec2.masked_spec_embed", "masked_spec_embed"),
    ("lm_head.", "head."),
)
# Weight norm's two tensors, as older files and as newer ones spell them.
SPELLINGS = (("conv.weight_g", "conv.parametrizations.weight.original0"),
             ("conv.weight_v", "conv.parametrizations.weight.original1"))  # fmt: skip
# Files beside config.json and model.safetensors that say how to read them; a folder may have any of them.
BESIDE = ("model.safetensors.index.json", "vocab.json", "added_tokens.json", "tokenizer_config.json",
          "special_tokens_map.json", "preprocessor_config.json", "processor_config.json")  # fmt: skip


def load_checkpoint(path_or_hub_id: str | PathLike[str]) -> Wav2Vec2ForCTC:
    """Read a network from a folder, or from the Hugging Face Hub (chapter `context-network`).

    Args:
        path_or_hub_id: a folder, or ``owner/name`` on the Hub, which needs huggingface_hub (the extra ``hub``) and,
            unless it was downloaded before, a network.

    Returns:
        The network in float32, in evaluation mode, on the CPU; without a ``vocab.json`` its vocabulary is None. It has
        ``masked_spec_embed`` exactly if the file has: some releases do not.

    Raises:
        FileNotFoundError: no such folder, or a file is missing in it.
        ValueError: a file is broken or describes another network; or tensors are missing, unexpected or of a wrong
            shape, and the message names them.
        ModuleNotFoundError: a Hub id, without the extra.
        ConnectionError: a Hub id that can neither be downloaded nor is there from before.
    """
    folder = _folder(path_or_hub_id)
    values = _read_json(folder / "config.json")
    try:
        config = Wav2Vec2Config.from_dict(values)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{folder / 'config.json'}: {error}") from None
    tensors = _renamed(_read_tensors(folder), folder)
    with torch.device("meta"):  # no time and no memory for weights that are replaced at once
        model = Wav2Vec2ForCTC(config, _read_vocabulary(folder, config))
        has_embedding = "masked_spec_embed" in tensors
        model.masked_spec_embed = nn.Parameter(torch.empty(config.hidden_size)) if has_embedding else None
    _check_tensors(tensors, model, folder)
    model.load_state_dict(tensors, assign=True)
    path, extractor = _read_preprocessor(folder)
    if extractor is not None:
        rate = extractor.get("sampling_rate", 16_000)
        if rate != 16_000:
            raise ValueError(f"{path} has sampling_rate {rate}, but only 16000 is heard")
        model.do_normalize = bool(extractor.get("do_normalize", True))
        model.return_attention_mask = bool(extractor.get("return_attention_mask", False))
    return model.requires_grad_(True).eval()


def save_checkpoint(model: Wav2Vec2ForCTC, folder: str | PathLike[str]) -> None:
    """Write a network so that ``load_checkpoint`` and ``transformers`` read it (chapter `listen`).

    Args:
        model: with wav2vec 2.0's convolutional positions, those of its configuration; the format has no others.
        folder: made if it is not there; the files of a checkpoint that stood in it are replaced.

    Raises:
        ValueError: the model has other positions, or rotary ones.
    """
    config, positions = model.config, model.context.positions
    rotary = any(cast(EncoderLayer, layer).attention.rotate is not None for layer in model.context.layers)
    if rotary or not isinstance(positions, ConvolutionalPositions):
        raise ValueError(
            "model must have ConvolutionalPositions and no rotate to be saved: the format knows no other positions; "
            "torch.save(model.state_dict(), …) keeps any"
        )
    shape = (positions.conv.kernel_size[0], positions.conv.groups)
    if shape != (config.num_conv_pos_embeddings, config.num_conv_pos_embedding_groups):
        raise ValueError(
            f"model's positions have kernel_size and groups {shape}, but its configuration says "
            f"{(config.num_conv_pos_embeddings, config.num_conv_pos_embedding_groups)}; make them equal"
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # Half-written files are never left under the final name, where the last good ones may stand.
    tensors = {_renamed_back(name): tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors.part", metadata={"format": "pt"})
    (folder / "model.safetensors.part").replace(folder / "model.safetensors")
    for name in BESIDE:  # what belonged to the last checkpoint here would be read with this one
        (folder / name).unlink(missing_ok=True)
    dtype = str(model.head.weight.dtype).removeprefix("torch.")
    kind = {"model_type": "wav2vec2", "architectures": ["Wav2Vec2ForCTC"], "dtype": dtype}
    _write_json(folder / "config.json", kind | config.to_dict())
    if model.vocabulary is not None:
        symbols, blank = model.vocabulary.symbols, model.vocabulary.symbols[model.vocabulary.blank]
        _write_json(folder / "vocab.json", {symbol: label for label, symbol in enumerate(symbols)})
        tokenizer = {"tokenizer_class": "Wav2Vec2CTCTokenizer", "pad_token": blank, "do_lower_case": False}
        delimiter = {"word_delimiter_token": model.vocabulary.word_delimiter, "replace_word_delimiter_char": " "}
        _write_json(folder / "tokenizer_config.json", tokenizer | delimiter)
    extractor = {"feature_extractor_type": "Wav2Vec2FeatureExtractor", "feature_size": 1, "sampling_rate": 16_000}
    padding = {"padding_value": 0.0, "padding_side": "right", "do_normalize": model.do_normalize}
    mask = {"return_attention_mask": model.return_attention_mask}
    _write_json(folder / "preprocessor_config.json", extractor | padding | mask)


def _folder(path_or_hub_id: str | PathLike[str]) -> Path:
    folder = Path(path_or_hub_id)
    if folder.is_dir():
        return folder
    name = str(path_or_hub_id)
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name):
        raise FileNotFoundError(f"{name} is neither a folder here nor a Hub id, which has the form owner/name")
    try:
        import huggingface_hub
        from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            f"{name} is no folder here, and a Hub id needs huggingface_hub; install it with pip install huggingface_hub"
        ) from None
    try:
        return Path(
            huggingface_hub.snapshot_download(name, allow_patterns=["config.json", "model*.safetensors", *BESIDE])
        )
    except (RepositoryNotFoundError, HFValidationError):
        raise FileNotFoundError(f"{name} is neither a folder here nor a public repository on the Hub") from None
    except Exception as error:  # whatever the network's layers raise
        raise ConnectionError(
            f"{name} could not be downloaded from the Hub and is not there from before ({type(error).__name__}); "
            f"connect to a network, or give a folder"
        ) from error


def _read_json(path: Path) -> dict[str, object]:
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path.name} in {path.parent}; a checkpoint needs one")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}); fetch it again") from None
    if not isinstance(values, dict):
        raise ValueError(f"{path} should hold a JSON object, but holds a {type(values).__name__}")
    return values


def _write_json(path: Path, values: dict[str, object]) -> None:
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _read_tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors of a folder, from one file or from the parts that an index lists."""
    names = ["model.safetensors"]
    index = folder / "model.safetensors.index.json"
    if index.is_file() and not (folder / names[0]).is_file():
        parts = _read_json(index).get("weight_map")
        if not isinstance(parts, dict) or not all(isinstance(part, str) for part in parts.values()):
            raise ValueError(f"{index} should have a weight_map from tensors to files; fetch it again")
        names = sorted(set(parts.values()))
    tensors: dict[str, Tensor] = {}
    for name in names:
        path = folder / Path(name).name
        if not path.is_file():
            pickles = sorted(found.name for found in folder.glob("*.bin"))
            pickle = f", only {pickles[0]}, a pickle, which could run anything" if pickles else ""
            raise FileNotFoundError(
                f"there is no {path.name} in {folder}{pickle}; only safetensors are read: convert what is there"
            )
        try:
            tensors |= load_file(path)
        except SafetensorError as error:
            raise ValueError(f"{path} is truncated or no safetensors file ({error}); fetch it again") from None
    return tensors


def _renamed(tensors: dict[str, Tensor], folder: Path) -> dict[str, Tensor]:
    """Under our names, in float32, and copied: a loaded file is mapped into memory, and may be overwritten."""
    renamed = {}
    for name, tensor in tensors.items():
        ours = next((here + name[len(there) :] for there, here in PREFIXES if name.startswith(there)), name)
        for old, new in SPELLINGS:
            ours = ours.replace(old, new) if ours.startswith("context.positions.") else ours
        if ours in renamed:
            raise ValueError(f"{folder} has {name} twice, in both spellings of weight norm; remove one")
        renamed[ours] = tensor.to(torch.float32, copy=True)
    return renamed


def _renamed_back(name: str) -> str:
    return next((there + name[len(here) :] for there, here in PREFIXES if name.startswith(here)), name)


def _check_tensors(tensors: dict[str, Tensor], model: Wav2Vec2ForCTC, folder: Path) -> None:
    expected = model.state_dict()
    faults = {
        "missing": [_renamed_back(name) for name in expected if name not in tensors],
        "unexpected": [_renamed_back(name) for name in tensors if name not in expected],
        "misshapen": [
            f"{_renamed_back(name)} {tuple(tensors[name].shape)} instead of {tuple(wanted.shape)}"
            for name, wanted in expected.items()
            if name in tensors and tensors[name].shape != wanted.shape
        ],
    }
    told = [
        f"{kind}: {', '.join(names[:8])}{f' and {len(names) - 8} more' if len(names) > 8 else ''}"
        for kind, names in faults.items()
        if names
    ]
    if told:
        raise ValueError(f"the tensors in {folder} are not those that its config.json asks for; {'; '.join(told)}")


def _read_preprocessor(folder: Path) -> tuple[Path, dict[str, object] | None]:
    """What is to be done to waveforms, from the file of its own or, as newer folders have it, the processor's."""
    path = folder / "preprocessor_config.json"
    if path.is_file():
        return path, _read_json(path)
    path = folder / "processor_config.json"
    extractor = _read_json(path).get("feature_extractor") if path.is_file() else None
    return path, extractor if isinstance(extractor, dict) else None


def _read_vocabulary(folder: Path, config: Wav2Vec2Config) -> Vocabulary | None:
    path = folder / "vocab.json"
    if not path.is_file():
        return None
    symbols = read_symbols(path)
    added = _read_tokenizer(folder, "added_tokens_decoder", {})  # from labels, written as text, to tokens
    while isinstance(token := added.get(str(len(symbols))), dict) and isinstance(token.get("content"), str):
        symbols.append(token["content"])
    named = _read_tokenizer(folder, "pad_token")
    blank = next((symbols.index(name) for name in (named, *BLANKS) if name in symbols), None)
    blank = config.pad_token_id if blank is None else blank
    # As long as the head: tokenizers add special symbols which have no class, and heads have classes without a symbol.
    while len(symbols) > config.vocab_size and is_special(symbols[-1]) and len(symbols) - 1 != blank:
        symbols.pop()
    if len(symbols) > config.vocab_size:
        raise ValueError(f"{path} has {len(symbols)} symbols, but config.json has vocab_size {config.vocab_size}")
    symbols += [unused(label) for label in range(len(symbols), config.vocab_size)]
    return Vocabulary(symbols, blank, _read_tokenizer(folder, "word_delimiter_token", "|"))


def _read_tokenizer(folder: Path, key: str, default: Any = None) -> Any:
    """What the tokenizer's files say under this key; a token may be written with its properties."""
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        if (folder / name).is_file():
            value = _read_json(folder / name).get(key)
            if isinstance(value, dict) and "content" in value:
                value = value["content"]
            if value is not None:
                return value
    return default
