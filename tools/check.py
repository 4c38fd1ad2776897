"""Everything that `make test` checks, one stage after the other, minutes a stage printed at the end.

python -m tools.check             # all stages; exits with 1 if any failed
python -m tools.check unit pages  # only these
python -m tools.check --all       # all stages, and the tests marked slow
"""

import os
import subprocess
import sys
import time

from tools.notebooks import ONE_THREAD

PYTEST = [sys.executable, "-m", "pytest"]
STAGES = {
    "style": [sys.executable, "-m", "ruff", "check", "."],
    "in step": [sys.executable, "-m", "tools.notebooks", "--check"],
    "unit": [*PYTEST, "tests", "--ignore=tests/book", "-n", "2", "--dist", "loadfile"],
    "notebooks": [
        *PYTEST,
        *("-p", "tests.book.nbval_strict", "--nbval", "--nbval-sanitize-with=tests/book/sanitize.cfg"),
        *("book/chapters", "book/exercises", "book/solutions", "-n", "2", "--dist", "loadfile"),
    ],
    "book": [sys.executable, "-m", "tools.build"],
    "pages": [*PYTEST, "tests/book"],
    "spelling": [sys.executable, "-m", "codespell_lib", "--toml", "pyproject.toml"],
}


def main() -> None:
    slow = "--all" in sys.argv[1:]
    wanted = [name for name in sys.argv[1:] if name != "--all"] or list(STAGES)
    unknown = set(wanted) - set(STAGES)
    if unknown:
        sys.exit(f"no stage is called {', '.join(sorted(unknown))}; stages are {', '.join(STAGES)}")
    # Later options of pytest's count: this empties the `-m 'not slow'` of pyproject.toml.
    environment = os.environ | ONE_THREAD | ({"PYTEST_ADDOPTS": "-m ''"} if slow else {})
    results = {}
    for name in wanted:
        print(f"\n── {name} " + "─" * (70 - len(name)), flush=True)
        started = time.perf_counter()
        code = subprocess.run(STAGES[name], env=environment).returncode
        results[name] = code, (time.perf_counter() - started) / 60
    print("\nstage        minutes")
    for name, (code, minutes) in results.items():
        print(f"{name:12} {minutes:7.1f}  {'passed' if code == 0 else f'FAILED (exit {code})'}")
    failed = [name for name, (code, _) in results.items() if code]
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
