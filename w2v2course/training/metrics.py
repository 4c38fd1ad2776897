"""Character and word error rates (chapters `decoding` and `listen`), by jiwer."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn.utils.rnn import pad_sequence

from w2v2course.ctc.decoding import greedy_decode
from w2v2course.model import Decoder, Wav2Vec2ForCTC
from w2v2course.speech import Clip


@dataclass(frozen=True)
class Scores:
    """How well clips were written down.

    Attributes:
        character_error_rate, word_error_rate: edits over all clips together, divided by what should have been written.
        right: clips without any error.
        clips: how many there were.
        texts: what was written, clip by clip.
    """

    character_error_rate: float
    word_error_rate: float
    right: int
    clips: int
    texts: tuple[str, ...]


def evaluate(
    model: Wav2Vec2ForCTC, clips: Sequence[Clip], batch_size: int = 32, decoder: Decoder = greedy_decode
) -> Scores:
    """Transcribe clips and count errors (chapter `listen`).

    Args:
        model: with a vocabulary; it is put into evaluation mode for the while.
        clips: what to write down; clips of about one length share a batch.
        batch_size: clips at a time.
        decoder: as in ``Wav2Vec2ForCTC.transcribe``.

    Raises:
        ValueError: there are no clips.
    """
    import jiwer

    if len(clips) == 0:
        raise ValueError("clips is empty; there is nothing to count errors in")
    device = next(model.parameters()).device
    loaded = [(index, clip.waveform, clip.text) for index, clip in enumerate(clips)]
    loaded.sort(key=lambda item: len(item[1]))
    texts = [""] * len(loaded)
    for start in range(0, len(loaded), batch_size):
        batch = loaded[start : start + batch_size]
        waveforms = pad_sequence([waveform for _, waveform, _ in batch], batch_first=True).to(device)
        lengths = torch.tensor([len(waveform) for _, waveform, _ in batch], device=device)
        written = model.transcribe(waveforms, lengths, decoder)
        for (index, _, _), text in zip(batch, written, strict=True):
            texts[index] = text
    truths = [text for _, _, text in sorted(loaded, key=lambda item: item[0])]
    return Scores(
        character_error_rate=jiwer.cer(truths, texts),
        word_error_rate=jiwer.wer(truths, texts),
        right=sum(truth == text for truth, text in zip(truths, texts, strict=True)),
        clips=len(texts),
        texts=tuple(texts),
    )
