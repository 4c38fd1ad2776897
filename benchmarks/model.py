"""The whole wav2vec 2.0 with its CTC head, without gradients, against ``transformers``: same weights, same answers."""

from functools import partial
from tempfile import TemporaryDirectory

from benchmarks.harness import Case, Run, main

LAYOUTS = {
    "base": {},
    "large, layer/pre-norm": {
        "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096,
        "feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True,
    },
}  # fmt: skip


def build(layout: str, seconds: tuple[float, ...]) -> tuple[Run, Run]:
    """Both networks on the same waveforms, one after another; ours by way of a checkpoint that theirs saved."""
    import torch
    from transformers import Wav2Vec2Config, Wav2Vec2ForCTC
    from transformers.utils.logging import disable_progress_bar

    from w2v2course.checkpoints import load_checkpoint

    disable_progress_bar()
    torch.manual_seed(0)
    theirs = Wav2Vec2ForCTC(Wav2Vec2Config(**LAYOUTS[layout])).eval()
    with TemporaryDirectory() as folder:
        theirs.save_pretrained(folder)
        ours = load_checkpoint(folder)
    clips = [torch.randn(1, round(16_000 * length)) for length in seconds]

    @torch.inference_mode()
    def run(network: torch.nn.Module) -> None:
        for clip in clips:
            network(clip)

    return partial(run, ours), partial(run, theirs)


def cases() -> list[Case]:
    """The promise: the base model is not slower at 10 s."""
    return [
        Case("base, 10 s", partial(build, "base", (10.0,)), 1.0, (1.0, 60.0)),
        Case("base, 1.3 to 7.1 s, four in turn", partial(build, "base", (2.4, 7.1, 1.3, 4.2))),
        Case("large, layer/pre-norm, 5 s", partial(build, "large, layer/pre-norm", (5.0,))),
    ]


if __name__ == "__main__":
    main(__file__)
