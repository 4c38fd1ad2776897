"""Telling a Transformer where a frame stands (chapters `clocks`, `neighbours` and `race`).

Each module gives the term that is *added* to the frames, so that one can be put in another's place:
``x = x + positions(x, lengths)``. Rotary positions turn queries and keys instead: ``SelfAttention(…, rotate=rotate)``.
"""

import math
from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from w2v2course.config import activation_function
from w2v2course.lengths import autocast_dtype, check_floating, check_frames, check_lengths, padding_mask

BLOCK = 256  # frames that one Fourier transform of the overlap-save method sees
ROWS = 16  # blocks that are transformed together: more is no faster, and costs memory


def sinusoids(
    frames: int,
    dim: int,
    base: float = 10_000.0,
    *,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """Clocks of different speed: a fixed code for every position (chapter `clocks`).

    Channel 2i of position t is ``sin(t / base^(2i/D))``, channel 2i + 1 the cosine of the same angle.

    Args:
        frames: T, positions 0 … T−1.
        dim: D, even.
        base: the slowest clock's period is nearly 2π · base frames.
        device, dtype: of the result; the defaults of PyTorch if None.

    Returns:
        (T, D).

    Raises:
        ValueError: frames is negative, dim is not positive and even, or base is not above zero.

    Source: Vaswani et al. (2017), arXiv 1706.03762, section 3.5. (Marian, fairseq and tensor2tensor put all the sines
    first; the last two have other frequencies as well.)
    """
    if frames < 0:
        raise ValueError(f"frames must not be negative, but is {frames}")
    dtype = dtype or torch.get_default_dtype()
    angles = _angles(frames, dim, base, device, _precise(dtype))
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1).to(dtype)  # (T, D/2, 2) -> (T, D)


def rotate(x: Tensor, base: float = 10_000.0) -> Tensor:
    """Turn each pair of channels by an angle that grows with position: rotary positions (chapter `race`).

    Channels 2i and 2i + 1 of frame t are a point in the plane, turned by ``t / base^(2i/D)``. The dot product of two
    rotated frames depends on their contents and their distance, not on where they stand.

    Args:
        x: (..., T, D), D even; queries or keys, (B, H, T, D/H) in an attention layer.
        base: as in :func:`sinusoids`.

    Returns:
        As x.

    Raises:
        TypeError: x is not a floating tensor.
        ValueError: x has fewer than two axes, D is odd, or base is not above zero.

    Source: Su et al. (2021), arXiv 2104.09864, equations 14 to 16 and 34.
    """
    check_floating(x, "x")
    if x.ndim < 2:
        raise ValueError(f"x must have the axes (..., T, D), but its shape is {tuple(x.shape)}")
    angles = _angles(x.shape[-2], x.shape[-1], base, x.device, _precise(x.dtype))
    cosine, sine = angles.cos().to(x.dtype), angles.sin().to(x.dtype)  # (T, D/2)
    first, second = x.unflatten(-1, (-1, 2)).unbind(-1)  # (..., T, D/2) each
    turned = (first * cosine - second * sine, first * sine + second * cosine)
    return torch.stack(turned, dim=-1).flatten(-2)


def _precise(dtype: torch.dtype) -> torch.dtype:
    """Where half-width numbers are too coarse: float32 for them, the dtype itself otherwise."""
    return torch.promote_types(dtype, torch.float32)


def _angles(frames: int, dim: int, base: float, device: torch.device | str | None, dtype: torch.dtype) -> Tensor:
    if dim < 2 or dim % 2:
        raise ValueError(f"dim must be positive and even, a sine and a cosine for each clock, but is {dim}")
    if not base > 0:
        raise ValueError(f"base must be above zero, but is {base}")
    t = torch.arange(frames, device=device, dtype=dtype)
    speed = base ** (-torch.arange(0, dim, 2, device=device, dtype=dtype) / dim)
    return t[:, None] * speed  # (T, D/2), radians


class NoPositions(nn.Module):
    """Nothing: the network stays blind to order (chapter `order`)."""

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Zeros.

        Args:
            x: (B, T, D).
            lengths: (B,), real frames of each row; None: all.

        Raises:
            TypeError, ValueError: x or lengths are not as said.
        """
        _check(x, lengths)
        return torch.zeros_like(x)


class LearnedPositions(nn.Module):
    """A learned vector for each position, up to a last one (chapter `clocks`).

    Args:
        max_frames: positions in the table.
        dim: D.

    Raises:
        ValueError: either is below 1.

    Source: Gehring et al. (2017), arXiv 1705.03122, section 3.1.
    """

    def __init__(self, max_frames: int, dim: int):
        super().__init__()
        if max_frames < 1 or dim < 1:
            raise ValueError(f"max_frames and dim must be at least 1, but are {max_frames} and {dim}")
        self.table = nn.Parameter(0.02 * torch.randn(max_frames, dim))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The table's first T rows, for every utterance.

        Args:
            x: (B, T, D), T at most ``max_frames``.
            lengths: (B,), real frames of each row; None: all.

        Returns:
            (B, T, D).

        Raises:
            TypeError, ValueError: x or lengths are not as said; T is past the table.
        """
        _check(x, lengths, self.table)
        B, T, _ = x.shape
        if T > len(self.table):
            raise ValueError(
                f"x has {T} frames, but the table of LearnedPositions ends after {len(self.table)}; make it with "
                f"max_frames={T} and train it, or use SinusoidalPositions or ConvolutionalPositions, which have no end"
            )
        return self.table[:T].expand(B, -1, -1)


class SinusoidalPositions(nn.Module):
    """The code of :func:`sinusoids`, for every utterance (chapter `clocks`).

    Args:
        dim: D, even.
        base: as in :func:`sinusoids`.

    Raises:
        ValueError: dim is not positive and even, or base is not above zero.
    """

    def __init__(self, dim: int, base: float = 10_000.0):
        super().__init__()
        sinusoids(0, dim, base)  # raises what it has to
        self.dim = dim
        self.base = base

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The codes of positions 0 … T−1.

        Args:
            x: (B, T, D).
            lengths: (B,), real frames of each row; None: all.

        Returns:
            (B, T, D).

        Raises:
            TypeError, ValueError: x or lengths are not as said.
        """
        check_frames(x, dim=self.dim)
        _check(x, lengths)
        B, T, D = x.shape
        return sinusoids(T, D, self.base, device=x.device, dtype=x.dtype).expand(B, -1, -1)


class ConvolutionalPositions(nn.Module):
    """wav2vec 2.0's positions: a wide grouped convolution over the frames themselves (chapter `neighbours`).

    Each output frame sees ``kernel_size`` frames round it, so it knows its neighbours, not its number. The weight is
    ``g · v / |v|`` with one gain g and one norm for each tap (weight norm over dim 2). The padding of an even kernel
    gives one frame too many: the last is dropped, then comes the activation.

    Args:
        dim: D.
        kernel_size: K, taps.
        groups: each group of D / groups channels sees only itself.
        activation: a name of ``w2v2course.config.ACTIVATIONS``.
        method: "direct" is one ``conv1d``. "fft" multiplies spectra, block by block. They agree to rounding. "auto"
            takes whichever was faster where both were measured: see :meth:`chosen_method`.

    In evaluation mode, where no gradient of the weights is asked for, "fft" keeps the kernel's spectrum from call to
    call. It is made anew when the weights are stepped, loaded, moved or cast, and never pickled or copied. Writing to
    the weights through ``.data`` goes unseen: call ``train()`` or ``eval()`` after it.

    Raises:
        ValueError: a number below 1, dim not a multiple of groups, an unknown activation or method.

    Source: Baevski et al. (2020), arXiv 2006.11477, sections 2 and 4.2; the overlap-save method: Oppenheim and
    Schafer, Discrete-Time Signal Processing, section 8.7.3.
    """

    def __init__(
        self, dim: int, kernel_size: int = 128, groups: int = 16, activation: str = "gelu", method: str = "auto"
    ):
        super().__init__()
        if min(dim, kernel_size, groups) < 1:
            raise ValueError(
                f"dim, kernel_size and groups must be at least 1, but are {dim}, {kernel_size} and {groups}"
            )
        if dim % groups:
            raise ValueError(f"dim must be a multiple of groups, but they are {dim} and {groups}")
        if method not in ("auto", "direct", "fft"):
            raise ValueError(f"method must be 'auto', 'direct' or 'fft', but is {method!r}")
        conv = nn.Conv1d(dim, dim, kernel_size, padding=kernel_size // 2, groups=groups)
        nn.init.normal_(conv.weight, std=math.sqrt(4 / (kernel_size * dim)))
        nn.init.zeros_(conv.get_parameter("bias"))
        self.conv = weight_norm(conv, dim=2)
        self.activation = activation_function(activation)
        self.method = method
        self._kept: tuple[list[_Stamp], Tensor] | None = None

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """What the neighbourhood of each frame says.

        Args:
            x: (B, T, D).
            lengths: (B,), real frames of each row; None: all. Frames past them are zeroed first.

        Returns:
            (B, T, D).

        Raises:
            TypeError, ValueError: x or lengths are not as said.
        """
        lengths = _check(x, lengths, self.conv.bias)
        if lengths is not None:
            x = x.masked_fill(padding_mask(lengths, x.shape[1])[..., None], 0.0)
        if x.numel() == 0:
            return torch.zeros_like(x)
        by = self._by_spectrum if self.chosen_method(x) == "fft" else self.conv
        y = by(x.mT)[..., : x.shape[1]]  # (B, D, T); of an even kernel's T + 1 frames the last goes
        return self.activation(y).mT

    def chosen_method(self, x: Tensor) -> str:
        """Which method ``forward`` takes for these frames, "direct" or "fft".

        "auto" is "fft" from 64 taps on, given enough frames to pay for the transforms: B · T · kernel_size at least
        6,000 where the spectrum is kept, 64,000 where it is made for the call. So it was measured on CPUs, in widths 32
        to 1024; on any other device, where nothing was measured, "auto" is "direct".

        Args:
            x: (B, T, D).
        """
        if self.method != "auto":
            return self.method
        B, T, _ = x.shape
        taps = self.conv.kernel_size[0]
        least = 64_000 if self._learning() else 6_000
        return "fft" if x.device.type == "cpu" and taps >= 64 and B * T * taps >= least else "direct"

    def train(self, mode: bool = True) -> "ConvolutionalPositions":
        """Set the mode, as ever; the kept spectrum goes."""
        self._kept = None
        return super().train(mode)

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_kept": None}

    def _by_spectrum(self, x: Tensor) -> Tensor:
        half = autocast_dtype(x.device)
        with nullcontext() if half is None else torch.autocast(x.device.type, enabled=False):
            spectrum = self._spectrum()
            # Transforms know no half-width numbers: the spectrum says what to compute in.
            dtype = spectrum.real.dtype
            y = overlap_save(x.to(dtype), spectrum, self.conv.bias.to(dtype), self.conv.kernel_size[0])
        return y.to(half or x.dtype)

    def _weights(self) -> list[Tensor]:
        return [parameter for name, parameter in self.conv.named_parameters() if name != "bias"]

    def _learning(self) -> bool:
        """Whether the weights may change before the next call, or a gradient of them is asked for."""
        return self.training or (torch.is_grad_enabled() and any(w.requires_grad for w in self._weights()))

    def _spectrum(self) -> Tensor:
        weights, groups = self._weights(), self.conv.groups
        # Weights made in inference mode have no version to know a change by; tensors put in a parameter's place
        # (torch.func) live for one call.
        lasting = bool(weights) and all(type(w) is nn.Parameter and not w.is_inference() for w in weights)
        if self._learning() or not lasting:
            return kernel_spectrum(self.conv.weight, groups)
        kept = self._kept
        if kept is None or not all(map(_Stamp.fits, kept[0], weights)):
            self._kept = kept = None  # the old one makes room
            with torch.inference_mode(False), torch.no_grad():  # usable in and out of inference mode
                # Group by group, so that at no time two whole spectra stand in memory.
                parts = self.conv.weight.chunk(groups)
                first = kernel_spectrum(parts[0], 1)
                spectrum = first.new_empty(groups, *first.shape[1:])
                for group, part in enumerate(parts):
                    spectrum[group] = kernel_spectrum(part, 1)[0]
                self._kept = kept = [_Stamp(w) for w in weights], spectrum
        return kept[1]


class _Stamp:
    """What a weight was like, to know later whether it still is."""

    def __init__(self, weight: Tensor):
        self.alias = weight.detach()  # holds the memory, so that no other tensor can take its address
        self.version = weight._version
        # Fused optimizers step without counting a version, but they step everything.
        self.sample = self._few(weight).clone()

    def fits(self, weight: Tensor) -> bool:
        same = self.alias.data_ptr() == weight.data_ptr() and self.version == weight._version
        return same and (weight.is_meta or torch.equal(self.sample, self._few(weight)))

    @staticmethod
    def _few(weight: Tensor) -> Tensor:
        return weight.detach().flatten()[:: max(1, weight.numel() // 4096)]


def kernel_spectrum(weight: Tensor, groups: int) -> Tensor:
    """A convolution's kernel in the frequency domain, ready for :func:`overlap_save` (chapter `neighbours`).

    Args:
        weight: (D, D/G, K), as ``nn.Conv1d`` has it.
        groups: G.

    Returns:
        Complex, (G, frequencies, D/G in, D/G out); half-width weights give complex64. Conjugated, since what neural
        networks call convolution is correlation.
    """
    D, C, K = weight.shape  # channels, channels a group, taps
    spectrum = torch.fft.rfft(weight.to(_precise(weight.dtype)), n=_block(K))  # (D, C, frequencies)
    return spectrum.view(groups, D // groups, C, -1).permute(0, 3, 2, 1).conj()


def overlap_save(x: Tensor, spectrum: Tensor, bias: Tensor, kernel_size: int) -> Tensor:
    """Convolve frames with a kernel by multiplying spectra, one fixed block at a time (chapter `neighbours`).

    A product of spectra is a *circular* convolution: in a block of N frames the last K − 1 results are mixed with
    those of the start. So blocks overlap by K − 1 frames, and only the N − K + 1 clean ones of each are saved.

    Args:
        x: (B, D, T), channels first as convolutions have them; T at least 1.
        spectrum: (G, frequencies, D/G, D/G), of :func:`kernel_spectrum`.
        bias: (D,), added to every frame.
        kernel_size: K.

    Returns:
        (B, D, T): frame t is the kernel laid over frames t − ⌊K/2⌋ … t − ⌊K/2⌋ + K − 1, zeros beyond the ends.

    Source: Oppenheim and Schafer, Discrete-Time Signal Processing, section 8.7.3.
    """
    if len(x) > ROWS:
        return torch.cat([overlap_save(part, spectrum, bias, kernel_size) for part in x.split(ROWS)])
    B, D, T = x.shape  # utterances, width, frames
    G, M, C, _ = spectrum.shape  # groups, frequencies, channels a group
    N = _block(kernel_size)
    clean = N - kernel_size + 1
    blocks = -(-T // clean)
    before = kernel_size // 2
    x = F.pad(x, (before, (blocks - 1) * clean + N - before - T))
    saved = []
    for start in range(0, blocks, ROWS // B):
        n = min(ROWS // B, blocks - start)
        frames = x[..., start * clean : (start + n - 1) * clean + N].unfold(2, N, clean)  # (B, D, n, N)
        inputs = torch.fft.rfft(frames).view(B, G, C, n, M).permute(1, 4, 0, 3, 2)  # (G, M, B, n, C)
        outputs = inputs.reshape(G, M, B * n, C) @ spectrum
        outputs[:, 0] += N * bias.view(G, 1, C)  # a constant is frequency zero
        outputs = outputs.view(G, M, B, n, C).permute(2, 0, 4, 3, 1).reshape(B, D, n, M)
        saved.append(torch.fft.irfft(outputs, n=N)[..., :clean].reshape(B, D, n * clean))
    return (saved[0] if len(saved) == 1 else torch.cat(saved, dim=2))[..., :T]


def _block(kernel_size: int) -> int:
    """Frames in a block: fixed for a kernel, whatever T; at least half of each is clean."""
    return max(BLOCK, 2 ** math.ceil(math.log2(2 * kernel_size)))


def _check(x: Tensor, lengths: Tensor | None, parameter: Tensor | None = None) -> Tensor | None:
    check_frames(x, dim=None if parameter is None else parameter.shape[-1], parameter=parameter)
    return check_lengths(lengths, x.shape[0], x.shape[1], x.device)
