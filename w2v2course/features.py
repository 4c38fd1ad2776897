"""From sound to frames: seven convolutions over the waveform (chapter `frames`)."""

from math import prod
from typing import overload

import torch
from torch import Tensor, nn

from w2v2course.config import Wav2Vec2Config, activation_function
from w2v2course.lengths import INTEGERS, check_alike, check_floating, check_frames, check_lengths, padding_mask


def receptive_field(config: Wav2Vec2Config | None = None) -> int:
    """How many samples one frame sees: 400 in wav2vec 2.0, 25 ms at 16 kHz (chapter `frames`).

    Args:
        config: None: BASE.
    """
    config = config or Wav2Vec2Config()
    field, hop = 1, 1
    for kernel, step in zip(config.conv_kernel, config.conv_stride, strict=True):
        field += (kernel - 1) * hop
        hop *= step
    return field


def stride(config: Wav2Vec2Config | None = None) -> int:
    """How many samples lie between two frames: 320 in wav2vec 2.0, 20 ms at 16 kHz (chapter `frames`).

    Args:
        config: None: BASE.
    """
    return prod((config or Wav2Vec2Config()).conv_stride)


@overload
def frame_count(samples: int, config: Wav2Vec2Config | None = None) -> int: ...
@overload
def frame_count(samples: Tensor, config: Wav2Vec2Config | None = None) -> Tensor: ...
def frame_count(samples: int | Tensor, config: Wav2Vec2Config | None = None) -> int | Tensor:
    """How many frames come of so many samples: 50 a second, minus one at the start (chapter `frames`).

    Each convolution gives ⌊(n − kernel) / stride⌋ + 1; all together that is ⌊(N − field) / stride⌋ + 1 with
    :func:`receptive_field` and :func:`stride`.

    Args:
        samples: N, a number or an integer tensor of any shape.
        config: None: BASE.

    Returns:
        T, of the kind and shape of ``samples``.

    Raises:
        TypeError: ``samples`` is neither a whole number nor an integer tensor.
        ValueError: too few for a single frame (values are not looked at on ``meta``).
    """
    config = config or Wav2Vec2Config()
    if isinstance(samples, Tensor):
        if samples.dtype not in INTEGERS:
            raise TypeError(f"samples must hold integers, but its dtype is {samples.dtype}")
        samples = samples.long()
        least = receptive_field(config) if samples.is_meta or samples.numel() == 0 else int(samples.min())
    elif isinstance(samples, bool) or not isinstance(samples, int):
        raise TypeError(f"samples must be a whole number or an integer tensor, but is a {type(samples).__name__}")
    else:
        least = samples
    if least < receptive_field(config):
        raise ValueError(
            f"samples must be at least {receptive_field(config)}, what one frame sees, but is {least}; pad the clip"
        )
    for kernel, step in zip(config.conv_kernel, config.conv_stride, strict=True):
        samples = (samples - kernel) // step + 1
    return samples


def normalize(waveform: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Shift and scale each clip to mean 0 and variance 1 (chapter `frames`).

    ``(x − mean) / sqrt(variance + 1e-7)``, the variance that of the clip itself (divided by N, not N − 1). Only real
    samples count; padding becomes 0.

    Args:
        waveform: (N,) or (B, N).
        lengths: (B,), real samples of each row; None: all. Only with (B, N).

    Returns:
        As waveform.

    Raises:
        TypeError, ValueError: waveform or lengths are not as said.

    Source: the feature extractor which is published with wav2vec 2.0's checkpoints. (Where it gives no attention mask,
    it counts a batch's padding in; here padding never counts, so a clip is the same alone and in a batch.)
    """
    check_floating(waveform, "waveform")
    if waveform.ndim == 1 and lengths is None:
        return normalize(waveform[None])[0]
    if waveform.ndim != 2:
        raise ValueError(
            f"waveform must have the axes (N,), or (B, N) when lengths are given, but its shape is "
            f"{tuple(waveform.shape)}"
        )
    B, N = waveform.shape  # utterances, samples
    lengths = check_lengths(lengths, B, N, waveform.device, unit="samples")
    x = waveform.to(torch.promote_types(waveform.dtype, torch.float32))
    count: int | Tensor
    if lengths is None:
        count, padding = max(N, 1), None
    else:
        count, padding = lengths.clamp(min=1)[:, None], padding_mask(lengths, N)
        x = x.masked_fill(padding, 0.0)
    x = x - x.sum(1, keepdim=True) / count
    if padding is not None:
        x = x.masked_fill(padding, 0.0)
    variance = x.square().sum(1, keepdim=True) / count
    return (x / (variance + 1e-7).sqrt()).to(waveform.dtype)


class Convolution(nn.Module):
    """One convolution of the feature encoder, its norm if it has one, its activation (chapter `frames`).

    Args:
        config: the network's.
        index: which convolution, 0 first. With ``feat_extract_norm="group"`` only the first has a norm: one for each
            channel, over *time*, padding included. With "layer" every one has a norm for each frame, over channels.
    """

    def __init__(self, config: Wav2Vec2Config, index: int):
        super().__init__()
        channels = config.conv_dim[index]
        self.conv = nn.Conv1d(
            config.conv_dim[index - 1] if index else 1,
            channels,
            config.conv_kernel[index],
            config.conv_stride[index],
            bias=config.conv_bias,
        )
        nn.init.kaiming_normal_(self.conv.weight)
        self.layer_norm: nn.Module | None = None
        if config.feat_extract_norm == "layer":
            self.layer_norm = nn.LayerNorm(channels)
        elif index == 0:
            self.layer_norm = nn.GroupNorm(channels, channels)
        self.activation = activation_function(config.feat_extract_activation)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels in, n) -> (B, channels out, ⌊(n − kernel) / stride⌋ + 1)."""
        x = self.conv(x)
        if isinstance(self.layer_norm, nn.LayerNorm):
            x = self.layer_norm(x.transpose(1, 2)).transpose(1, 2)
        elif self.layer_norm is not None:
            x = self.layer_norm(x)
        return self.activation(x)


class FeatureEncoder(nn.Module):
    """The waveform, turned into frames of 25 ms, one each 20 ms (chapter `frames`).

    Args:
        config: the network's.

    Source: Baevski et al. (2020), arXiv 2006.11477, section 2; names as in published checkpoints.
    """

    def __init__(self, config: Wav2Vec2Config):
        super().__init__()
        self.config = config
        self.conv_layers = nn.ModuleList(Convolution(config, index) for index in range(len(config.conv_dim)))

    def forward(self, waveforms: Tensor) -> Tensor:
        """Hear.

        Args:
            waveforms: (B, N), 16 kHz; N at least :func:`receptive_field`.

        Returns:
            (B, T, C), C = ``config.conv_dim[-1]`` and T = :func:`frame_count` of N. What stands past a clip's end
            reaches no frame of it, except through the group norm, which averages over the whole row.

        Raises:
            TypeError: not a floating tensor.
            ValueError: not two axes, too short, or on another device or of another dtype than the module.
        """
        check_waveforms(waveforms, self.conv_layers[0].get_parameter("conv.weight"))
        frame_count(waveforms.shape[1], self.config)  # raises if there is not one
        x = waveforms[:, None]  # (B, 1, N)
        for convolution in self.conv_layers:
            x = convolution(x)
        return x.transpose(1, 2)  # (B, C, T) -> (B, T, C)


def check_waveforms(waveforms: Tensor, parameter: Tensor) -> None:
    """Require a batch of waveforms that suits a module's parameter.

    Raises:
        TypeError: not a floating tensor.
        ValueError: not two axes, or on another device or of another dtype than ``parameter``.
    """
    check_floating(waveforms, "waveforms")
    if waveforms.ndim != 2:
        raise ValueError(
            f"waveforms must have two axes (B, N), but its shape is {tuple(waveforms.shape)}; "
            f"for a single clip, add the batch axis with waveforms[None]"
        )
    check_alike(waveforms, parameter, "waveforms")


class FeatureProjection(nn.Module):
    """From the feature encoder's channels to the Transformer's width, after a norm (chapter `context-network`).

    Args:
        config: the network's.
    """

    def __init__(self, config: Wav2Vec2Config):
        super().__init__()
        self.layer_norm = nn.LayerNorm(config.conv_dim[-1], eps=config.layer_norm_eps)
        self.projection = nn.Linear(config.conv_dim[-1], config.hidden_size)
        self.dropout = nn.Dropout(config.feat_proj_dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Project.

        Args:
            x: (B, T, C), of :class:`FeatureEncoder`.

        Returns:
            (B, T, D).

        Raises:
            TypeError, ValueError: x is not as said.
        """
        check_frames(x, dim=self.projection.in_features, parameter=self.projection.weight)
        return self.dropout(self.projection(self.layer_norm(x)))
