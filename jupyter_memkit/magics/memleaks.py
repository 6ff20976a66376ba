"""``%memleaks``: find what holds memory needlessly, and what holds a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import magic_arguments

from jupyter_memkit.magics.arguments import argument, duration, whole_number
from jupyter_memkit.magics.line import parse_line
from jupyter_memkit.magics.offers import variable_names
from jupyter_memkit.measure.unknown_names import explain_unknown

if TYPE_CHECKING:
    from jupyter_memkit.hints import Hints
    from jupyter_memkit.measure.holders import Holders

_UNUSED_CELLS = 10
_BUDGET_S = 2.0
_PART_REMEDY = (
    "from jupyter_memkit import holders; holders({name}) finds what keeps it alive"
)


@magics_class
class MemleaksMagics(Magics):
    """Find what holds memory needlessly, and what holds a variable."""

    @line_magic
    @magic_arguments()
    @argument(
        "name",
        nargs="?",
        offers=variable_names,
        help="a variable; shows what keeps its value alive",
    )
    @argument(
        "--unused",
        type=whole_number,
        metavar="N",
        help="list variables that none of the last N cells named (default: 10)",
    )
    @argument(
        "--budget",
        type=duration,
        metavar="TIME",
        help="stop after this time (default: 2s)",
    )
    def memleaks(self, line: str) -> Hints | Holders:
        """Find what holds memory needlessly, with the line that frees it.

        Checks outputs, tracebacks of failed cells, open figures, what %run keeps of
        scripts, caches of functions, small views of large arrays, equal arrays and
        frames, torch tensors that keep their graphs, idle workers of joblib,
        uncollectable garbage, and a paused collector. Memory that a variable also
        refers to does not count. Variables that no recent cell named are listed
        separately. With a variable's name, shows what keeps its value alive.

        Examples
        --------
        ::

            %memleaks
            %memleaks --unused 5
            %memleaks prices
            leaks = %memleaks
            leaks.hints[0].cure
            leaks.hints[0].apply()
        """
        assert self.shell is not None, "the magics of a shell have one"
        arguments = parse_line(self.memleaks, line)
        # Imported on first use, so that a kernel starts fast.
        if arguments.name is None:
            from jupyter_memkit.hints import find_leaks  # noqa: PLC0415

            return find_leaks(
                self.shell,
                unused_cells=arguments.unused or _UNUSED_CELLS,
                budget_s=_BUDGET_S if arguments.budget is None else arguments.budget,
            )
        if arguments.unused is not None or arguments.budget is not None:
            message = (
                "--unused and --budget do not apply to a single variable; leave them "
                "out"
            )
            raise UsageError(message)
        if arguments.name not in self.shell.user_ns:
            known = self.shell.user_ns
            raise UsageError(explain_unknown(arguments.name, known, _PART_REMEDY))
        from jupyter_memkit.measure.holders import holders  # noqa: PLC0415
        from jupyter_memkit.show.progress import open_progress  # noqa: PLC0415

        value = self.shell.user_ns[arguments.name]
        with open_progress("objects") as progress:
            return holders(value, shell=self.shell, progress=progress)
