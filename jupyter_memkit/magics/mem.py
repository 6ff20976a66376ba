"""``%mem``: measure the memory and the time of a statement or a cell."""

from __future__ import annotations

import argparse
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeAlias

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import magic_arguments

from jupyter_memkit.cells.body import compile_cell_body
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.magics.arguments import any_size, argument
from jupyter_memkit.magics.line import parse_statement
from jupyter_memkit.magics.measured_code import MeasuredCode, choose_code, show
from jupyter_memkit.magics.mem_options import (
    RESULT,
    RUNS,
    options_await,
)
from jupyter_memkit.show import gpus
from jupyter_memkit.show.mem import build_refusal, build_report
from jupyter_memkit.show.report import Report
from jupyter_memkit.track.mem import MemResult

if TYPE_CHECKING:  # imported only for --lines
    from jupyter_memkit.track.line_memory import LinesResult

Measured: TypeAlias = "MemResult | LinesResult | None"


class PeakError(MemkitError):
    """The peak of the code exceeded ``--max``."""

    def _render_traceback_(self) -> list[str]:
        # IPython calls this; the message says everything, so there is no traceback.
        return [f"PeakError: {self}"]


@magics_class
class MemMagics(Magics):
    """The magic over `jupyter_memkit.mem`."""

    @no_var_expand
    @line_cell_magic
    @magic_arguments()
    @argument(
        "statement", nargs="?", help="the code to measure; leave it out above a cell"
    )
    @RUNS
    @RESULT
    @argument(
        "--max",
        dest="max_bytes",
        type=any_size,
        metavar="SIZE",
        help="fail if the peak, child processes included, was more than this above the "
        "start, such as 512MB or 1.5GiB; the code has run by then",
    )
    @argument(
        "--max-gpu",
        dest="max_gpu_bytes",
        type=any_size,
        metavar="SIZE",
        help="fail if the peak of torch or another library on a GPU was more than this "
        "above the start",
    )
    @argument(
        "--lines",
        action="store_true",
        help="show which lines of the cell, and of functions defined in the notebook, "
        "took the memory; uses memray if it is installed; slow, and reports how slow",
    )
    def mem(
        self, line: str, cell: str | None = None
    ) -> Measured | Coroutine[Any, Any, Measured]:
        """Measure the peak, the time and the garbage collector's share of code.

        Examples
        --------
        A statement, or a whole cell::

            %mem df = df.sort_values("price")

            %%mem
            joined = orders.merge(customers)
            joined.groupby("city").price.sum()

        A memory test in a notebook::

            %%mem --max 500MB
            report = build_report(orders)

            %%mem --max-gpu 4GiB
            model(batch).sum().backward()

        The figures of the run with the highest peak out of five::

            result = %mem -r 5 -o df.copy()
            result.peak_bytes, result.delta_bytes, result.duration_s, result.gc_s

        Line by line::

            %%mem --lines
            rows = [row.split() for row in open("orders.txt")]
            table = build_table(rows)

        Notes
        -----
        The code runs unchanged in your namespace, and the names that it sets stay.
        The value of the last expression is displayed, unless there are several runs,
        and displaying it is measured too; a semicolon at the end hides it. Options go
        before the statement; put a statement that begins with a minus sign in
        parentheses if neither a number nor a space follows. The figures are those of
        the whole process; with --lines, each line is charged with what is allocated
        until the next line of the notebook runs.
        """
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        args, statement = parse_statement(self.mem, line)
        if cell is not None and statement:
            message = f"%%mem measures its cell; move {statement!r} into it"
            raise UsageError(message)
        code = MeasuredCode(
            shell=self.shell,
            codes=compile_cell_body(
                self.shell,
                choose_code("mem", statement, cell),
                first_line=1 if cell is None else 2,
                shows=args.runs == 1,
            ),
            runs=args.runs,
            build_report=build_report,
        )
        if args.lines:
            if args.runs > 1 or (args.max_bytes, args.max_gpu_bytes) != (None, None):
                message = (
                    "--lines watches a single run; leave out -r, --max and --max-gpu"
                )
                raise UsageError(message)
            # Imported on first use, so that a kernel starts fast.
            from jupyter_memkit.magics.watched_lines import watch  # noqa: PLC0415

            return watch(code, wants_result=args.wants_result)
        if code.awaits:
            return self._mem_awaiting(code, args)
        return self._conclude(code.measure(), args)

    def awaits(self, line: str, cell: str | None) -> bool:
        """Return whether the code of a call awaits."""
        return options_await(self.shell, self.mem, line, cell)

    async def _mem_awaiting(
        self, code: MeasuredCode, args: argparse.Namespace
    ) -> MemResult | None:
        __tracebackhide__ = True  # As above.
        return self._conclude(await code.measure_awaiting(), args)

    def _conclude(
        self, result: MemResult, args: argparse.Namespace
    ) -> MemResult | None:
        __tracebackhide__ = True  # As above.
        refusal = _find_refusal(result, args)
        if refusal is not None or not args.wants_result:
            show(self.shell, build_report(result))
        if refusal is not None:
            raise PeakError(refusal)
        if args.max_gpu_bytes is not None:
            note = gpus.build_note(result, args.max_gpu_bytes)
            if note is not None:
                show(self.shell, Report(title=note))
        return result if args.wants_result else None


def _find_refusal(result: MemResult, args: argparse.Namespace) -> str | None:
    """Describe a peak that exceeded what the options allow."""
    reached_bytes = result.peak_bytes + result.children_peak_bytes
    if args.max_bytes is not None and reached_bytes > args.max_bytes:
        return build_refusal(result, args.max_bytes)
    if args.max_gpu_bytes is not None:
        return gpus.build_refusal(result, args.max_gpu_bytes)
    return None
