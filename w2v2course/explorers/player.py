"""The audio player (all chapters): a waveform that can be heard, the same bytes each run, no file beside the page."""

import base64
import html
import io
import wave

import torch
from torch import Tensor

from w2v2course.lengths import check_floating


class Player:
    """Sound in a notebook or page (chapter `order`).

    Args:
        waveform: (N,) samples between −1 and 1; louder ones are clipped.
        label: what is heard, shown beside the player and read by screen readers.
        sample_rate: samples a second.
        credit: whom to thank, shown small below; every recording needs one.

    Raises:
        TypeError: waveform is not a floating tensor.
        ValueError: it does not have exactly one axis, or holds no sample.
    """

    def __init__(self, waveform: Tensor, label: str, sample_rate: int = 16_000, credit: str = ""):
        check_floating(waveform, "waveform")
        if waveform.ndim != 1 or len(waveform) == 0:
            raise ValueError(
                f"waveform must be one row of samples, but its shape is {tuple(waveform.shape)}; play one clip"
            )
        self.label = label
        self.credit = credit
        self.sample_rate = sample_rate
        self.samples = (waveform.detach().cpu().float().clamp(-1, 1) * 32767).round().to(torch.int16)

    def wav(self) -> bytes:
        """The sound as a WAV file, 16 bits a sample: it plays in every browser."""
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.sample_rate)
            file.writeframes(self.samples.numpy().astype("<i2").tobytes())
        return buffer.getvalue()

    def __repr__(self) -> str:
        return f"Player({self.label!r}, {len(self.samples) / self.sample_rate:.2f} s)"

    def _repr_html_(self) -> str:
        label = html.escape(self.label, quote=True)
        credit = f'<br><small style="opacity:.75">{html.escape(self.credit)}</small>' if self.credit else ""
        data = base64.b64encode(self.wav()).decode()
        return (
            f'<figure class="w2v2-player" style="margin:.6em 0"><figcaption style="margin-bottom:.25em">{label}{credit}'
            f'</figcaption><audio controls preload="metadata" aria-label="{label}" style="width:100%;max-width:28em" '
            f'src="data:audio/wav;base64,{data}"></audio></figure>'
        )
