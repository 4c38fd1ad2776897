"""A pytest plugin that makes nbval strict: loaded by `-p tests.book.nbval_strict`.

nbval by itself passes a cell that was never run, a cell marked `raises-exception` that raises nothing, and a figure
whose picture was taken out; and it runs cells so that a trailing `;` no longer hides a result. With `NBVAL_PNG=1`
figures must be the same bytes, which holds on the machine that made them.
"""

import os

from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile

_runtest = IPyNbCell.runtest


def _strict_runtest(self: IPyNbCell) -> None:
    if self.cell.execution_count is None and not self.options["skip"]:
        self.raise_cell_error("this cell was never run: there is no output to compare with; run 'make notebooks'")
    if "raises-exception" in self.cell.metadata.get("tags", []) and not any(
        output.output_type == "error" for output in self.cell.outputs
    ):
        self.raise_cell_error("this cell is marked raises-exception, but its stored output holds no error")
    _runtest(self)
    # Pictures are not compared pixel by pixel (see below), but each must be there.
    stored, shown = pictures(self.cell.outputs), pictures(self.test_outputs or [])
    if stored != shown:
        self.raise_cell_error(f"the cell shows {shown} pictures, its stored output holds {stored}")


def pictures(outputs: list) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs)


def _execute(self: RunningKernel, cell_input: str, allow_stdin: bool | None = None) -> str:
    # With history the kernel honours a trailing ';' (it shows nothing), as it did when the outputs were made.
    return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


IPyNbCell.runtest = _strict_runtest
RunningKernel.execute_cell_input = _execute


def pytest_collectstart(collector) -> None:
    if isinstance(collector, IPyNbFile) and os.environ.get("NBVAL_PNG"):
        collector.skip_compare = tuple(key for key in collector.skip_compare if key != "image/png")
