"""The one configuration."""

import dataclasses
import json

import pytest
import torch

from w2v2course.config import ACTIVATIONS, Wav2Vec2Config, activation_function


def test_the_defaults_are_the_references():
    from transformers import Wav2Vec2Config as Reference

    theirs = Reference().to_dict()
    for name, value in Wav2Vec2Config().to_dict().items():
        given = theirs[name]
        assert (list(given) if isinstance(given, tuple) else given) == value, name


def test_frozen_hashable_and_there_and_back_through_json():
    config = Wav2Vec2Config(conv_dim=[8, 9], conv_stride=[3, 2], conv_kernel=[5, 2], layerdrop=0)
    assert config.conv_dim == (8, 9)
    assert Wav2Vec2Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert len({config, dataclasses.replace(config)}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.hidden_size = 1


def test_a_file_may_name_more_and_less():
    values = {"model_type": "wav2vec2", "hidden_size": 48, "tdnn_dim": [1], "add_adapter": False}
    assert Wav2Vec2Config.from_dict(values) == Wav2Vec2Config(hidden_size=48)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_the_references(name):
    from transformers.activations import ACT2FN

    x = torch.linspace(-8, 8, 1001, dtype=torch.float64)
    # Their tanh forms write sqrt(2/pi) with ten digits.
    torch.testing.assert_close(activation_function(name)(x), ACT2FN[name](x), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [
        ({"vocab_size": 0}, ValueError, "vocab_size must be at least 1, but is 0"),
        ({"num_hidden_layers": 0}, ValueError, "num_hidden_layers must be at least 1"),
        ({"hidden_size": "768"}, TypeError, "hidden_size must be a whole number, but is '768'"),
        ({"hidden_size": True}, TypeError, "hidden_size must be a whole number, but is True"),
        ({"vocab_size": None}, TypeError, "vocab_size must be a whole number, but is None"),
        ({"conv_bias": 1}, TypeError, "conv_bias must be true or false, but is 1"),
        ({"hidden_act": 3}, TypeError, "hidden_act must be a string"),
        ({"layerdrop": "a"}, TypeError, "layerdrop must be a number"),
        ({"conv_dim": 512}, TypeError, "conv_dim must be a sequence of whole numbers, but is 512"),
        ({"conv_dim": (512.0,) * 7}, TypeError, "conv_dim must be a sequence of whole numbers"),
        ({"final_dropout": 1.0}, ValueError, r"final_dropout must be a probability in \[0, 1\), but is 1.0"),
        ({"layer_norm_eps": 0.0}, ValueError, "layer_norm_eps must be above zero"),
        ({"num_attention_heads": 7}, ValueError, "multiple of num_attention_heads, but they are 768 and 7"),
        ({"num_conv_pos_embedding_groups": 5}, ValueError, "multiple of num_conv_pos_embedding_groups"),
        ({"feat_extract_norm": "batch"}, ValueError, "feat_extract_norm must be 'group' or 'layer', but is 'batch'"),
        ({"hidden_act": "softmax"}, ValueError, "hidden_act must be one of gelu, .*, but is 'softmax'"),
        ({"feat_extract_activation": "x"}, ValueError, "feat_extract_activation must be one of"),
        ({"conv_dim": (512,)}, ValueError, "one number a convolution, but conv_dim has 1, conv_stride has 7"),
        ({"conv_dim": (), "conv_stride": (), "conv_kernel": ()}, ValueError, "conv_dim has 0"),
        ({"conv_stride": (5, 2, 2, 2, 2, 2, 0)}, ValueError, "conv_stride must hold numbers of at least 1"),
        ({"pad_token_id": 32}, ValueError, r"pad_token_id, the blank, must be one of the labels 0\.\.31"),
    ],
)
def test_wrong_values(fields, kind, message):
    with pytest.raises(kind, match=message):
        Wav2Vec2Config(**fields)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model_type": "hubert"}, "model_type must be 'wav2vec2', but is 'hubert'"),
        ({"add_adapter": True}, "add_adapter is True, but checkpoints with adapters"),
        ({"adapter_attn_dim": 16}, "adapter_attn_dim is 16, but checkpoints with adapters"),
    ],
)
def test_other_networks(values, message):
    with pytest.raises(ValueError, match=message):
        Wav2Vec2Config.from_dict(values)
