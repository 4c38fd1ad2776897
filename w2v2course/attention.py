"""Self-attention, from the formula to the layer (chapter `order`), and two gauges of what order does to it."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from w2v2course.lengths import check_floating, check_frames, check_lengths, padding_mask


def attention(query: Tensor, key: Tensor, value: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention, written as the formula is (chapter `order`).

    ``weights = softmax(Q Kᵀ / √D)``, ``context = weights V``.

    Args:
        query: (..., T, D).
        key: (..., T', D); in self-attention T' = T.
        value: (..., T', E).
        lengths: (B,), how many keys of each row are real; the first axis of the inputs is then B. None: all.

    Returns:
        context (..., T, E), a weighted mean of the values for each query, and
        weights (..., T, T'), which sum to one over the keys. A row with no real key has weights and context zero.

    Raises:
        TypeError: an argument is not a floating tensor.
        ValueError: shapes, dtypes or devices that do not fit together, or lengths outside 0..T'.

    Source: Vaswani et al. (2017), arXiv 1706.03762, section 3.2.1, equation 1.
    """
    _check_attention(query, key, value, lengths)
    if lengths is not None:
        lengths = check_lengths(lengths, key.shape[0], key.shape[-2], key.device)
        padding = padding_mask(lengths, key.shape[-2])  # (B, T')
        padding = padding.reshape(key.shape[0], *(1,) * (key.ndim - 3), key.shape[-2])  # (B, 1, …, T')
        # Weight zero times a NaN in the padding would still be NaN: what is not real is emptied first.
        value = value.masked_fill(padding[..., None], 0.0)

    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (..., T, T')
    if lengths is None:
        weights = scores.softmax(dim=-1)
    else:
        scores = scores.masked_fill(padding[..., None, :], -math.inf)
        nobody = padding.all(dim=-1)[..., None, None]  # no key at all: softmax would say 0/0
        weights = scores.masked_fill(nobody, 0.0).softmax(dim=-1).masked_fill(nobody, 0.0)
    return weights @ value, weights


def _check_attention(query: Tensor, key: Tensor, value: Tensor, lengths: Tensor | None) -> None:
    given = {"query": query, "key": key, "value": value}
    for name, x in given.items():
        check_floating(x, name)
        if x.ndim < (2 if lengths is None else 3):
            axes = "(..., T, D)" if lengths is None else "(B, ..., T, D) when lengths are given"
            raise ValueError(f"{name} must have the axes {axes}, but its shape is {tuple(x.shape)}")
        if x.dtype != query.dtype:
            raise ValueError(f"query is {query.dtype} and {name} is {x.dtype}; convert them to one dtype")
        if x.device != query.device:
            raise ValueError(f"query is on {query.device} and {name} on {x.device}; move them to one device")
    if query.shape[-1] != key.shape[-1] or query.shape[-1] == 0:
        raise ValueError(
            "query and key must have one width D of at least 1, but their shapes are "
            f"{tuple(query.shape)} and {tuple(key.shape)}; project both to the same width"
        )
    if key.shape[:-1] != value.shape[:-1] or key.shape[:-2] != query.shape[:-2]:
        raise ValueError(
            "query, key and value must agree in every axis before the last two, and key and value in the number of "
            f"frames, but their shapes are {tuple(query.shape)}, {tuple(key.shape)} and {tuple(value.shape)}"
        )


class SelfAttention(nn.Module):
    """Multi-head self-attention, the layer inside wav2vec 2.0 (chapter `order`).

    Args:
        dim: width D of the frames; a multiple of ``heads``.
        heads: H; each head attends within D/H channels of its own.
        dropout: probability of dropping an attention weight while training.
        rotate: applied to queries and keys, (B, H, T, D/H) in and out, if given (chapter `race`: rotary positions).

    Raises:
        ValueError: ``dim`` is not a positive multiple of ``heads``, or ``dropout`` is outside [0, 1).

    Source: Vaswani et al. (2017), arXiv 1706.03762, section 3.2.2. Projections are named as in wav2vec 2.0's
    checkpoints: ``q_proj, k_proj, v_proj, out_proj``.
    """

    def __init__(self, dim: int, heads: int, dropout: float = 0.0, rotate: Callable[[Tensor], Tensor] | None = None):
        super().__init__()
        if heads < 1 or dim < 1 or dim % heads:
            raise ValueError(
                f"dim must be a positive multiple of heads, but dim is {dim} and heads is {heads}; "
                f"each head gets dim / heads channels"
            )
        if not 0.0 <= dropout < 1.0:
            raise ValueError(f"dropout must be a probability in [0, 1), but is {dropout}")
        self.heads = heads
        self.dropout = dropout
        self.rotate = rotate
        self.q_proj = nn.Linear(dim, dim)
        self.k_proj = nn.Linear(dim, dim)
        self.v_proj = nn.Linear(dim, dim)
        self.out_proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Let every frame look at every real frame of its row.

        Args:
            x: (B, T, D).
            lengths: (B,), real frames of each row; None: all.

        Returns:
            (B, T, D). What stands past ``lengths`` in x changes no real frame; the outputs there mean nothing.

        Raises:
            TypeError, ValueError: x or lengths are not as said above.
        """
        x, lengths = self._check(x, lengths)
        B, T, D = x.shape  # utterances, frames, width
        allowed = nobody = None
        if lengths is not None:
            nobody = (lengths == 0)[:, None, None, None]
            # (B, 1, 1, T). A row with no real frame may look anywhere; its context is emptied below.
            allowed = ~padding_mask(lengths, T)[:, None, None, :] | nobody
        query, key, value = self._heads(x)
        context = F.scaled_dot_product_attention(
            query, key, value, attn_mask=allowed, dropout_p=self.dropout if self.training else 0.0
        )  # (B, H, T, D/H)
        if nobody is not None:
            context = context.masked_fill(nobody, 0.0)
        return self.out_proj(context.transpose(1, 2).reshape(B, T, D))

    def weights(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The attention weights themselves, by the formula of :func:`attention`, without dropout.

        Args:
            x: (B, T, D).
            lengths: (B,), real frames of each row; None: all.

        Returns:
            (B, H, T, T): row t of a head says how much frame t takes from each frame.

        Raises:
            TypeError, ValueError: x or lengths are not as said above.
        """
        x, lengths = self._check(x, lengths)
        return attention(*self._heads(x), lengths)[1]

    def _check(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        check_frames(x, dim=self.q_proj.in_features, parameter=self.q_proj.weight)
        lengths = check_lengths(lengths, x.shape[0], x.shape[1], x.device)
        if lengths is not None:
            x = x.masked_fill(padding_mask(lengths, x.shape[1])[..., None], 0.0)
        return x, lengths

    def _heads(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        B, T, D = x.shape
        query, key, value = (
            project(x).view(B, T, self.heads, D // self.heads).transpose(1, 2)  # (B, H, T, D/H)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        if self.rotate is not None:
            query, key = self.rotate(query), self.rotate(key)
        return query, key, value


@torch.no_grad()
def equivariance_gap(module: Callable[[Tensor], Tensor], x: Tensor, permutation: Tensor) -> float:
    """How far a module is from being permutation equivariant (chapter `order`).

    Equivariant: shuffling the frames and then applying the module is applying it and then shuffling.

    Args:
        module: maps (B, T, D) to (B, T, E); a dropout inside it should be off (``module.eval()``).
        x: (B, T, D).
        permutation: (T,), each of 0 … T−1 once; frame t of the shuffled input is frame permutation[t] of x.

    Returns:
        ``max |module(x[P]) − module(x)[P]| / max |module(x)|``: rounding error if equivariant, near 1 if not at all.

    Raises:
        TypeError, ValueError: x is not a floating (B, T, D), or permutation is not one.
    """
    _check_permutation(x, permutation)
    straight = module(x)
    return _relative(module(x[:, permutation]) - straight[:, permutation], straight)


@torch.no_grad()
def invariance_gap(module: Callable[[Tensor], Tensor], x: Tensor, permutation: Tensor) -> float:
    """How far a module is from being permutation invariant (chapter `order`).

    Invariant: shuffling the frames changes nothing at all.

    Args:
        module: maps (B, T, D) to one tensor of any shape, such as a pooled (B, E); dropout inside it should be off.
        x: (B, T, D).
        permutation: (T,), each of 0 … T−1 once.

    Returns:
        ``max |module(x[P]) − module(x)| / max |module(x)|``.

    Raises:
        TypeError, ValueError: x is not a floating (B, T, D), or permutation is not one.
    """
    _check_permutation(x, permutation)
    straight = module(x)
    return _relative(module(x[:, permutation]) - straight, straight)


def _check_permutation(x: Tensor, permutation: Tensor) -> None:
    check_frames(x)
    T = x.shape[1]
    if not isinstance(permutation, Tensor) or permutation.dtype != torch.long:
        raise TypeError("permutation must be a tensor of dtype torch.long, such as torch.randperm(T) gives")
    if permutation.shape != (T,) or not torch.equal(permutation.sort().values.cpu(), torch.arange(T)):
        raise ValueError(
            f"permutation must hold each of 0 … {T - 1} once, for the {T} frames of x, "
            f"but is {permutation.tolist() if permutation.numel() <= 12 else tuple(permutation.shape)}"
        )


def _relative(difference: Tensor, reference: Tensor) -> float:
    scale = reference.abs().max().item()
    return difference.abs().max().item() / scale if scale else difference.abs().max().item()
