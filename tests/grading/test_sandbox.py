"""What the sandbox promises, looked at from inside; what is said where there is none."""

import os
import subprocess

import pytest

from tests.grading.notebooks import FULL, honest
from tests.grading.test_hostile import scores
from w2v2course.grading import sandbox as sandboxes
from w2v2course.grading.collect import Submission
from w2v2course.grading.job import grade
from w2v2course.grading.limits import Limits
from w2v2course.grading.run import package_without
from w2v2course.grading.slots import FIRST, slot

LOOK = """
import os, resource, socket
if os.getuid() == 0: os.setgroups([]); os.setresgid(*[61200] * 3); os.setresuid(*[61200] * 3)
def refused(path):
    try: open(path, "w")
    except OSError: return True
print(os.getuid() != 0, [name for _, name in socket.if_nameindex()] == ["lo"])
print(all(refused(f"{place}/x") for place in ("", "/usr", "/opt/w2v2course/w2v2course", "/dev", "/run", "/proc/sys")))
print(len([name for name in os.listdir("/proc") if name.isdigit()]) <= 2)
print(not os.path.exists("HERE") and "SECRET" not in os.environ)
print(int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")), 16) == 0)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("NoNewPrivs")) == "1")
"""


@pytest.fixture(params=["uid", "namespace"])
def either(request, sandbox):
    """Both ways into a sandbox, where this machine gives both."""
    way = sandboxes.Sandbox(request.param)
    if request.param == "uid" and os.geteuid() != 0:
        pytest.skip("SKIPPED LOUDLY: only root can give each worker a user id of its own")
    trouble = sandboxes._try(way, package_without(frozenset()))
    if trouble:
        assert way != sandbox
        pytest.skip(f"SKIPPED LOUDLY: no sandbox by {request.param} here ({trouble})")
    return way


def test_from_inside(either, monkeypatch):
    monkeypatch.setenv("SECRET", "1")
    command = either.command(package_without(frozenset()), 1 << 20, LOOK.replace("HERE", os.path.abspath(__file__)))
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.stdout.split() == ["True"] * 7, ran


def test_an_honest_submission_passes_either_way(either, assignment, limits):
    record = grade(Submission("ann", honest()), assignment, either, package_without, limits)
    assert scores(record) == FULL and record["notes"] == []


def test_the_bars_of_an_honest_submission(assignment, sandbox):
    record = grade(Submission("ann", honest()), assignment, sandbox, package_without, Limits())
    assert record["cost"]["cpu_seconds"] <= 2.5
    assert record["cost"]["megabytes"] <= 1536


def test_without_a_sandbox_only_by_two_words(monkeypatch, assignment, limits):
    package = package_without(frozenset())
    with pytest.raises(ValueError, match=r"needs --allow-unsafe as well\. .* for submissions that you trust only"):
        sandboxes.choose("none", False, package)
    monkeypatch.setattr(sandboxes.shutil, "which", lambda name: None)
    for wanted in ("auto", "bwrap"):
        with pytest.raises(ValueError, match=r"apt-get install bubblewrap.*trust only"):
            sandboxes.choose(wanted, False, package)
    with pytest.raises(ValueError, match="apt-get install bubblewrap"):
        sandboxes.choose("bwrap", True, package)
    assert sandboxes.choose("auto", True, package).way == sandboxes.choose("none", True, package).way == "none"
    record = grade(Submission("ann", honest()), assignment, sandboxes.Sandbox("none"), package_without, limits)
    assert scores(record) == FULL


def test_a_sandbox_that_the_system_refuses_is_explained(monkeypatch, sandbox):
    monkeypatch.setattr(sandboxes, "_try", lambda way, package: "setting up uid map: Permission denied")
    with pytest.raises(ValueError, match=r"uid map: Permission denied.*apparmor_restrict_unprivileged_userns=0"):
        sandboxes.choose("auto", False, package_without(frozenset()))


def test_no_two_workers_share_a_user():
    with slot() as one, slot() as two:
        assert FIRST <= one < two
    with slot() as again:
        assert again == one
