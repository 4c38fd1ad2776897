"""The Transformer: layers of attention and feed-forward, with norms before or after (chapter `context-network`)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from w2v2course.attention import SelfAttention
from w2v2course.config import Wav2Vec2Config, activation_function
from w2v2course.lengths import check_frames, check_lengths, padding_mask
from w2v2course.positions import ConvolutionalPositions


class FeedForward(nn.Module):
    """Two linear maps with an activation between them, for each frame alone (chapter `context-network`).

    Args:
        dim: D.
        ffn_dim: width between the two.
        dropout: probability of dropping, after the second, while training.
        activation_dropout: the same after the activation.
        activation: a name of ``w2v2course.config.ACTIVATIONS``.

    Source: Vaswani et al. (2017), arXiv 1706.03762, section 3.3.
    """

    def __init__(self, dim: int, ffn_dim: int, dropout: float, activation_dropout: float, activation: str):
        super().__init__()
        self.intermediate_dense = nn.Linear(dim, ffn_dim)
        self.activation = activation_function(activation)
        self.intermediate_dropout = nn.Dropout(activation_dropout)
        self.output_dense = nn.Linear(ffn_dim, dim)
        self.output_dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        x = self.intermediate_dropout(self.activation(self.intermediate_dense(x)))
        return self.output_dropout(self.output_dense(x))


class EncoderLayer(nn.Module):
    """One layer of the Transformer (chapter `context-network`).

    The residual stream x runs through; attention and feed-forward each add to it. Post-norm (``norm_first=False``)
    normalises the sums, ``x = norm(x + block(x))``; pre-norm normalises the inputs, ``x = x + block(norm(x))``.

    Args:
        dim: D, a multiple of ``heads``.
        heads: H.
        ffn_dim: width inside the feed-forward.
        dropout: probability of dropping, while training, after each block, of an attention weight, and inside the
            feed-forward; the last two may be set apart:
        norm_first: pre-norm.
        rotate: turns queries and keys (rotary positions), if given.
        attention_dropout, activation_dropout: None: as ``dropout``.
        activation: a name of ``w2v2course.config.ACTIVATIONS``.
        eps: added to the variance in the norms.

    Raises:
        ValueError: sizes below 1, dim not a multiple of heads, a dropout outside [0, 1), an unknown activation.

    Source: Vaswani et al. (2017), arXiv 1706.03762, section 3.1 (post-norm); Xiong et al. (2020), arXiv 2002.04745
    (pre-norm). Names as in wav2vec 2.0's checkpoints.
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        ffn_dim: int,
        dropout: float = 0.0,
        norm_first: bool = False,
        rotate: Callable[[Tensor], Tensor] | None = None,
        *,
        attention_dropout: float | None = None,
        activation_dropout: float | None = None,
        activation: str = "gelu",
        eps: float = 1e-5,
    ):
        super().__init__()
        if ffn_dim < 1:
            raise ValueError(f"ffn_dim must be at least 1, but is {ffn_dim}")
        if not 0.0 <= dropout < 1.0:
            raise ValueError(f"dropout must be a probability in [0, 1), but is {dropout}")
        attention_dropout = dropout if attention_dropout is None else attention_dropout
        activation_dropout = dropout if activation_dropout is None else activation_dropout
        self.norm_first = norm_first
        self.attention = SelfAttention(dim, heads, attention_dropout, rotate)
        self.dropout = nn.Dropout(dropout)
        self.layer_norm = nn.LayerNorm(dim, eps=eps)
        self.feed_forward = FeedForward(dim, ffn_dim, dropout, activation_dropout, activation)
        self.final_layer_norm = nn.LayerNorm(dim, eps=eps)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Let frames exchange what they know, then think each alone.

        Args:
            x: (B, T, D).
            lengths: (B,), real frames of each row; None: all.

        Returns:
            (B, T, D). What stands past ``lengths`` in x changes no real frame; the outputs there mean nothing.

        Raises:
            TypeError, ValueError: x or lengths are not as said.
        """
        if self.norm_first:
            check_frames(x, dim=self.layer_norm.normalized_shape[0], parameter=self.layer_norm.weight)
            x = x + self.dropout(self.attention(self.layer_norm(x), lengths))
            return x + self.feed_forward(self.final_layer_norm(x))
        x = self.layer_norm(x + self.dropout(self.attention(x, lengths)))
        return self.final_layer_norm(x + self.feed_forward(x))


class ContextNetwork(nn.Module):
    """wav2vec 2.0's Transformer, positions included; the paper calls it so (chapter `context-network`).

    ``do_stable_layer_norm`` decides two things: pre-norm layers instead of post-norm ones, and the network's own norm
    after the last layer instead of before the first. Neither follows from a name such as "large".

    Args:
        config: the network's.
        positions: a module of ``w2v2course.positions``, or any with ``forward(x, lengths) -> (B, T, D)``, whose result
            is added to the frames; None: the convolution that the configuration names.
        rotate: turns queries and keys (rotary positions), if given.

    Source: Baevski et al. (2020), arXiv 2006.11477, section 2.
    """

    def __init__(
        self,
        config: Wav2Vec2Config,
        positions: nn.Module | None = None,
        rotate: Callable[[Tensor], Tensor] | None = None,
    ):
        super().__init__()
        self.config = config
        if positions is None:
            positions = ConvolutionalPositions(
                config.hidden_size,
                config.num_conv_pos_embeddings,
                config.num_conv_pos_embedding_groups,
                config.feat_extract_activation,
            )
        self.positions = positions
        self.layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout)
        self.layers = nn.ModuleList(
            EncoderLayer(
                config.hidden_size,
                config.num_attention_heads,
                config.intermediate_size,
                config.hidden_dropout,
                config.do_stable_layer_norm,
                rotate,
                attention_dropout=config.attention_dropout,
                activation_dropout=config.activation_dropout,
                activation=config.hidden_act,
                eps=config.layer_norm_eps,
            )
            for _ in range(config.num_hidden_layers)
        )

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Give each frame its context.

        Args:
            x: (B, T, D), projected features.
            lengths: (B,), real frames of each row; None: all. Frames past them are zeroed before the positions see
                them: the projection's bias made them something.

        Returns:
            (B, T, D). What stands past ``lengths`` in x changes no real frame; the outputs there mean nothing.

        Raises:
            TypeError, ValueError: x or lengths are not as said.
        """
        check_frames(x, dim=self.config.hidden_size, parameter=self.layer_norm.weight)
        lengths = check_lengths(lengths, x.shape[0], x.shape[1], x.device)
        if lengths is not None:
            x = x.masked_fill(padding_mask(lengths, x.shape[1])[..., None], 0.0)
        x = x + self.positions(x, lengths)
        stable = self.config.do_stable_layer_norm
        x = self.dropout(x if stable else self.layer_norm(x))
        for layer in self.layers:
            if self.training and self.config.layerdrop and torch.rand(()).item() < self.config.layerdrop:
                continue
            x = layer(x, lengths)
        return self.layer_norm(x) if stable else x
