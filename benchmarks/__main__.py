"""Every benchmark of this folder, in one table."""

from pathlib import Path

from benchmarks.harness import main

if __name__ == "__main__":
    here = Path(__file__).parent
    main(
        *sorted(
            str(script)
            for script in here.glob("*.py")
            if script.stem not in ("__init__", "__main__", "harness", "parity", "table")
        )
    )
