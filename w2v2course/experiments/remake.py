"""How the races' tables are made: a model a scheme and seed, several at a time; a kill loses those under way."""

import argparse
import multiprocessing
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from tqdm import tqdm

from w2v2course.tables import read_table, write_table

Rows = dict[str, list[dict]]  # table to rows; each row with columns "positions" and "seed"


def remake(
    about: str,
    run: Callable[[tuple[str, int]], Rows],
    schemes: Sequence[str],
    names: Sequence[str],
    arguments: Sequence[str] | None = None,
) -> None:
    """The command line of a race (chapter `race`).

    Args:
        about: what ``--help`` says, the first line on its own: ``about (chapters …): …``.
        run: trains and measures one (scheme, seed); a function of a module, so that other processes find it.
        schemes: all of them, in the order of the tables.
        names: the tables that ``run`` gives rows for, without ``.csv``; the first one tells what is done already.
        arguments: instead of the command line's.
    """
    module = sys.modules[run.__module__].__spec__ if run.__module__ == "__main__" else None
    command = f"python -m {module.name if module else run.__module__}"
    parser = argparse.ArgumentParser(
        prog=command, description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the tables go")
    parser.add_argument("--jobs", type=int, default=1, help="models trained at a time (%(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="models of each scheme (%(default)s)")
    parser.add_argument(
        "--only", nargs="*", choices=schemes, metavar="SCHEME", help=f"only these: {'; '.join(schemes)}"
    )
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    paths = {name: given.folder.resolve() / f"{name}.csv" for name in names}
    tables = {name: read_table(path) if path.exists() else [] for name, path in paths.items()}
    done = {(row["positions"], int(row["seed"])) for row in tables[names[0]]}
    wanted = [(scheme, seed) for seed in range(given.seeds) for scheme in given.only or schemes]
    waiting = [job for job in wanted if job not in done]
    origin = {
        "made by": command,
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, one thread a model",
        "versions": f"python {platform.python_version()}, torch {torch.__version__}",
    }

    def place(row: dict) -> tuple[int, int]:
        return list(schemes).index(row["positions"]), int(row["seed"])

    with multiprocessing.get_context("spawn").Pool(given.jobs) as pool:
        for rows in tqdm(pool.imap_unordered(run, waiting), total=len(waiting), desc="models"):
            for name in sorted(names, key=lambda name: name == names[0]):  # what tells "done" is written last
                tables[name] = sorted(tables[name] + rows.get(name, []), key=place)
                if tables[name]:
                    write_table(paths[name], tables[name], origin)
