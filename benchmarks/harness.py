"""One way to compare two callables: interleaved runs, medians, and peak memory each in a process of its own.

A benchmark script lists ``Case``s and calls ``main(__file__)``. Nothing heavy should happen when it is imported;
``Case.build`` imports the peer, makes inputs, and returns the two callables.
"""

import argparse
import importlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

Run = Callable[[], object]
SHORTEST = 0.01  # seconds: a faster callable is called several times between two looks at the clock
VERSIONS = ("torch", "transformers", "numpy", "numba", "fast-ctc-decode", "pyctcdecode")


@dataclass(frozen=True)
class Case:
    """One comparison.

    Args:
        name: what is compared, with its shapes.
        build: returns ``(ours, peer)``, two callables without arguments that do the same work. It runs again in each
            memory process; whatever should count for neither (compiling, say) it may do itself. A missing package
            (``ModuleNotFoundError``) skips the case, loudly.
        bar: the least ratio peer's time / our time that the project promises; None: no promise.
        memory: ``(factor, plus)``: our peak is to stay within factor · peer's peak + plus MB; None: no promise.
    """

    name: str
    build: Callable[[], tuple[Run, Run]]
    bar: float | None = None
    memory: tuple[float, float] | None = None


@dataclass
class Row:
    """What was measured of one case: medians in milliseconds, peaks in MB over what stood before the first call."""

    script: str
    case: str
    ours_ms: float
    peer_ms: float
    ratio: float
    bar: float | None = None
    ours_mb: float | None = None
    peer_mb: float | None = None
    memory_bar_mb: float | None = None

    @property
    def missed(self) -> list[str]:
        """Which promises were not kept."""
        missed = []
        if self.bar is not None and self.ratio < self.bar:
            missed.append(f"time below {self.bar:g}x")
        if self.memory_bar_mb is not None and self.ours_mb is not None and self.ours_mb > self.memory_bar_mb:
            missed.append(f"memory above {self.memory_bar_mb:.0f} MB")
        return missed


def compare(ours: Run, peer: Run, rounds: int = 9, seconds: float = 60.0) -> tuple[float, float]:
    """Median times of two callables in seconds; they take turns, so that a busy machine slows both.

    Args:
        ours, peer: what is timed; each is called twice first, unmeasured.
        rounds: measured turns of each, at most; at least three are made.
        seconds: no new turn begins after this time.
    """
    calls = []
    for run in (ours, peer):
        run()
        calls.append(max(1, round(SHORTEST / max(_time(run, 1), 1e-9))))
    times: tuple[list[float], list[float]] = ([], [])
    start = time.perf_counter()
    for turn in range(rounds):
        if turn >= 3 and time.perf_counter() - start > seconds:
            break
        for who in (0, 1) if turn % 2 == 0 else (1, 0):
            times[who].append(_time((ours, peer)[who], calls[who]))
    return statistics.median(times[0]), statistics.median(times[1])


def _time(run: Run, calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - start) / calls


def peak_mb(run: Run, calls: int = 3) -> float:
    """By how many MB the resident memory of this process grew, at its highest, while a callable ran.

    Sound only in a fresh process: memory that was freed and kept by the allocator would hide what the callable takes.
    The high-water mark is reset first where the system allows it (Linux).
    """
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass
    before = _high_water_mb()
    for _ in range(calls):
        run()
    return _high_water_mb() - before


def _high_water_mb() -> float:
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def peak_in_fresh_process(script: str, index: int, who: int, threads: int) -> float:
    """``peak_mb`` of one callable (0 ours, 1 the peer's) of one case, in a process made for it."""
    # Freed blocks go back to the system at once, so that what build() freed cannot serve the callable unseen.
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    command = [sys.executable, "-m", "benchmarks.harness", script, str(index), str(who), str(threads)]
    root = Path(__file__).parent.parent
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the memory process of {script}, case {index}, failed:\n{done.stderr}")
    return float(done.stdout.split()[-1])


def environment() -> dict[str, object]:
    """Where a table was made: versions, threads, processor, date, and how busy the machine was already."""
    import torch

    versions = {"python": platform.python_version()}
    for package in VERSIONS:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "threads": torch.get_num_threads(),
        "waiting": os.environ["OMP_WAIT_POLICY"],
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "processor": _processor(),
        "versions": versions,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def measure(script: str, options: argparse.Namespace) -> list[Row]:
    """All rows of one script that ``options.only`` asks for."""
    rows = []
    for index, case in enumerate(importlib.import_module(script).cases()):
        if options.only.lower() not in f"{script} {case.name}".lower():
            continue
        try:
            ours, peer = case.build()
        except ModuleNotFoundError as error:
            print(f"SKIPPED  {script}: {case.name}: {error}; install it to compare", flush=True)
            continue
        ours_time, peer_time = compare(ours, peer, options.rounds, options.seconds)
        del ours, peer
        row = Row(script, case.name, 1e3 * ours_time, 1e3 * peer_time, peer_time / ours_time, case.bar)
        if options.memory:
            row.ours_mb, row.peer_mb = (peak_in_fresh_process(script, index, who, options.threads) for who in (0, 1))
            if case.memory is not None:
                row.memory_bar_mb = case.memory[0] * row.peer_mb + case.memory[1]
        rows.append(row)
        print(line(row), flush=True)
    return rows


HEADER = f"{'':58}{'ours':>12}{'peer':>12}{'ratio':>9}{'bar':>7}{'ours':>10}{'peer':>10}"


def line(row: Row) -> str:
    """One row of the table."""
    name = f"{row.script.removeprefix('benchmarks.')}: {row.case}"
    bar = "" if row.bar is None else f"{row.bar:g}x"
    memory = "" if row.ours_mb is None else f"{row.ours_mb:>7.0f} MB{row.peer_mb:>7.0f} MB"
    missed = f"   MISSED: {', '.join(row.missed)}" if row.missed else ""
    return f"{name:58}{row.ours_ms:>9.2f} ms{row.peer_ms:>9.2f} ms{row.ratio:>8.2f}x{bar:>7}{memory}{missed}"


def main(*files: str) -> None:
    """Measure the scripts at these paths and print one table; the command line has the options."""
    parser = argparse.ArgumentParser(description="ours against a peer: medians of interleaved runs, peak memory")
    parser.add_argument("--only", default="", help="only cases whose script or name has this text in it")
    parser.add_argument("--rounds", type=int, default=9, help="measured turns of each, at most")
    parser.add_argument("--seconds", type=float, default=60.0, help="time for the turns of one case, about")
    parser.add_argument("--threads", type=int, default=0, help="threads of PyTorch; 0 leaves its own choice")
    parser.add_argument("--no-memory", dest="memory", action="store_false", help="leave the memory processes out")
    parser.add_argument("--json", metavar="FILE", help="also write the rows, with versions and processor, to FILE")
    parser.add_argument("--check", action="store_true", help="exit with status 1 if a bar is missed")
    options = parser.parse_args()
    import torch

    if options.threads:
        torch.set_num_threads(options.threads)
    options.threads = torch.get_num_threads()
    where = environment()
    print(f"{where['processor']}, {where['threads']} threads ({where['waiting']} waiting), load {where['load']} before")
    print(", ".join(f"{package} {number}" for package, number in where["versions"].items()))
    print(
        "time: median, ratio = peer / ours; memory: peak over what stood before the first call\n" + HEADER, flush=True
    )
    rows = [row for file in files for row in measure(f"benchmarks.{Path(file).stem}", options)]
    if options.json:
        table = where | {"rows": [asdict(row) | {"missed": row.missed} for row in rows]}
        Path(options.json).write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    if options.check and any(row.missed for row in rows):
        sys.exit(1)


if __name__ == "__main__":  # one memory process
    script, index, who, threads = sys.argv[1], *map(int, sys.argv[2:5])
    import torch

    torch.set_num_threads(threads)
    print(peak_mb(importlib.import_module(script).cases()[index].build()[who]))
