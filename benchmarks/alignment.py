"""Our own levels against each other: the readable, tensor operations, compiled loops; and how each grows.

``--tables`` measures growth with T, S, C, B and beam width, runs the other two scripts about CTC, and writes what
the chapters draw to ``w2v2course/tables/``: ``ctc_growth.csv``, ``ctc_loss.csv``, ``beam_search.csv``,
``beam_quality.csv``.
"""

import argparse
import statistics
import sys
import time
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks import beam_search, ctc_loss
from benchmarks.harness import Case, Run, main, measure
from benchmarks.table import write
from w2v2course import ctc

MADE_BY = "python -m benchmarks.alignment --tables"
USUAL = {"B": 1, "T": 200, "S": 30, "C": 32}
GROWTH = {"T": (100, 200, 400, 800, 1600), "S": (5, 10, 20, 40, 80), "C": (8, 32, 128, 512), "B": (1, 4, 16, 64)}
FEW = {"B": 1, "S": 3, "C": 3}  # what writing down every path can do
WIDTHS = (1, 4, 16, 64)


def losses(B: int, T: int, S: int, C: int) -> dict[str, Run]:
    """Forward and backward of one batch at every level; the tables take one utterance after the other."""
    logits, targets, input_lengths, target_lengths = ctc_loss.inputs(B, T, S, C)
    log_probs = logits.log_softmax(-1)

    def trained(loss: Run) -> Run:
        x = log_probs.clone().requires_grad_()

        def run() -> Tensor:
            x.grad = None
            value = loss(x)
            value.backward()
            return value.detach()

        return run

    def by_table() -> Tensor:
        rows = zip(log_probs, targets.tolist(), strict=True)
        return sum(-(ctc.forward_table(x, y) + ctc.backward_table(x, y))[0].logsumexp(0) for x, y in rows)

    def by_enumeration(x: Tensor) -> Tensor:
        return sum(ctc.ctc_loss_by_enumeration(row, y) for row, y in zip(x, targets.tolist(), strict=True))

    def ours(backend: str) -> Run:
        return trained(lambda x: ctc.ctc_loss(x, targets, None, None, reduction="sum", backend=backend))

    levels = {
        "table": by_table,
        "tensors": ours("torch"),
        "compiled": ours("compiled"),
        "F.ctc_loss": trained(
            lambda x: F.ctc_loss(x.transpose(0, 1), targets, input_lengths, target_lengths, reduction="sum")
        ),
    }
    if B * C**T < 100_000:
        levels["enumeration"] = trained(by_enumeration)
    return levels


def decoders(T: int, width: int) -> dict[str, Run]:
    """One utterance of 32 classes, at every level."""
    log_probs = beam_search.posteriors("peaky", T)
    levels = {name: partial(beam_search.ours(name, width), log_probs) for name in ("readable", "torch", "compiled")}
    return {name.replace("torch", "tensors"): run for name, run in levels.items()} | {
        "greedy": lambda: ctc.greedy_decode(log_probs[None])
    }


def aligner(T: int, S: int) -> dict[str, Run]:
    logits, targets, _, _ = ctc_loss.inputs(1, T, S, 32)
    return {"forced": lambda: ctc.forced_align(logits.log_softmax(-1), targets)}


def medians(levels: dict[str, Run], most: int = 31, seconds: float = 0.7) -> dict[str, float]:
    """Milliseconds of each; they take turns, at least five, and the quick ones more."""
    times: dict[str, list[float]] = {name: [] for name in levels}
    for run in levels.values():
        run()
    for turn in range(most):
        for name, run in levels.items():
            if turn < 5 or sum(times[name]) < 1e3 * seconds:
                start = time.perf_counter()
                run()
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def growth() -> list[dict[str, object]]:
    """How each level grows, one letter at a time."""
    rows: list[dict[str, object]] = []

    def add(task: str, letter: str, value: int, levels: dict[str, Run], shape: dict[str, int]) -> None:
        for level, milliseconds in medians(levels).items():
            rows.append({"task": task, "level": level, "grows": letter, "at": value} | shape | {"ms": milliseconds})
        print(f"{task}, {letter} = {value}", flush=True)

    for letter, values in GROWTH.items():
        for value in values:
            shape = USUAL | {letter: value}
            add("loss", letter, value, losses(**shape), shape | {"width": 0})
    for T in range(5, 11):
        shape = FEW | {"T": T}
        add("loss, few", "T", T, losses(**shape), shape | {"width": 0})
    for T in (50, 100, 200, 400):
        add("decoding", "T", T, decoders(T, 16), {"B": 1, "T": T, "S": 0, "C": 32, "width": 16})
    for width in WIDTHS:
        add("decoding", "width", width, decoders(100, width), {"B": 1, "T": 100, "S": 0, "C": 32, "width": width})
    for T in (100, 200, 400, 800):
        shape = {"B": 1, "T": T, "S": 30, "C": 32, "width": 0}
        add("forced alignment", "T", T, aligner(T, 30), shape)
    return rows


def tables(seconds: float = 30.0) -> None:
    options = argparse.Namespace(only="", rounds=9, seconds=seconds, memory=True, threads=torch.get_num_threads())
    print("growth", flush=True)
    write("ctc_growth", growth(), MADE_BY)
    for script in (ctc_loss, beam_search):
        name = script.__name__.rpartition(".")[2]
        rows = [
            {"case": row.case, "ours_ms": row.ours_ms, "peer_ms": row.peer_ms, "ratio": row.ratio, "bar": row.bar,
             "ours_mb": row.ours_mb, "peer_mb": row.peer_mb, "memory_bar_mb": row.memory_bar_mb}
            for row in measure(f"benchmarks.{name}", options)
        ]  # fmt: skip
        if script is ctc_loss:
            for row, (backend, shape) in zip(
                rows, [(backend, shape) for backend in ("compiled", "torch") for shape in ctc_loss.SHAPES], strict=True
            ):
                row["ours_error"] = ctc_loss.disagreement(backend, *shape)
                row["peer_error"] = ctc_loss.disagreement(None, *shape)
        write(name, rows, MADE_BY)
    write("beam_quality", beam_search.quality(), MADE_BY)


def build(first: str, second: str, make: Run, *shape: int) -> tuple[Run, Run]:
    levels = make(*shape)
    levels[first]()
    return levels[first], levels[second]


def cases() -> list[Case]:
    """Not promises: how far apart the levels are."""
    shape = tuple(USUAL.values())
    return [
        Case("loss B=1 T=200 S=30, compiled / table", partial(build, "compiled", "table", losses, *shape)),
        Case("loss B=1 T=200 S=30, tensors / table", partial(build, "tensors", "table", losses, *shape)),
        Case("loss B=1 T=9 S=3 C=3, table / enumeration", partial(build, "table", "enumeration", losses, 1, 9, 3, 3)),
        Case("beam T=100 W=16, compiled / readable", partial(build, "compiled", "readable", decoders, 100, 16)),
        Case("beam T=100 W=16, tensors / readable", partial(build, "tensors", "readable", decoders, 100, 16)),
    ]


if __name__ == "__main__":
    if "--tables" in sys.argv:
        tables()
    else:
        main(__file__)
