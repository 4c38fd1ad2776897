"""Everything that `make test` checks, one stage after the other; minutes a stage and the slowest tests at the end.

python -m tools.check             # all stages; exits with 1 if any failed
python -m tools.check unit pages  # only these
python -m tools.check --all       # with what takes too long for every day (`make test-all`)
python -m tools.check --record    # all stages, and if they pass keep the minutes for the book's page on checks
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from pathlib import Path

from tools.notebooks import ONE_THREAD, ROOT
from w2v2course.tables import write_table

PYTEST = [sys.executable, "-m", "pytest"]
NOT_SLOW = ["-m", "not slow"]
STAGES = {
    "style": [sys.executable, "-m", "ruff", "check", "."],
    "types": [sys.executable, "-m", "mypy"],
    "in step": [sys.executable, "-m", "tools.notebooks", "--check"],
    "unit": [*PYTEST, "tests", "--ignore=tests/book", "-n", "2", "--dist", "loadfile"],
    "notebooks": [
        *PYTEST,
        *("-p", "tests.book.nbval_strict", "--nbval", "--nbval-sanitize-with=tests/book/sanitize.cfg"),
        *("book/chapters", "book/exercises", "book/solutions", "-n", "2", "--dist", "loadfile"),
    ],
    "book": [sys.executable, "-m", "tools.build"],
    "pages": [*PYTEST, "tests/book", "-n", "2", "--dist", "loadgroup"],
    "spelling": [sys.executable, "-m", "codespell_lib", "--toml", "pyproject.toml"],
}
MINUTES = ROOT / "benchmarks" / "results" / "stages.csv"
SLOWEST = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stages", nargs="*", metavar="stage", help=f"only these: {', '.join(STAGES)}")
    parser.add_argument("--all", action="store_true", help="slow tests too")
    parser.add_argument("--record", action="store_true", help="keep the minutes a stage took")
    options = parser.parse_args()
    unknown = set(options.stages) - set(STAGES)
    if unknown:
        sys.exit(f"no stage is called {', '.join(sorted(unknown))}; stages are {', '.join(STAGES)}")
    if options.record and (options.stages or options.all):
        sys.exit("--record keeps the minutes of an everyday run: name no stages, and leave --all out")
    wanted = options.stages or list(STAGES)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted:
            print(f"\n── {name} " + "─" * (70 - len(name)), flush=True)
            started = time.perf_counter()
            code = subprocess.run(command(name, options.all, Path(folder)), env=os.environ | ONE_THREAD).returncode
            results[name] = code, (time.perf_counter() - started) / 60
        print_slowest(durations(Path(folder)))
    print("\nstage        minutes")
    for name, (code, minutes) in results.items():
        print(f"{name:12} {minutes:7.1f}  {'passed' if code == 0 else f'FAILED (exit {code})'}")
    print(f"{'all':12} {sum(minutes for _, minutes in results.values()):7.1f}")
    failed = [name for name, (code, _) in results.items() if code]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")
    if options.record:
        record({name: minutes for name, (_, minutes) in results.items()})


def command(stage: str, everything: bool, folder: Path) -> list[str]:
    """What runs a stage: pytest leaves slow tests out unless they are wanted, and says how long each test took."""
    run = STAGES[stage]
    if run[:3] == PYTEST:
        run = [*run, *([] if everything else NOT_SLOW), f"--junitxml={folder / stage}.xml"]
    return run


def durations(folder: Path) -> list[tuple[float, str, str]]:
    """Seconds, stage and name of every test that pytest reported into a folder, the slowest first."""
    found = []
    for path in folder.glob("*.xml"):
        for case in ElementTree.parse(path).iter("testcase"):
            name = f"{case.get('classname', '').removeprefix('tests.')}: {case.get('name')}"
            found.append((float(case.get("time", 0)), path.stem, name))
    return sorted(found, reverse=True)


def print_slowest(found: list[tuple[float, str, str]]) -> None:
    """A table of the slowest tests, set-up and tear-down counted with the test that needed them."""
    if found:
        print(f"\nseconds  stage      the slowest of {len(found)} tests")
    for seconds, stage, name in found[:SLOWEST]:
        print(f"{seconds:7.1f}  {stage:10} {name[:100]}")


def record(minutes: dict[str, float]) -> None:
    """Keep the minutes, with date and kind of machine, for `book/appendix/checked.md`."""
    origin = {
        "made by": "python -m tools.check --record",
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": f"python {platform.python_version()}",
    }
    write_table(MINUTES, [{"stage": name, "minutes": f"{spent:.1f}"} for name, spent in minutes.items()], origin)


if __name__ == "__main__":
    main()
