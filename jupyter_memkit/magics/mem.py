"""``%mem`` and ``%memit``: the memory and the time of a statement or a cell."""

from __future__ import annotations

import argparse
import functools
import re
from collections.abc import Coroutine
from types import CodeType
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.magics.arguments import whole_number
from jupyter_memkit.magics.awaiting import code_awaits
from jupyter_memkit.magics.cell_body import (
    await_cell_body,
    compile_cell_body,
    has_await,
    run_cell_body,
)
from jupyter_memkit.magics.measured_code import MeasuredCode, choose_code, show
from jupyter_memkit.show.mem import build_memit_report, build_refusal, build_report
from jupyter_memkit.track.mem import MemResult
from jupyter_memkit.units import parse_bytes

_QUOTES = "\"'"
_WORD = re.compile(r"""\s*("[^"]*"|'[^']*'|\S+)""")
_TAKES_VALUE = ("-r", "-t", "-i", "--max")


def _size(text: str) -> int:
    try:
        return parse_bytes(text)
    except MemkitError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


_RUNS = argument(
    "-r",
    dest="runs",
    type=whole_number,
    default=1,
    metavar="N",
    help="run it N times, and tell of the run with the highest peak",
)
_RESULT = argument(
    "-o",
    dest="wants_result",
    action="store_true",
    help="return the result object, which has the figures in bytes and seconds",
)


class PeakError(MemkitError):
    """Code whose peak went over what ``--max`` allows."""

    def _render_traceback_(self) -> list[str]:
        # IPython asks for this; the sentence says it all, a traceback nothing.
        return [f"PeakError: {self}"]


@magics_class
class MemMagics(Magics):
    """The magic over `jupyter_memkit.mem`."""

    @no_var_expand
    @line_cell_magic
    @magic_arguments()
    @argument("statement", nargs="?", help="what to measure; nothing above a cell")
    @_RUNS
    @_RESULT
    @argument(
        "--max",
        dest="max_bytes",
        type=_size,
        metavar="SIZE",
        help="fail when the peak was more than this above the start, such as 512MB "
        "or 1.5GiB; the code has run by then",
    )
    def mem(
        self, line: str, cell: str | None = None
    ) -> MemResult | Coroutine[Any, Any, MemResult | None] | None:
        """Measure the peak, the time and the garbage collector's share of code.

        Examples
        --------
        A statement, or a whole cell::

            %mem df = df.sort_values("price")

            %%mem
            joined = orders.merge(customers)
            joined.groupby("city").price.sum()

        A memory test for a notebook::

            %%mem --max 500MB
            report = build_report(orders)

        The figures, of the highest of five runs::

            result = %mem -r 5 -o df.copy()
            result.peak_bytes, result.delta_bytes, result.duration_s, result.gc_s

        Notes
        -----
        The code runs in your namespace as you wrote it, and the names that it sets
        stay. The value of its last expression is shown, unless there are several
        runs, and showing it is measured too: a semicolon at the end hides it.
        Options stand before the statement; put one that begins with a minus sign in
        parentheses. The figures are those of the whole process.
        """
        __tracebackhide__ = True  # IPython leaves this frame out of its tracebacks.
        args, statement = _parse(self.mem, line)
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
        if code.awaits:
            return self._mem_awaiting(code, args)
        return self._conclude(code.measure(), args)

    def awaits(self, line: str, cell: str | None) -> bool:
        """Return whether the code of a call awaits."""
        return _code_awaits(self.shell, self.mem, line, cell)

    async def _mem_awaiting(
        self, code: MeasuredCode, args: argparse.Namespace
    ) -> MemResult | None:
        __tracebackhide__ = True  # As above.
        return self._conclude(await code.measure_awaiting(), args)

    def _conclude(
        self, result: MemResult, args: argparse.Namespace
    ) -> MemResult | None:
        __tracebackhide__ = True  # As above.
        is_over = args.max_bytes is not None and result.peak_bytes > args.max_bytes
        if is_over or not args.wants_result:
            show(self.shell, build_report(result))
        if is_over:
            raise PeakError(build_refusal(result, args.max_bytes))
        return result if args.wants_result else None


@magics_class
class MemitMagics(Magics):
    """The names and options of memory_profiler, over the same measurement."""

    @no_var_expand
    @line_cell_magic
    @magic_arguments()
    @argument(
        "statement",
        nargs="?",
        help="what to measure; above a cell it runs first and is not measured",
    )
    @_RUNS
    @argument(
        "-t",
        type=float,
        metavar="T",
        help="accepted without effect: there is no sampling that could time out",
    )
    @argument(
        "-i",
        type=float,
        metavar="I",
        help="accepted without effect: the system keeps the peak, and where it does "
        "not there is a sample in ten milliseconds",
    )
    @argument(
        "-c",
        dest="children",
        action="store_true",
        help="add the peak of the child processes",
    )
    @_RESULT
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
        Unlike memory_profiler's it samples nothing on Linux: the peak is the
        system's own. No value is shown. %mem tells more, and its --max makes a test.
        """
        __tracebackhide__ = True  # As above.
        args, statement = _parse(self.memit, line)
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
        return _code_awaits(self.shell, self.memit, line, cell)

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


def _code_awaits(shell: Any, magic: Any, line: str, cell: str | None) -> bool:
    """Return whether the cell or the statement on the line awaits."""
    try:
        _, statement = _parse(magic, line)
    except UsageError:
        # The magic will say so itself.
        return False
    return code_awaits(shell, statement) or code_awaits(shell, cell or "")


def _parse(magic: Any, line: str) -> tuple[argparse.Namespace, str]:
    """Split a line into options and the statement, of which no character changes."""
    words = []
    end = 0
    while (word := _WORD.match(line, end)) and word[1].startswith("-"):
        words.append(word[1])
        end = word.end()
        if word[1] in _TAKES_VALUE and (value := _WORD.match(line, end)):
            words.append(value[1].strip(_QUOTES))
            end = value.end()
    return magic.parser.parse_args(words), line[end:].strip()
