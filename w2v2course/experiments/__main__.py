"""Every table of the race, made again by one command (chapters `order` to `race`).

    python -m w2v2course.experiments FOLDER --jobs 2

The race on the order task with its mirror test and its score matrices, through eight windows, and on spoken digits; who
against where; and how much was speed of learning. Some hours of one core. What is done already is not done again, so
the same command goes on after a kill. Each part is a module that can also be run alone.
"""

import argparse
import subprocess
import sys

# Module to its options: speed of learning is told from one seed, all else from three.
PARTS = {
    "race": [],
    "race_windows": [],
    "digits_race": [],
    "dissociation": [],
    "digits_speed": ["--seeds", "1"],
}


def main(arguments: list[str] | None = None) -> None:
    """Run the parts one after the other; stop at the first that fails.

    Args:
        arguments: instead of the command line's.
    """
    parser = argparse.ArgumentParser(
        prog="python -m w2v2course.experiments",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", help="where the tables go")
    parser.add_argument("--jobs", type=int, default=1, help="models trained at a time (%(default)s)")
    given = parser.parse_args(arguments)
    for part, options in PARTS.items():
        print(f"{part}:", flush=True)
        command = [sys.executable, "-m", f"w2v2course.experiments.{part}", given.folder, "--jobs", str(given.jobs)]
        done = subprocess.run([*command, *options])
        if done.returncode:
            sys.exit(f"{part} failed; what it finished is kept, and the same command goes on from there")


if __name__ == "__main__":
    main()
