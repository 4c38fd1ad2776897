"""Where a submission's code runs: bubblewrap's namespaces, or, where that is allowed by hand, nothing but limits.

In the sandbox: no network, files read-only and only those that Python needs, a private /tmp, own process ids, no
capabilities, an unprivileged user. Two ways lead there: root starts it and the worker changes to a user of its own
("uid", one a slot, so that limits of processes count for one submission), or anybody does, in a user namespace.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from w2v2course.grading.bubblewrap import PLACE, bubblewrap
from w2v2course.grading.limits import Limits
from w2v2course.grading.slots import slot

REMEDY = {
    "missing": (
        "bubblewrap is not installed: on Debian or Ubuntu, apt-get install bubblewrap; elsewhere than on Linux there "
        "is none, so grade on a Linux machine"
    ),
    "refused": (
        "bubblewrap is installed, but this system does not let it make a sandbox ({words}). On Ubuntu 24.04 and later "
        "AppArmor forbids it to ordinary users: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or run as "
        "root. In a container it needs the right to make namespaces (docker run --privileged, or --cap-add SYS_ADMIN "
        "with --security-opt seccomp=unconfined)"
    ),
}
UNSAFE = (
    "Without a sandbox every submission can read and write what you can, the seed and the results among it, and reach "
    "the network: for submissions that you trust only."
)
START = "import sys; sys.path.insert(0, sys.argv[1]); from w2v2course.grading.worker import main; main()"
PROBE = (
    "import os, socket, sys\n"
    "if sys.argv[2:]: os.setgroups([]); os.setresgid(*[int(sys.argv[2])] * 3); os.setresuid(*[int(sys.argv[2])] * 3)\n"
    "sys.path.insert(0, sys.argv[1]); import numpy, torch, w2v2course\n"
    "seen = set(os.listdir('/proc')); others = [name for name in seen if name.isdigit() and int(name) > 9]\n"
    "assert not others and {name for _, name in socket.if_nameindex()} <= {'lo'}; print('confined')"
)


@dataclass(frozen=True)
class Sandbox:
    """How submissions are kept apart.

    Attributes:
        way: "uid" and "namespace" are bubblewrap's, "none" is without.
    """

    way: str

    def command(self, package: Path, scratch: int, code: str = START, *arguments: str) -> list[str]:
        """What starts Python with the masked copy of the package first on its path."""
        place = str(package.parent)
        python = [sys.executable, "-I", "-c", code]
        if self.way == "none":
            return [*python, place, *arguments]
        return [*bubblewrap(self.way, package, scratch), *python, PLACE, *arguments]


def choose(wanted: str, allow_unsafe: bool, package: Path) -> Sandbox:
    """The sandbox to use, after trying it.

    Args:
        wanted: "auto", "bwrap" or "none".
        allow_unsafe: whether the instructor said that submissions are trusted.
        package: a copy of the package, to try it with.

    Raises:
        ValueError: there is no sandbox, or none is wanted, and nobody said that this may be; the words say what to do.
    """
    if wanted == "none":
        if not allow_unsafe:
            raise ValueError(f"--sandbox none needs --allow-unsafe as well. {UNSAFE}")
        return Sandbox("none")
    words = []
    ways = ["uid"] * (os.geteuid() == 0) + ["namespace"]
    for way in ways if shutil.which("bwrap") else []:
        trouble = _try(Sandbox(way), package)
        if not trouble:
            return Sandbox(way)
        words.append(trouble)
    remedy = REMEDY["refused"].format(words="; ".join(words)) if words else REMEDY["missing"]
    if wanted == "auto" and allow_unsafe:
        return Sandbox("none")
    raise ValueError(f"No sandbox: {remedy}. Or add --allow-unsafe with --sandbox none. {UNSAFE}")


def _try(sandbox: Sandbox, package: Path) -> str:
    """What goes wrong in the sandbox, or nothing."""
    with slot() as uid:
        command = sandbox.command(package, Limits().scratch, PROBE, *([str(uid)] if sandbox.way == "uid" else []))
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired) as error:
            return type(error).__name__
    lines = ran.stderr.strip().splitlines() or [f"exit {ran.returncode}"]
    return "" if ran.stdout.strip() == "confined" else lines[-1][:200]
