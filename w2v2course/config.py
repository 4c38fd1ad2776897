"""Every size and switch of the network in one place, named as in config.json (chapter `context-network`)."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any

import torch.nn.functional as F
from torch import Tensor

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu,
    "gelu_new": partial(F.gelu, approximate="tanh"),
    "gelu_pytorch_tanh": partial(F.gelu, approximate="tanh"),
    "gelu_fast": partial(F.gelu, approximate="tanh"),
    "leaky_relu": F.leaky_relu,
    "mish": F.mish,
    "relu": F.relu,
    "relu6": F.relu6,
    "sigmoid": F.sigmoid,
    "silu": F.silu,
    "swish": F.silu,
    "tanh": F.tanh,
}


def activation_function(name: str, argument: str = "activation") -> Callable[[Tensor], Tensor]:
    """The element-wise function of this name.

    Raises:
        ValueError: no such name.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"{argument} must be one of {', '.join(ACTIVATIONS)}, but is {name!r}")
    return ACTIVATIONS[name]


@dataclass(frozen=True)
class Wav2Vec2Config:
    """The shape of a wav2vec 2.0 with a CTC head; the defaults are those of BASE (chapter `context-network`).

    Args:
        vocab_size: C, classes of the head, the blank included.
        hidden_size: D, width of the frames in the Transformer.
        num_hidden_layers, num_attention_heads, intermediate_size: layers, heads H, width of the feed-forward.
        hidden_act: activation of the feed-forward.
        hidden_dropout, activation_dropout, attention_dropout, feat_proj_dropout, final_dropout: probabilities of
            dropping, while training: after each block, inside the feed-forward, an attention weight, after the
            projection of the features, before the head.
        layerdrop: probability of skipping a whole layer while training.
        layer_norm_eps: added to the variance in the projection's and the Transformer's norms.
        feat_extract_norm: "group": the first convolution has a norm for each channel, over time. "layer": every
            convolution has a norm for each frame, over channels.
        feat_extract_activation: activation after each convolution; the positional convolution's too.
        conv_dim, conv_stride, conv_kernel, conv_bias: channels, stride and kernel of each convolution; a bias or not.
        num_conv_pos_embeddings, num_conv_pos_embedding_groups: kernel and groups of the positional convolution.
        do_stable_layer_norm: False: each layer normalises its sums (post-norm); True: its inputs (pre-norm).
        pad_token_id: label of the blank.

    The fields after these change nothing here: they say how a checkpoint was, or is to be, trained elsewhere, and are
    kept so that nothing is lost from one ``config.json`` to the next.

    Raises:
        TypeError: a field is of another kind than its default.
        ValueError: a value, or a combination of values, that no network can have.

    Source: Baevski et al. (2020), arXiv 2006.11477, section 4.2 (whose BASE has 8 heads; every published checkpoint
    of it has 12).
    """

    vocab_size: int = 32
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_act: str = "gelu"
    hidden_dropout: float = 0.1
    activation_dropout: float = 0.1
    attention_dropout: float = 0.1
    feat_proj_dropout: float = 0.0
    final_dropout: float = 0.1
    layerdrop: float = 0.1
    layer_norm_eps: float = 1e-5
    feat_extract_norm: str = "group"
    feat_extract_activation: str = "gelu"
    conv_dim: tuple[int, ...] = (512,) * 7
    conv_stride: tuple[int, ...] = (5, 2, 2, 2, 2, 2, 2)
    conv_kernel: tuple[int, ...] = (10, 3, 3, 3, 3, 2, 2)
    conv_bias: bool = False
    num_conv_pos_embeddings: int = 128
    num_conv_pos_embedding_groups: int = 16
    do_stable_layer_norm: bool = False
    pad_token_id: int = 0
    # Kept, not used:
    initializer_range: float = 0.02
    apply_spec_augment: bool = True
    mask_time_prob: float = 0.05
    mask_time_length: int = 10
    mask_time_min_masks: int = 2
    mask_feature_prob: float = 0.0
    mask_feature_length: int = 10
    mask_feature_min_masks: int = 0
    ctc_loss_reduction: str = "sum"
    ctc_zero_infinity: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            self._check_kind(field.name, type(field.default))
        for name in ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
                     "num_conv_pos_embeddings", "num_conv_pos_embedding_groups"):  # fmt: skip
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, but is {getattr(self, name)}")
        for name in ("hidden_dropout", "activation_dropout", "attention_dropout", "feat_proj_dropout",
                     "final_dropout", "layerdrop"):  # fmt: skip
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} must be a probability in [0, 1), but is {getattr(self, name)}")
        if not self.layer_norm_eps > 0.0:
            raise ValueError(f"layer_norm_eps must be above zero, but is {self.layer_norm_eps}")
        for name in ("num_attention_heads", "num_conv_pos_embedding_groups"):
            if self.hidden_size % getattr(self, name):
                raise ValueError(
                    f"hidden_size must be a multiple of {name}, but they are {self.hidden_size} and "
                    f"{getattr(self, name)}"
                )
        if self.feat_extract_norm not in ("group", "layer"):
            raise ValueError(f"feat_extract_norm must be 'group' or 'layer', but is {self.feat_extract_norm!r}")
        activation_function(self.hidden_act, "hidden_act")
        activation_function(self.feat_extract_activation, "feat_extract_activation")
        convolutions = {name: getattr(self, name) for name in ("conv_dim", "conv_stride", "conv_kernel")}
        if len({len(values) for values in convolutions.values()}) != 1 or not self.conv_dim:
            counts = ", ".join(f"{name} has {len(values)}" for name, values in convolutions.items())
            raise ValueError(f"conv_dim, conv_stride and conv_kernel must have one number a convolution, but {counts}")
        for name, values in convolutions.items():
            if min(values) < 1:
                raise ValueError(f"{name} must hold numbers of at least 1, but is {values}")
        if not 0 <= self.pad_token_id < self.vocab_size:
            raise ValueError(
                f"pad_token_id, the blank, must be one of the labels 0..{self.vocab_size - 1} that vocab_size "
                f"{self.vocab_size} gives, but is {self.pad_token_id}"
            )

    def _check_kind(self, name: str, kind: type) -> None:
        value = getattr(self, name)
        if kind is tuple:
            if not isinstance(value, list | tuple) or not all(type(number) is int for number in value):
                raise TypeError(f"{name} must be a sequence of whole numbers, but is {value!r}")
            object.__setattr__(self, name, tuple(value))  # JSON gives lists; a tuple can be hashed
        elif kind is float:
            if type(value) not in (int, float):
                raise TypeError(f"{name} must be a number, but is {value!r}")
        elif type(value) is not kind:
            word = {int: "a whole number", str: "a string", bool: "true or false"}[kind]
            raise TypeError(f"{name} must be {word}, but is {value!r}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Wav2Vec2Config":
        """Make a configuration from what a ``config.json`` holds.

        Args:
            values: field names to values; a field that is not there has its default. Names which this network does
                not have are passed over, except those that would make it another network.

        Raises:
            TypeError, ValueError: as above, or the file describes another network (adapters, another model type).
        """
        kind = values.get("model_type", "wav2vec2")
        if kind != "wav2vec2":
            raise ValueError(f"model_type must be 'wav2vec2', but is {kind!r}; that is another network")
        for name in ("add_adapter", "adapter_attn_dim"):
            if values.get(name):
                raise ValueError(f"{name} is {values[name]!r}, but checkpoints with adapters are not supported here")
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})

    def to_dict(self) -> dict[str, object]:
        """The fields, ready for JSON: ``from_dict`` gives the same configuration back."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
