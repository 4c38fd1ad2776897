"""All submissions, on this machine's cores or on a Dask cluster; each record is kept as soon as it is known."""

import atexit
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path

import joblib
from tqdm import tqdm

from w2v2course.grading.assignment import Assignment
from w2v2course.grading.collect import Submission
from w2v2course.grading.job import grade
from w2v2course.grading.limits import Limits
from w2v2course.grading.mask import Named, masked_package
from w2v2course.grading.records import Records
from w2v2course.grading.sandbox import Sandbox

PATIENCE = 20  # seconds for a Dask scheduler to answer


@cache
def package_without(hidden: frozenset[Named]) -> Path:
    """The masked copy of the package, made once in a process and removed when that ends."""
    folder = tempfile.TemporaryDirectory(prefix="w2v2course-masked-")
    atexit.register(folder.cleanup)
    return masked_package(Path(folder.name), hidden)


def grade_all(
    submissions: Sequence[Submission],
    assignment: Assignment,
    records: Records,
    sandbox: Sandbox,
    limits: Limits,
    jobs: int = 1,
    dask: str = "",
    quiet: bool = False,
) -> list[dict]:
    """Grade what has no record yet.

    Args:
        submissions: what was handed in.
        assignment: what was asked.
        records: where records are looked up and kept.
        sandbox: where submissions run.
        limits: how much time and space each may take.
        jobs: how many at once on this machine.
        dask: address of a Dask scheduler whose workers do it instead, or nothing.
        quiet: no progress bar.

    Returns:
        A record for each submission, in their order. One that could not be graded, which is the machine's fault, has
        ``"failure"`` in it; it is not kept, so that the next run tries again.
    """
    fingerprints = {s.name: assignment.fingerprint(s.name, s.data + s.problem.encode()) for s in submissions}
    known = {s.name: records.get(s.name, fingerprints[s.name]) for s in submissions}
    waiting = [s for s in submissions if known[s.name] is None]
    _ = assignment.arguments, assignment.expected  # made once, before they are shared
    calls = [joblib.delayed(safely)(submission, assignment, sandbox, limits) for submission in waiting]
    with _cluster(dask), tqdm(total=len(submissions), initial=len(submissions) - len(waiting), disable=quiet) as bar:
        for record in _run(calls, jobs, dask):
            if "failure" not in record:
                records.put(record, fingerprints[record["submission"]])
            known[record["submission"]] = record
            bar.update()
    return [known[submission.name] for submission in submissions]


def safely(submission: Submission, assignment: Assignment, sandbox: Sandbox, limits: Limits) -> dict:
    """Grade one; an error of the machine, or of the grader, stops this one only."""
    try:
        return grade(submission, assignment, sandbox, package_without, limits)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        words = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
        return {"submission": submission.name, "failure": words[:300]}


def _run(calls: list, jobs: int, dask: str) -> Iterator[dict]:
    if not calls:
        return
    if dask:
        yield from joblib.Parallel(n_jobs=-1, return_as="generator_unordered")(calls)
    else:
        yield from joblib.Parallel(n_jobs=jobs, backend="threading", return_as="generator_unordered")(calls)


@contextmanager
def _cluster(address: str) -> Iterator[None]:
    """joblib's calls go to a Dask cluster inside the block, if there is an address."""
    if not address:
        with nullcontext():
            yield
        return
    try:
        from distributed import Client
    except ImportError:
        raise ValueError("--dask needs distributed: pip install distributed") from None
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        raise ValueError(f"no Dask scheduler answers at {address} ({type(error).__name__}); start one first") from None
    with client, joblib.parallel_config(backend="dask"):
        yield
