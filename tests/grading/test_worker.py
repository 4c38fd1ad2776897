"""What the worker does where the sandbox is slow: the rest is seen in whole runs."""

import errno

import pytest

from w2v2course.grading import worker


def crowded(monkeypatch, times: float) -> worker.Worker:
    """A worker in a sandbox that has no room for another process, the first so many times."""
    calls = []

    def fork() -> int:
        calls.append(None)
        if len(calls) <= times:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        return 4321

    monkeypatch.setattr(worker, "_fork", fork)
    one = worker.Worker.__new__(worker.Worker)
    one._sandboxed = False
    return one


def test_a_case_waits_for_room_that_killed_processes_still_take(monkeypatch):
    assert crowded(monkeypatch, 3)._forked() == 4321


def test_it_does_not_wait_for_ever(monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(worker, "_now", lambda: next(clock))
    with pytest.raises(BlockingIOError):
        crowded(monkeypatch, float("inf"))._forked()
