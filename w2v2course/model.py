"""wav2vec 2.0 with a CTC head: sound in, letters out (chapters `context-network` and `listen`)."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from w2v2course.config import Wav2Vec2Config
from w2v2course.ctc.decoding import Hypothesis, greedy_decode
from w2v2course.encoder import ContextNetwork
from w2v2course.features import (
    FeatureEncoder,
    FeatureProjection,
    check_waveforms,
    frame_count,
    normalize,
    receptive_field,
)
from w2v2course.lengths import check_lengths, padding_mask
from w2v2course.vocabulary import Vocabulary

Decoder = Callable[..., list[list[Hypothesis]]]


class Wav2Vec2ForCTC(nn.Module):
    """The whole network: features, projection, context, head (chapter `context-network`).

    Args:
        config: sizes and switches.
        vocabulary: what the classes write; None: the network gives logits, no text.
        positions: as in :class:`ContextNetwork`; None: the convolution that the configuration names.
        rotate: turns queries and keys (rotary positions), if given.

    Attributes:
        do_normalize: whether ``transcribe`` normalises waveforms first.
        return_attention_mask: whether ``transcribe`` tells the network where padding is. Releases with
            ``feat_extract_norm="group"`` were trained without knowing; the others knew.
        masked_spec_embed: (D,), what stands in the place of a masked frame in training; None: the network has none.

    Raises:
        ValueError: the vocabulary has another number of symbols than the head has classes.

    Source: Baevski et al. (2020), arXiv 2006.11477, sections 2 and 3.3.
    """

    def __init__(
        self,
        config: Wav2Vec2Config,
        vocabulary: Vocabulary | None = None,
        positions: nn.Module | None = None,
        rotate: Callable[[Tensor], Tensor] | None = None,
    ):
        super().__init__()
        if vocabulary is not None:
            if len(vocabulary) != config.vocab_size:
                raise ValueError(
                    f"vocabulary has {len(vocabulary)} symbols, but the head has config.vocab_size = "
                    f"{config.vocab_size} classes; make them equal"
                )
            config = replace(config, pad_token_id=vocabulary.blank)
        self.config = config
        self.vocabulary = vocabulary
        self.do_normalize = True
        self.return_attention_mask = config.feat_extract_norm == "layer"
        self.features = FeatureEncoder(config)
        self.projection = FeatureProjection(config)
        self.masked_spec_embed: nn.Parameter | None = None
        if config.mask_time_prob > 0 or config.mask_feature_prob > 0:
            self.masked_spec_embed = nn.Parameter(torch.rand(config.hidden_size))
        self.context = ContextNetwork(config, positions, rotate)
        self.dropout = nn.Dropout(config.final_dropout)
        self.head = nn.Linear(config.hidden_size, config.vocab_size)

    @property
    def blank(self) -> int:
        """The class that writes nothing."""
        return self.config.pad_token_id

    def forward(
        self, waveforms: Tensor, lengths: Tensor | None = None, masked: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Listen.

        Args:
            waveforms: (B, N), 16 kHz, normalised if the network was trained so.
            lengths: (B,), real samples of each row; None: all. Samples past them are zeroed first.
            masked: (B, T), true where a frame is replaced by ``masked_spec_embed``, as in training; None: nowhere.

        Returns:
            logits (B, T, C), and frame_lengths (B,), how many of the T frames of each row are real. What stands past
            ``lengths`` changes no real frame's logits, except with ``feat_extract_norm="group"``, whose norm averages
            over the zeros of the padding too.

        Raises:
            TypeError, ValueError: an argument is not as said, or a clip is too short for a single frame.
        """
        check_waveforms(waveforms, self.head.weight)
        B, N = waveforms.shape  # utterances, samples
        least = receptive_field(self.config)
        lengths = check_lengths(lengths, B, N, waveforms.device, unit="samples", least=least)
        if lengths is not None:
            waveforms = waveforms.masked_fill(padding_mask(lengths, N), 0.0)
        hidden = self.projection(self.features(waveforms))  # (B, T, D)
        if masked is not None:
            hidden = self._mask(hidden, masked)
        if lengths is None:
            frame_lengths = torch.full((B,), hidden.shape[1], device=hidden.device)
            hidden = self.context(hidden)
        else:
            frame_lengths = frame_count(lengths, self.config)
            hidden = self.context(hidden, frame_lengths)
        return self.head(self.dropout(hidden)), frame_lengths

    def _mask(self, hidden: Tensor, masked: Tensor) -> Tensor:
        if self.masked_spec_embed is None:
            raise ValueError("masked needs masked_spec_embed, which this network has not; set it to an nn.Parameter")
        if not isinstance(masked, Tensor) or masked.dtype != torch.bool:
            raise TypeError("masked must be a boolean tensor of shape (B, T)")
        if masked.shape != hidden.shape[:2]:
            raise ValueError(
                f"masked must have one truth value a frame, {tuple(hidden.shape[:2])}, but its shape is "
                f"{tuple(masked.shape)}"
            )
        return torch.where(masked[..., None], self.masked_spec_embed.to(hidden.dtype), hidden)

    @torch.no_grad()
    def transcribe(
        self, waveforms: Tensor, lengths: Tensor | None = None, decoder: Decoder = greedy_decode
    ) -> list[str]:
        """Write down what was said, in evaluation mode and without gradients.

        Args:
            waveforms: (B, N), 16 kHz, as recorded: they are normalised here if ``do_normalize``.
            lengths: (B,), real samples of each row; None: all.
            decoder: called as ``decoder(log_probs, frame_lengths, blank=…)``, gives a list of hypotheses a row, best
                first: ``greedy_decode``, ``beam_search_decode`` or a ``functools.partial`` of it.

        Returns:
            One text a row.

        Raises:
            TypeError, ValueError: an argument is not as said, or the network has no vocabulary.
        """
        if self.vocabulary is None:
            raise ValueError("transcribe needs a vocabulary; make the network with Wav2Vec2ForCTC(config, vocabulary)")
        check_waveforms(waveforms, self.head.weight)
        least = receptive_field(self.config)
        B, N = waveforms.shape  # utterances, samples
        lengths = check_lengths(lengths, B, N, waveforms.device, unit="samples", least=least)
        training = [module for module in self.modules() if module.training]
        try:
            for module in training:
                module.training = False
            if self.do_normalize:
                waveforms = normalize(waveforms, lengths)
            elif lengths is not None:
                waveforms = waveforms.masked_fill(padding_mask(lengths, waveforms.shape[1]), 0.0)
            logits, frame_lengths = self(waveforms, lengths if self.return_attention_mask else None)
        finally:
            for module in training:
                module.training = True
        if lengths is not None:
            frame_lengths = frame_count(lengths, self.config)
        log_probs = logits.float().log_softmax(dim=-1)
        found = decoder(log_probs, frame_lengths, blank=self.blank)
        return [self.vocabulary.decode(hypotheses[0].labels) for hypotheses in found]
