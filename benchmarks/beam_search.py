"""Beam search, one utterance, against fast-ctc-decode (Rust) and pyctcdecode (Python), nothing pruned but the beam.

On flat posteriors (a model that knows nothing) and on peaky ones (a trained one). Each answer is scored again exactly,
by ``ctc_loss`` in float64: a search is as good as what it finds, not as what it says. pyctcdecode asks for numpy < 2
but runs without: ``pip install fast-ctc-decode``, ``pip install --no-deps pyctcdecode pygtrie``.
"""

import logging
import string
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from benchmarks.harness import Case, Run, main
from w2v2course.ctc import beam_search_decode, ctc_loss

LETTERS = string.ascii_letters[:31]  # class 0 is the blank
WIDTH = 16
Decoder = Callable[[Tensor], tuple[int, ...]]


def posteriors(kind: str, T: int = 750, C: int = 32, seed: int = 0) -> Tensor:
    """Log-probabilities (T, C), float32."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(T, C, generator=generator)
    if kind == "peaky":  # a label every seven frames, surely enough to be read, not so surely that nothing competes
        path = torch.zeros(T, dtype=torch.long)
        path[3::7] = torch.randint(1, C, (len(path[3::7]),), generator=generator)
        logits = 1.5 * logits
        logits[torch.arange(T), path] += 6.0
    return logits.log_softmax(-1)


def ours(backend: str, width: int = WIDTH) -> Decoder:
    return lambda log_probs: beam_search_decode(log_probs[None], beam_width=width, backend=backend)[0][0].labels


def fast_ctc_decode(width: int = WIDTH) -> Decoder:
    from fast_ctc_decode import beam_search

    def decode(log_probs: Tensor) -> tuple[int, ...]:
        text, _ = beam_search(log_probs.exp().numpy(), "-" + LETTERS, width, 0.0)
        return tuple(LETTERS.index(letter) + 1 for letter in text)

    return decode


def pyctcdecode(width: int = WIDTH) -> Decoder:
    logging.disable(logging.WARNING)
    from pyctcdecode import build_ctcdecoder

    decoder = build_ctcdecoder(["", *LETTERS])

    def decode(log_probs: Tensor) -> tuple[int, ...]:
        text = decoder.decode(log_probs.numpy(), beam_width=width, beam_prune_logp=-1e9, token_min_logp=-1e9)
        return tuple(LETTERS.index(letter) + 1 for letter in text)

    return decode


PEERS = {"fast-ctc-decode": fast_ctc_decode, "pyctcdecode": pyctcdecode}
BARS = {"fast-ctc-decode": 1.0, "pyctcdecode": 10.0}


def exact(log_probs: Tensor, labels: tuple[int, ...]) -> float:
    """The log-probability of labels, all alignments counted."""
    target = torch.tensor([labels], dtype=torch.long)
    return -ctc_loss(log_probs[None].double(), target, None, None, reduction="sum").item()


def build(backend: str, peer: str, kind: str) -> tuple[Run, Run]:
    log_probs = posteriors(kind)
    decoders = ours(backend), PEERS[peer]()
    for decode in decoders:
        decode(log_probs[:20])
    return tuple(partial(decode, log_probs) for decode in decoders)


def cases() -> list[Case]:
    return [
        Case(f"compiled, {peer}, {kind} T=750 C=32 W=16", partial(build, "compiled", peer, kind), BARS[peer])
        for peer in PEERS
        for kind in ("flat", "peaky")
    ]


def quality(utterances: int = 20) -> list[dict[str, object]]:
    """Mean exact log-probability of the answers, ours minus the peer's, and how often ours is better, equal, worse."""
    mine, rows = ours("compiled"), []
    for name, peer in PEERS.items():
        try:
            theirs = peer()
        except ModuleNotFoundError as error:
            print(f"SKIPPED  {name}: {error}; install it to compare")
            continue
        for kind in ("flat", "peaky"):
            gaps = []
            for seed in range(utterances):
                log_probs = posteriors(kind, T=300, seed=seed)
                gaps.append(exact(log_probs, mine(log_probs)) - exact(log_probs, theirs(log_probs)))
            better, worse = sum(gap > 1e-6 for gap in gaps), sum(gap < -1e-6 for gap in gaps)
            row = {"peer": name, "posteriors": kind, "utterances": utterances, "mean_gain": sum(gaps) / len(gaps)}
            rows.append(row | {"better": better, "equal": utterances - better - worse, "worse": worse})
    return rows


if __name__ == "__main__":
    print("exact log-probability of answers, ours minus the peer's, T=300:")
    for row in quality():
        print("  ", ", ".join(f"{name} {value}" for name, value in row.items()))
    main(__file__)
