"""``%memit``: memory_profiler's magic and options."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Coroutine
from types import CodeType
from typing import Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import magic_arguments

from jupyter_memkit.cells.body import (
    await_cell_body,
    compile_cell_body,
    has_await,
    run_cell_body,
)
from jupyter_memkit.magics.arguments import argument
from jupyter_memkit.magics.line import parse_statement
from jupyter_memkit.magics.measured_code import MeasuredCode, choose_code, show
from jupyter_memkit.magics.mem_options import (
    RESULT,
    RUNS,
    options_await,
)
from jupyter_memkit.show.mem import build_memit_report
from jupyter_memkit.track.mem import MemResult


@magics_class
class MemitMagics(Magics):
    """memory_profiler's magics and options, on top of our measurement."""

    @no_var_expand
    @line_cell_magic
    @magic_arguments()
    @argument(
        "statement",
        nargs="?",
        help="the code to measure; above a cell it is setup code that is not measured",
    )
    @RUNS
    @argument(
        "-t",
        type=float,
        metavar="T",
        help="accepted for compatibility, without effect: no sampling can time out",
    )
    @argument(
        "-i",
        type=float,
        metavar="I",
        help="accepted for compatibility, without effect: the system keeps the peak, "
        "or else a sample is taken every ten milliseconds",
    )
    @argument(
        "-c",
        dest="children",
        action="store_true",
        help="add the peak of the child processes",
    )
    @RESULT
    def memit(
        self, line: str, cell: str | None = None
    ) -> MemResult | Coroutine[Any, Any, MemResult | None] | None:
        """Measure the peak memory of code, with the options of memory_profiler.

        Examples
        --------
        ::

            %memit df.copy()
            %memit -r 3 df.sort_values("price")

            %%memit frames = load()
            joined = frames[0].merge(frames[1])

        Notes
        -----
        Unlike memory_profiler, this does not sample on Linux: the peak is the system's
        own. No value is displayed. %mem reports more, and its --max can fail the cell.
        """
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        args, statement = parse_statement(self.memit, line)
        compiled = functools.partial(compile_cell_body, self.shell, shows=False)
        text = choose_code("memit", statement, cell)
        setup = compiled(statement, first_line=1) if cell is not None else []
        code = MeasuredCode(
            shell=self.shell,
            codes=compiled(text, first_line=1 if cell is None else 2),
            runs=args.runs,
            build_report=functools.partial(
                build_memit_report, with_children=args.children
            ),
        )
        if code.awaits or has_await(setup):
            return self._memit_awaiting(setup, code, args)
        run_cell_body(self.shell, setup)
        return self._conclude(code, code.measure(), args)

    def awaits(self, line: str, cell: str | None) -> bool:
        """Return whether the code of a call awaits."""
        return options_await(self.shell, self.memit, line, cell)

    async def _memit_awaiting(
        self, setup: list[CodeType], code: MeasuredCode, args: argparse.Namespace
    ) -> MemResult | None:
        __tracebackhide__ = True  # As above.
        await await_cell_body(self.shell, setup)
        return self._conclude(code, await code.measure_awaiting(), args)

    def _conclude(
        self, code: MeasuredCode, result: MemResult, args: argparse.Namespace
    ) -> MemResult | None:
        if args.wants_result:
            return result
        show(self.shell, code.build_report(result))
        return None
