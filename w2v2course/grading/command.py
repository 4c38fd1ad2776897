"""`w2v2course grade SUBMISSIONS/ --out RESULTS/`: from a folder of notebooks to scores."""

import argparse
import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from w2v2course.exercises.specification import Exercise
from w2v2course.grading import feedback, gradescope, learners, report, sandbox, scores
from w2v2course.grading.assignment import Assignment, choose
from w2v2course.grading.collect import collect
from w2v2course.grading.limits import Limits
from w2v2course.grading.records import Records, slug, write
from w2v2course.grading.run import grade_all, package_without

KEPT = "What is graded is kept in records/; the same command goes on from there and then writes the tables."


def main(arguments: list[str] | None = None, exercises: dict[str, Exercise] | None = None) -> None:
    """Run the command; a wrong argument, no sandbox, or Ctrl-C ends it with a sentence.

    Args:
        arguments: what stands behind ``grade`` on the command line.
        exercises: by function name; those of the course by default.
    """
    options = _options().parse_args(arguments)
    try:
        failed = run(options, exercises)
    except ValueError as error:
        sys.exit(f"w2v2course grade: {error}")
    except KeyboardInterrupt:
        print(f"\nw2v2course grade: stopped. {KEPT}", file=sys.stderr)
        sys.exit(130)
    if failed:
        sys.exit(f"w2v2course grade: {failed} could not be graded (see scores.csv); run the same command again")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("w2v2course grade", description="Grade a folder of exercise notebooks.")
    parser.add_argument("submissions", type=Path, help="folder with notebooks, at any depth")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="RESULTS", help="folder for results; kept and gone on with"
    )
    parser.add_argument(
        "--exercises",
        default="",
        metavar="NAMES",
        help="functions or notebooks, with commas; default: all of the course",
    )
    parser.add_argument("--jobs", type=int, default=_cores(), metavar="N", help="how many at once")
    parser.add_argument(
        "--seed-file",
        type=Path,
        metavar="FILE",
        help="holds the secret of the hidden inputs; default: RESULTS/seed, made once",
    )
    parser.add_argument("--sandbox", choices=("auto", "bwrap", "none"), default="auto")
    parser.add_argument(
        "--allow-unsafe", action="store_true", help="run without a sandbox: for trusted submissions only"
    )
    parser.add_argument("--gradescope", action="store_true", help="also write gradescope/<name>/results.json")
    parser.add_argument("--dask", default="", metavar="ADDRESS", help="a Dask scheduler, such as tcp://10.0.0.1:8786")
    return parser


def _cores() -> int:
    """The cores that this process may use; all of them where the system cannot say (macOS, Windows)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(options: argparse.Namespace, exercises: dict[str, Exercise] | None = None, limits: Limits | None = None) -> int:
    """Grade and write all results; how many submissions could not be graded.

    Raises:
        ValueError: a wrong argument, or there is no sandbox.
    """
    if options.jobs < 1:
        raise ValueError(f"--jobs is {options.jobs}, but must be 1 or more")
    torch.set_num_threads(1)  # the same rounding whatever else runs; many at once share the cores anyway
    submissions = collect(options.submissions)
    options.out.mkdir(parents=True, exist_ok=True)
    assignment = Assignment(choose(options.exercises, exercises), _seed(options))
    used = sandbox.choose(options.sandbox, options.allow_unsafe, package_without(frozenset()))
    if used.way == "none":
        print(f"w2v2course grade: no sandbox. {sandbox.UNSAFE}", file=sys.stderr)
    records = grade_all(
        submissions, assignment, Records(options.out), used, limits or Limits(), options.jobs, options.dask
    )
    publish(records, assignment, options.out, options.gradescope)
    print(f"Results: {options.out / 'scores.csv'} and {options.out / 'report.html'}")
    return sum("failure" in record for record in records)


def _seed(options: argparse.Namespace) -> bytes:
    path = options.seed_file or options.out / "seed"
    if options.seed_file is None and not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(16) + "\n")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"the seed file {path} cannot be read ({error.strerror})") from None


def publish(records: Sequence[dict], assignment: Assignment, out: Path, for_gradescope: bool = False) -> None:
    """Write tables, report, feedback and, if asked for, Gradescope's files, each in one step."""
    write(out / "scores.csv", scores.table(records, assignment))
    write(out / "learners.csv", learners.table(records, assignment))
    write(out / "report.html", report.page(records, assignment))
    taken: set[str] = set()
    for record in records:
        name = slug(record["submission"])
        while name in taken:  # two names that differ only in letters which file names may not have
            name += "_"
        taken.add(name)
        write(out / "feedback" / f"{name}.txt", feedback.text(record, assignment))
        if for_gradescope:
            write(out / "gradescope" / name / "results.json", gradescope.results(record))
    if for_gradescope and len(records) == 1:  # as Gradescope runs it, which reads the folder of results
        write(out / "results.json", gradescope.results(records[0]))
