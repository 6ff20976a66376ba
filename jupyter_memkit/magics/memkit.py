"""``%memkit``: show the status, the processes and a live chart, and export."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import magic_arguments
from traitlets import Bool

from jupyter_memkit.magics.arguments import argument, duration, refusing
from jupyter_memkit.magics.line import parse_line
from jupyter_memkit.magics.out_of_memory import OutOfMemoryCells
from jupyter_memkit.show.status import Status, read_status
from jupyter_memkit.track.tracker import tracker

if TYPE_CHECKING:
    from jupyter_memkit.show.export import Exported
    from jupyter_memkit.show.hints import Advice
    from jupyter_memkit.show.live import LivePlain
    from jupyter_memkit.show.processes import Processes
    from jupyter_memkit.widget.chart import LiveChart

_BUDGET_S = 4.0


@magics_class
class MemkitMagics(Magics):
    """Show the status and the processes, and export the history."""

    out_of_memory = Bool(
        default_value=True,
        help="Whether a cell that runs out of memory gets a card, and the variables of "
        "its failed calls are dropped. %memkit oom off is the same for one kernel.",
    ).tag(config=True)

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self._cells = OutOfMemoryCells(shell, is_on=self.out_of_memory)

    def close(self) -> None:
        """Remove the hook."""
        self._cells.close()

    @line_magic
    @magic_arguments()
    @argument(
        "action",
        nargs="?",
        offers=("advice", "export", "live", "oom", "processes"),
        help="advice, export, live, oom or processes; leave it out for the status",
    )
    @argument(
        "file",
        nargs="?",
        offers=("on", "off"),
        help="the file that export writes: .html for a page with the chart, .json for "
        "readings, cells and variables, .csv for a table of the cells; on or off for "
        "oom",
    )
    @argument(
        "--budget",
        type=duration,
        metavar="TIME",
        help="stop the search for advice after this time (default: 4s)",
    )
    def memkit(
        self, line: str
    ) -> Status | Exported | Processes | Advice | LiveChart | LivePlain | None:
        """Show the memory of this kernel, its limit, and how it is measured.

        Examples
        --------
        ::

            %memkit
            status = %memkit
            status.reading.rss_bytes

            %memkit export session.html
            %memkit export history.json
            %memkit export cells.csv

        Hints that save memory or time, each with the line to run::

            %memkit advice
            %memkit advice --budget 20s

        A chart that advances while cells run, and the largest variables::

            %memkit live

        The kernel and each of its child processes, counting shared memory once,
        which takes up to a second::

            %memkit processes

        A cell that runs out of memory gets a card with what was asked for and what
        helps, and the variables of its failed calls are dropped, so that the next cell
        has that memory. To keep them for %debug::

            %memkit oom off
        """
        arguments = parse_line(self.memkit, line)
        if arguments.budget is not None and arguments.action != "advice":
            message = "--budget applies to %memkit advice only; leave it out"
            raise UsageError(message)
        if arguments.action is None:
            return read_status(tracker())
        if arguments.action == "processes" and arguments.file is None:
            return _read_processes()
        if arguments.action == "advice" and arguments.file is None:
            return _find_advice(self.shell, arguments.budget)
        if arguments.action == "live" and arguments.file is None:
            # Imported on first use, so that a kernel starts fast.
            from jupyter_memkit.widget.live import open_live  # noqa: PLC0415

            return open_live(self.shell)
        if arguments.action == "oom" and arguments.file in ("on", "off"):
            self._cells.is_on = arguments.file == "on"
            return None
        if arguments.action != "export":
            message = f"%memkit does not accept {line.strip()!r}; write %memkit "
            raise UsageError(
                message + "for the status, %memkit advice, %memkit live, "
                "%memkit processes, %memkit oom on or off, or %memkit export FILE"
            )
        if arguments.file is None:
            message = "name the file: %memkit export "
            raise UsageError(message + "session.html, history.json or cells.csv")
        # As above.
        from jupyter_memkit.show.export import export  # noqa: PLC0415

        with refusing():
            return export(tracker(), arguments.file, shell=self.shell)


def _find_advice(shell: Any, budget_s: float | None) -> Advice:
    # As above.
    from jupyter_memkit.hints import find_hints  # noqa: PLC0415
    from jupyter_memkit.show.hints import Advice  # noqa: PLC0415

    limit = _BUDGET_S if budget_s is None else budget_s
    found = find_hints(shell, tracker().cells, budget_s=limit)
    return Advice(**{each.name: getattr(found, each.name) for each in fields(found)})


def _read_processes() -> Processes:
    # As above.
    from jupyter_memkit.measure.processes import processes  # noqa: PLC0415
    from jupyter_memkit.show.processes import Processes  # noqa: PLC0415

    return Processes(tuple(processes()))
