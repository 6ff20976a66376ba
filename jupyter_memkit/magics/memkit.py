"""``%memkit``: show the status and the processes, and export the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import magic_arguments

from jupyter_memkit.magics.arguments import argument, refusing
from jupyter_memkit.magics.line import parse_line
from jupyter_memkit.show.status import Status, read_status
from jupyter_memkit.track.tracker import tracker

if TYPE_CHECKING:
    from jupyter_memkit.hints import Hints
    from jupyter_memkit.show.export import Exported
    from jupyter_memkit.show.processes import Processes


@magics_class
class MemkitMagics(Magics):
    """Show the status and the processes, and export the history."""

    @line_magic
    @magic_arguments()
    @argument(
        "action",
        nargs="?",
        offers=("advice", "export", "processes"),
        help="advice, export or processes; leave it out for the status",
    )
    @argument(
        "file",
        nargs="?",
        help="the file that export writes: .json for readings, cells and variables, "
        ".csv for a table of the cells",
    )
    def memkit(self, line: str) -> Status | Exported | Processes | Hints:
        """Show the memory of this kernel, its limit, and how it is measured.

        Examples
        --------
        ::

            %memkit
            status = %memkit
            status.reading.rss_bytes

            %memkit export history.json
            %memkit export cells.csv

        Hints that save memory or time, each with the line to run::

            %memkit advice

        The kernel and each of its child processes, counting shared memory once,
        which takes up to a second::

            %memkit processes
        """
        arguments = parse_line(self.memkit, line)
        if arguments.action is None:
            return read_status(tracker())
        if arguments.action == "processes" and arguments.file is None:
            return _read_processes()
        if arguments.action == "advice" and arguments.file is None:
            # Imported on first use, so that a kernel starts fast.
            from jupyter_memkit.hints import find_hints  # noqa: PLC0415

            return find_hints(self.shell, tracker().cells)
        if arguments.action != "export":
            message = f"%memkit does not accept {line.strip()!r}; write %memkit "
            raise UsageError(
                message + "for the status, %memkit advice, %memkit processes, or "
                "%memkit export FILE"
            )
        if arguments.file is None:
            message = "name the file: %memkit export history.json, or cells.csv"
            raise UsageError(message)
        # As above.
        from jupyter_memkit.show.export import export  # noqa: PLC0415

        with refusing():
            return export(tracker(), arguments.file, shell=self.shell)


def _read_processes() -> Processes:
    # As above.
    from jupyter_memkit.measure.processes import processes  # noqa: PLC0415
    from jupyter_memkit.show.processes import Processes  # noqa: PLC0415

    return Processes(tuple(processes()))
