"""Measured rows become a table that ships with the package, with where they come from in front."""

from benchmarks.harness import environment
from w2v2course.tables import FOLDER, write_table


def write(name: str, rows: list[dict[str, object]], made_by: str, seed: int = 0) -> None:
    """One table in ``w2v2course/tables/``: numbers with four digits, lines that begin with # say when and where."""
    where = environment()
    origin = {
        "made by": made_by,
        "date": where["date"],
        "machine": f"{where['processor']}, {where['threads']} threads",
        "versions": ", ".join(f"{package} {number}" for package, number in where["versions"].items()),
        "seed": f"{seed}; times: milliseconds, medians of interleaved runs; memory: MB",
    }
    shown = [{k: f"{v:.4g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows]
    write_table(FOLDER / f"{name}.csv", shown, origin)
