"""``%mem`` and ``%memit``: the memory and the time of a statement or a cell."""

from __future__ import annotations

import argparse
import re
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.magics.arguments import whole_number
from jupyter_memkit.magics.cell_body import run_cell_body
from jupyter_memkit.magics.measured_code import choose_code, measure, show
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
    def mem(self, line: str, cell: str | None = None) -> MemResult | None:
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
        code = choose_code(self.shell, "mem", statement, cell)
        result = measure(code, args.runs, build_report, shows=args.runs == 1)
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
        help="refused: child processes are not counted yet",
    )
    @_RESULT
    def memit(self, line: str, cell: str | None = None) -> MemResult | None:
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
        if args.children:
            message = "-c would count child processes, which are not counted yet; "
            raise UsageError(message + "leave it out")
        code = choose_code(self.shell, "memit", statement, cell)
        if cell is not None and statement:
            run_cell_body(self.shell, statement, "mem", first_line=1)
        result = measure(code, args.runs, build_memit_report, shows=False)
        if not args.wants_result:
            show(self.shell, build_memit_report(result))
        return result if args.wants_result else None


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
