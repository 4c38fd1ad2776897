"""Runs inside the sandbox: a submission's cells, then each case in a fork of its own; sends frames, judges nothing.

Whatever the submission does to this process, it can only send wrong data about itself.
"""

import os
import resource
import select
import signal
import struct
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# Taken before any submission's code runs, which may replace them.
_exit, _fork, _kill, _pipe, _read, _wait, _write = os._exit, os.fork, os.kill, os.pipe, os.read, os.waitpid, os.write
_getpid, _now, _sleep = os.getpid, time.monotonic, time.sleep
MARK = "/run/w2v2course-sandbox"  # exists in the sandbox only


def confine(settings: dict) -> None:
    """Before anything large is imported: limits, and an unprivileged user where root started this."""
    for name, value in settings["limits"].items():
        resource.setrlimit(getattr(resource, name), (value, value))
    if settings["uid"] is not None:
        for folder in ("/tmp", "/tmp/matplotlib"):
            os.chmod(folder, 0o1777)
        os.setgroups([])
        os.setresgid(*[settings["uid"]] * 3)
        os.setresuid(*[settings["uid"]] * 3)
    if settings["sandboxed"]:
        from w2v2course.grading.syscalls import refuse

        refuse()  # a second wall; a kernel without it leaves the first


def main() -> None:
    """Read a task from standard input, run it, and leave."""
    source = sys.stdin.buffer.read()
    (length,) = struct.unpack_from("<Q", source)
    import json

    settings = json.loads(source[8 : 8 + length])
    out = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    confine(settings)
    Worker(settings, source[8 + length :], out).run()


class Worker:
    """One run of one submission."""

    def __init__(self, settings: dict, task: bytes, out: int):
        import torch

        from w2v2course.exercises.plain import fresh, plain
        from w2v2course.exercises.trouble import is_stub, raised
        from w2v2course.grading import wire

        torch.set_num_threads(1)
        self._fresh, self._plain, self._is_stub, self._raised, self._wire = fresh, plain, is_stub, raised, wire
        self._settings, self._out, self._sandboxed = settings, out, settings["sandboxed"] and os.path.exists(MARK)
        ((text, tensors),) = wire.Frames(1 << 40).add(task)
        exercises = wire.unpack(text, tensors)
        if not isinstance(exercises, list):
            raise ValueError(f"task must hold a list of functions and cases, but holds a {type(exercises).__name__}")
        self._exercises = exercises
        self._pid = _getpid()
        self._shell = _quiet_shell()
        self._limit_memory()

    def _limit_memory(self) -> None:
        """Address space on top of what the imports took, which differs between builds of PyTorch."""
        pages = int(open("/proc/self/statm").read().split()[0]) if os.path.exists("/proc/self/statm") else 1 << 20
        most = pages * resource.getpagesize() + self._settings["head_room"]
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    def _send(self, head: dict, tensors: bytes = b"") -> None:
        data = self._wire.frame(head, tensors)
        while data:
            data = data[_write(self._out, data) :]

    def run(self) -> None:
        self._send({"is": "ready"})
        self._cells()
        self._send({"is": "cells done"})
        for function, cases in self._exercises:
            self._cases(function, cases)
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        self._send({"is": "done", "cpu": sum(one.ru_utime + one.ru_stime for one in used)})
        _exit(0)

    def _cells(self) -> None:
        for index, source in enumerate(self._settings["cells"]):
            if index in self._settings["skip_cells"] or not source.strip():
                continue
            self._send({"is": "cell", "cell": index})
            error = self._cell(source)
            if _getpid() != self._pid:
                _exit(0)  # a cell that forked comes back twice
            self._sweep()
            if _threads() > self._settings["threads"]:
                _exit(3)  # too many threads left running for the cases to start: again without this cell
            if error:
                self._send({"is": "failed", "cell": index, "error": error})

    def _cell(self, source: str) -> str:
        """Run a cell: what it raised, in a line, or nothing."""
        times = [0]

        def too_long(*_: object) -> None:
            times[0] += 1
            if times[0] > 5:  # it swallows what is raised
                _exit(4)
            raise _TooLong("the cell took too long")

        signal.signal(signal.SIGPROF, too_long)
        signal.setitimer(signal.ITIMER_PROF, self._settings["cell_cpu"], 0.2)
        try:
            result = self._shell.run_cell(source, store_history=False, silent=True)
            error = result.error_before_exec or result.error_in_exec
        except BaseException as caught:
            error = caught
        try:
            signal.setitimer(signal.ITIMER_PROF, 0)
            if error is None:
                return ""
            said = self._raised(error, None)
            return f"{said.name}: {said.message}"
        except BaseException:
            return "an exception that cannot be shown"

    def _sweep(self) -> None:
        """End every process that a cell or case left behind. Inside the sandbox "every" is only its own."""
        if self._sandboxed:
            try:
                _kill(-1, signal.SIGKILL)
                while _wait(-1, os.WNOHANG)[0]:
                    pass
            except (ProcessLookupError, ChildProcessError, PermissionError):
                pass

    def _cases(self, function: str, cases: list[tuple]) -> None:
        candidate = self._shell.user_ns.get(function)
        for index, arguments in enumerate(cases):
            if [function, index] in self._settings["skip_cases"]:
                continue
            head = {"is": "case", "function": function, "case": index}
            if candidate is None:
                self._send({**head, "is": "answer", "status": "undefined"})
                continue
            self._send(head)
            status, text, tensors = self._case(function, candidate, arguments)
            self._sweep()
            self._send({**head, "is": "answer", "status": status, "text": text}, tensors)
            if status in ("too long", "stub", "killed"):
                break  # larger cases would be no better

    def _forked(self) -> int:
        """A fork, as soon as there is room: what was swept counts as a process until the sandbox's first reaped it."""
        end = _now() + 5
        while True:
            try:
                return _fork()
            except OSError:
                if _now() > end:
                    raise
                self._sweep()
                _sleep(0.01)

    def _case(self, function: str, candidate: Any, arguments: tuple) -> tuple[str, str, bytes]:
        """One case in a fork: how it ended, and the JSON and tensors that the fork wrote."""
        read, write = _pipe()
        child = self._forked()
        if child == 0:
            os.close(self._out)
            self._answer(write, function, candidate, arguments)
            _exit(0)
        os.close(write)
        lengths = self._wire.LENGTHS
        data, end = bytearray(), _now() + self._settings["case_wall"]
        while (left := end - _now()) > 0 and len(data) <= 5 * self._settings["message"]:
            if select.select([read], [], [], left)[0]:
                part = _read(read, 1 << 20)
                if not part:
                    break
                data += part
                if len(data) >= lengths.size and len(data) >= lengths.size + sum(lengths.unpack_from(data)):
                    break  # all is there, though something that the function started may keep the pipe open
        ran_out = left <= 0
        try:
            _kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
        ended = _wait(child, 0)[1]
        os.close(read)
        if ran_out or (os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGXCPU):
            return "too long", "", b""
        if len(data) >= lengths.size:
            text, tensors = lengths.unpack_from(data)
            if len(data) == lengths.size + text + tensors and text <= self._settings["message"]:
                words = bytes(data[lengths.size : lengths.size + text]).decode("utf-8", "replace")
                stub = words == '{"stub": true}'
                return "stub" if stub else "value", words, bytes(data[lengths.size + text :])
        return ("killed" if os.WIFSIGNALED(ended) else "no answer"), "", b""

    def _answer(self, write: int, function: str, candidate: Any, arguments: tuple) -> None:
        """In the fork: call the function, write a frame with its plain value and the arguments afterwards.

        The candidate is whatever a cell gave the function's name to; what cannot be called says so when it is.
        """
        try:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGXCPU, signal.SIG_DFL)
            most = self._settings["case_cpu"]
            resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
            handed = tuple(self._fresh(value) for value in arguments)
            head: dict[str, object] | None = None
            tensors, pid = b"", _getpid()
            try:
                got = self._plain(candidate(*handed))
            except BaseException as error:
                got = self._raised(error, candidate)
                if self._is_stub(error, function):
                    head = {"stub": True}
            if _getpid() != pid:
                return  # the function forked
            if head is None:
                after = [None if callable(value) else self._plain(value) for value in handed]
                text, tensors = self._wire.pack([got, after])
                head = {"value": text}
            data = self._wire.frame(head, tensors)
            while data:
                data = data[_write(write, data) :]
        finally:
            _exit(0)


def _quiet_shell() -> "InteractiveShell":
    """IPython without history and tracebacks: nobody reads them here, and it takes seconds for a deep one."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class QuietShell(InteractiveShell):
        def showtraceback(self, *_: object, **__: object) -> None:
            pass

        def showsyntaxerror(self, *_: object, **__: object) -> None:
            pass

    return QuietShell.instance(config=Config(HistoryManager={"enabled": False}))


def _threads() -> int:
    return len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1


class _TooLong(BaseException):
    """A cell's time is over; no `except Exception` holds it."""


if __name__ == "__main__":
    main()
