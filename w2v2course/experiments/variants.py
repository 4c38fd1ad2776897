"""What exists only to be compared (chapter `race`): random offsets, a symmetric kernel, attention that sees less."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from w2v2course.attention import SelfAttention
from w2v2course.lengths import padding_mask
from w2v2course.positions import LearnedPositions, SinusoidalPositions


class RandomOffsets(nn.Module):
    """Positions that start anywhere while training, at zero afterwards (chapter `race`).

    Each clip of a training batch is told that it begins at a position drawn from 0 … most, so that codes far beyond
    the longest clip are met too.

    Args:
        positions: a table of at least ``most`` + T rows, or sinusoids.
        most: the largest offset.
        seed: of the offsets.

    Source: Kiyono et al. (2021), arXiv 2109.05644 (SHAPE).
    """

    def __init__(self, positions: LearnedPositions | SinusoidalPositions, most: int = 400, seed: int = 0):
        super().__init__()
        self.positions, self.most = positions, most
        self.generator = torch.Generator().manual_seed(seed)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, T, D) in, the codes of each clip's positions out, (B, T, D)."""
        if not self.training:
            return self.positions(x, lengths)
        B, T, D = x.shape
        codes = self.positions(x.new_zeros(1, self.most + T, D))[0]  # (most + T, D)
        offsets = torch.randint(self.most + 1, (B, 1), generator=self.generator).to(x.device)
        return codes[offsets + torch.arange(T, device=x.device)]


class SymmetricConvolution(nn.Module):
    """A positional convolution that cannot tell left from right (chapter `race`): its kernel is its own mirror image.

    Args:
        dim: D.
        kernel_size: taps, odd.
        groups: as in ``ConvolutionalPositions``.

    Raises:
        ValueError: kernel_size is even: it would have no middle.
    """

    def __init__(self, dim: int, kernel_size: int = 15, groups: int = 4):
        super().__init__()
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, so that the kernel has a middle, but is {kernel_size}")
        self.conv = nn.Conv1d(dim, dim, kernel_size, padding=kernel_size // 2, groups=groups)
        nn.init.normal_(self.conv.weight, std=(4 / (kernel_size * dim)) ** 0.5)
        nn.init.zeros_(self.conv.get_parameter("bias"))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, T, D) in and out; frames past ``lengths`` are zeroed first."""
        if lengths is not None:
            x = x.masked_fill(padding_mask(lengths, x.shape[1])[..., None], 0.0)
        weight = (self.conv.weight + self.conv.weight.flip(-1)) / 2**0.5
        y = F.conv1d(x.mT, weight, self.conv.bias, padding=self.conv.padding, groups=self.conv.groups)
        return F.gelu(y).mT


@contextmanager
def attention_window(model: nn.Module, radius: int) -> Iterator[nn.Module]:
    """Within this, every self-attention of a model sees only the frames up to ``radius`` away (chapter `race`).

    Args:
        model: any module with ``SelfAttention`` in it.
        radius: frames to either side.

    Raises:
        ValueError: radius is negative.
    """
    if radius < 0:
        raise ValueError(f"radius must be at least 0 frames, but is {radius}")
    with _seeing(model, lambda offset: offset.abs() <= radius):
        yield model


@contextmanager
def attention_without(model: nn.Module, offsets: Iterable[int]) -> Iterator[nn.Module]:
    """Within this, no self-attention of a model sees keys at these offsets (chapter `context-network`).

    Args:
        model: any module with ``SelfAttention`` in it.
        offsets: frames from query to key, negative to the left. A frame that would see nothing sees itself.
    """
    hidden = torch.tensor(sorted(set(offsets)), dtype=torch.long)
    with _seeing(model, lambda offset: ~torch.isin(offset, hidden.to(offset.device))):
        yield model


@contextmanager
def _seeing(model: nn.Module, visible: Callable[[Tensor], Tensor]) -> Iterator[None]:
    layers = [module for module in model.modules() if isinstance(module, SelfAttention)]
    try:
        for layer in layers:
            layer.__dict__["forward"] = partial(_attend, layer, visible)
        yield
    finally:
        for layer in layers:
            layer.__dict__.pop("forward", None)


def _attend(
    layer: SelfAttention, visible: Callable[[Tensor], Tensor], x: Tensor, lengths: Tensor | None = None
) -> Tensor:
    x, lengths = layer._check(x, lengths)
    B, T, D = x.shape
    time = torch.arange(T, device=x.device)
    seen = visible(time - time[:, None])  # (T, T), offsets of the keys from the queries
    if lengths is not None:
        seen = seen & ~padding_mask(lengths, T)[:, None, None, :]  # (B, 1, T, T)
    nothing = ~seen.any(-1, keepdim=True)  # such a frame sees itself; so does a padded one
    seen = seen | (nothing & torch.eye(T, dtype=torch.bool, device=x.device))
    query, key, value = layer._heads(x)
    context = F.scaled_dot_product_attention(query, key, value, attn_mask=seen)
    return layer.out_proj(context.transpose(1, 2).reshape(B, T, D))
