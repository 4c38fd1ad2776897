"""wav2vec 2.0's positional convolution, without gradients, against ``transformers``: same weights, same answers.

``--tables`` times our two methods against each other, and writes ``w2v2course/tables/positional_methods.csv``.
"""

import sys
from functools import partial

from benchmarks.harness import Case, Run, compare, main
from benchmarks.table import write

TAPS, FRAMES = (8, 16, 32, 64, 128, 256), (49, 249, 749)  # of one clip; 49 frames are a second


def build(batch: int, lengths: tuple[int, ...], dim: int = 768) -> tuple[Run, Run]:
    """Both layers on the same frames, for each length in turn."""
    import torch
    from transformers import Wav2Vec2Config
    from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2PositionalConvEmbedding

    from w2v2course.positions import ConvolutionalPositions

    torch.manual_seed(0)
    theirs = Wav2Vec2PositionalConvEmbedding(Wav2Vec2Config(hidden_size=dim)).eval()
    ours = ConvolutionalPositions(dim).eval()
    ours.load_state_dict(theirs.state_dict())
    clips = [torch.randn(batch, frames, dim) for frames in lengths]

    @torch.inference_mode()
    def run(layer: torch.nn.Module) -> None:
        for clip in clips:
            layer(clip)

    return partial(run, ours), partial(run, theirs)


def build_step(batch: int, frames: int) -> tuple[Run, Run]:
    """Both layers in training: forward and backward."""
    import torch
    from transformers import Wav2Vec2Config
    from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2PositionalConvEmbedding

    from w2v2course.positions import ConvolutionalPositions

    torch.manual_seed(0)
    clip = torch.randn(batch, frames, 768, requires_grad=True)

    def run(layer: torch.nn.Module) -> None:
        layer(clip).sum().backward()

    return partial(run, ConvolutionalPositions(768)), partial(run, Wav2Vec2PositionalConvEmbedding(Wav2Vec2Config()))


def methods() -> list[dict[str, object]]:
    """Sliding the kernel against multiplying spectra, in evaluation mode, for narrow and wide kernels."""
    import torch

    from w2v2course.positions import ConvolutionalPositions

    rows: list[dict[str, object]] = []
    for taps in TAPS:
        layers = [ConvolutionalPositions(768, taps, method=method).eval() for method in ("direct", "fft")]
        for frames in FRAMES:
            clip = torch.randn(1, frames, 768)
            with torch.inference_mode():
                direct, fft = compare(*(partial(layer, clip) for layer in layers))
            rows.append({"taps": taps, "frames": frames, "direct_ms": 1e3 * direct, "fft_ms": 1e3 * fft})
            print(*rows[-1].values(), flush=True)
    return rows


def cases() -> list[Case]:
    """The promises: at least 6x at B=1 T=749, 7x at B=8 T=250, and at most 60 MB more memory."""
    memory = (1.0, 60.0)
    return [
        Case("B=1 T=749 D=768", partial(build, 1, (749,)), 6.0, memory),
        Case("B=8 T=250 D=768", partial(build, 8, (250,)), 7.0, memory),
        Case("B=1 T=749 D=1024", partial(build, 1, (749,), 1024)),
        Case("B=1 T=49 D=768", partial(build, 1, (49,))),
        Case("B=1, T=31 to 749, six in turn", partial(build, 1, (99, 749, 250, 499, 31, 612))),
        Case("B=8 T=250 D=768, training step", partial(build_step, 8, 250)),
    ]


if __name__ == "__main__":
    if "--tables" in sys.argv:
        write("positional_methods", methods(), "python -m benchmarks.positional_convolution --tables")
    else:
        main(__file__)
