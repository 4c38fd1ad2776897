"""Starting a worker, watching its memory, ending it and all that it started."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from w2v2course.grading.bubblewrap import variables
from w2v2course.grading.limits import Limits
from w2v2course.grading.sandbox import Sandbox
from w2v2course.grading.slots import slot


@contextmanager
def started(sandbox: Sandbox, package: Path, settings: dict, task: bytes, limits: Limits) -> Iterator[subprocess.Popen]:
    """A worker that was given its task; its frames come from `stdout`. It and all it started end with the block."""
    with slot() as uid, tempfile.TemporaryDirectory(prefix="w2v2course-") as home, tempfile.TemporaryFile() as told:
        confined = sandbox.way != "none"
        most = {"RLIMIT_FSIZE": limits.file, "RLIMIT_NOFILE": 256, "RLIMIT_CORE": 0}
        settings = settings | {
            "uid": uid if sandbox.way == "uid" else None,
            "sandboxed": confined,
            "limits": most | ({"RLIMIT_NPROC": limits.processes} if confined else {}),
        }
        words = json.dumps(settings).encode()
        told.write(len(words).to_bytes(8, "little") + words + task)
        told.seek(0)
        process = subprocess.Popen(
            sandbox.command(package, limits.scratch),
            stdin=told,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=home,
            env={"PATH": os.environ.get("PATH", os.defpath)} if confined else variables(home),
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _end(process, confined)


def _end(process: subprocess.Popen, confined: bool) -> None:
    """End it and wait. Of a sandbox the first process is ended: the kernel then ends all others before that is over."""
    if process.poll() is None and confined:
        for child in _children(process.pid):
            try:
                os.kill(child, 9)
            except ProcessLookupError:
                pass
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(process.pid, 9)
    except ProcessLookupError:
        pass
    process.wait()
    process.stdout.close()


def usage(pid: int) -> tuple[int, float]:
    """What a process and all below it use.

    Returns:
        Bytes of memory held, what they share counted once, and CPU seconds used, those of ended children included.
    """
    memory, cpu, waiting = 0, 0.0, [pid]
    while waiting:
        one = waiting.pop()
        memory += _resident(one)
        cpu += _cpu(one)
        waiting += _children(one)
    return memory, cpu


def _children(pid: int) -> list[int]:
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        return [int(child) for t in tasks for child in Path(f"/proc/{pid}/task/{t}/children").read_text().split()]
    except (OSError, ValueError):
        return []


def _resident(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except (OSError, ValueError):
        pass
    return 0


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return 0.0
