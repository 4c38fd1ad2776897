"""The command line of bubblewrap: which files a submission sees, and what it may not do."""

import importlib.util
import os
import site
import subprocess
import sys
from functools import cache
from pathlib import Path

from w2v2course.grading.worker import MARK

PLACE = "/opt/w2v2course"  # where the masked copy of the package lies in the sandbox


def bubblewrap(way: str, package: Path, scratch: int) -> list[str]:
    """What stands before the command that is to run in the sandbox.

    Args:
        way: "uid" (root starts it, the worker becomes somebody else) or "namespace" (of users; anybody starts it).
        package: the masked copy of the package.
        scratch: bytes of the private /tmp.
    """
    apart = [
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]
    if way == "uid":  # the worker needs these two for a moment, to become somebody else
        user = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        user = ["--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"]
    files = ["--ro-bind", "/usr", "/usr"]
    for name in ("lib", "lib32", "lib64", "bin", "sbin"):
        path = Path("/", name)
        if path.is_symlink():
            files += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            files += ["--ro-bind", str(path), str(path)]
    for shared in ("/etc/ld.so.cache", "/etc/alternatives"):
        files += ["--ro-bind-try", shared, shared]
    size = ["--size", str(scratch)] if "--size" in _help() else []  # since bubblewrap 0.7
    # Before Python, which may lie below /tmp.
    files += [*size, "--tmpfs", "/tmp", "--dir", "/tmp/matplotlib"]
    for path in _python():
        for parent in reversed(path.parents[:-1]):  # readable to the unprivileged, even those below root's home
            files += ["--dir", str(parent)]
        files += ["--ro-bind", str(path), str(path)]
        for copy in path.glob("lib/python*/site-packages/w2v2course"):  # an installed package is not masked
            files += ["--tmpfs", str(copy)]
    files += ["--dir", "/opt", "--dir", PLACE, "--ro-bind", str(package), f"{PLACE}/w2v2course"]
    files += ["--dir", "/run", "--dir", MARK, "--proc", "/proc", "--dev", "/dev"]
    for fonts in _font_lists():  # else each submission would look for all fonts anew
        files += ["--ro-bind", str(fonts), f"/tmp/matplotlib/{fonts.name}"]
    files += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    environment = ["--clearenv"]
    for name, value in variables("/tmp").items():
        environment += ["--setenv", name, value]
    return ["bwrap", "--die-with-parent", "--new-session", *apart, *user, *files, *environment, "--"]


def variables(home: str) -> dict[str, str]:
    """The worker's whole environment: one thread, nothing of the parent's."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    return dict.fromkeys(names, "1") | {
        "W2V2COURSE_GRADING": "1",
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": home,
        "TMPDIR": home,
        "USER": "learner",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "IPYTHONDIR": f"{home}/ipython",
        "CUDA_VISIBLE_DEVICES": "",
        # Importing numba takes longer than small cases save; with its compiler off, CTC takes tensors instead.
        "NUMBA_DISABLE_JIT": "1",
    }


@cache
def _python() -> list[Path]:
    """The folders that this Python and its packages lie in, outermost first, without what /usr has."""
    places = {Path(sys.prefix), Path(sys.base_prefix), *map(Path, site.getsitepackages())}
    for name in ("torch", "numpy", "IPython", "safetensors"):
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            raise ValueError(f"the grader needs {name}: install it with pip install {name}")
        places.add(Path(found.origin).parent.parent)
    # The interpreter may be reached through links (pyenv's and uv's are).
    places.add(Path(os.path.realpath(sys.executable)).parent.parent)
    whole = {path for path in places if path.is_dir() and not path.is_relative_to("/usr")}
    return sorted(path for path in whole if not any(path != other and path.is_relative_to(other) for other in whole))


@cache
def _font_lists() -> list[Path]:
    """matplotlib's lists of fonts, made here once."""
    try:
        import matplotlib.font_manager
    except ImportError:
        return []
    return sorted(Path(matplotlib.get_cachedir()).glob("fontlist-*.json"))


@cache
def _help() -> str:
    return subprocess.run(["bwrap", "--help"], capture_output=True, text=True).stdout
