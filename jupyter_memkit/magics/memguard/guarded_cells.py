"""Guards the cells of a shell while the guard is armed, and shows why one was stopped.

An allocation that fails at the data limit raises the error of the library that asked
for it. IPython's handler for exceptions turns it into `MemoryLimitExceeded` before the
traceback is shown, and the hook at the end of the cell puts it into the cell's result.
Errors that IPython catches and shows while the cell goes on, such as those of ``%run``,
never reach that handler; they are converted where tracebacks are shown.
"""

from __future__ import annotations

import functools
import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from jupyter_memkit.errors import MemoryLimitExceeded, add_note
from jupyter_memkit.magics.cell_start import CellStart
from jupyter_memkit.techniques.allocator import release_unused
from jupyter_memkit.techniques.error_chain import walk_chain
from jupyter_memkit.techniques.guard.armed import process_guard
from jupyter_memkit.techniques.guard.records import GuardStop
from jupyter_memkit.techniques.guard.regions import Region
from jupyter_memkit.techniques.out_of_memory.frames import release_frames
from jupyter_memkit.track.events import (
    add_ending,
    remove_ending,
    signal_safe_hook,
)

_logger = logging.getLogger(__name__)

MIME_TYPE = "application/vnd.jupyter-memkit.guard-stop+json"


class _Running(threading.local):
    """What runs in a thread; each subshell has its own."""

    def __init__(self) -> None:
        self.cells: list[tuple[Any, Region | None]] = []
        """The running cells: what each started with, and its region if guarded."""
        self.start: CellStart | None = None
        self.exceeded: MemoryLimitExceeded | None = None


class GuardedCells:
    """The hooks of a shell, which are registered only while the guard is armed.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell whose cells are guarded.
    reports_in_error : bool
        Whether the text of the error contains the whole report, for runs without a
        page that would show the card.
    """

    def __init__(self, shell: Any, *, reports_in_error: bool) -> None:
        self._shell = shell
        self._reports_in_error = reports_in_error
        self._running = _Running()
        self._regions: set[Region] = set()
        self._hooks = (
            ("pre_run_cell", signal_safe_hook(self._pre_run_cell)),
            ("post_run_cell", signal_safe_hook(self._post_run_cell)),
        )
        self._is_attached = False
        self._releases_at_end = False
        self._previous: tuple[Any, Any] = ((), None)
        process_guard().listeners.append(self)
        if process_guard().is_armed:
            self.on_armed()

    def close(self) -> None:
        """Remove the hooks, and end the regions of cells that run, in any thread."""
        guard = process_guard()
        guard.listeners.remove(self)
        self._detach()
        for region in tuple(self._regions):
            guard.end(region)

    def begin(self) -> Region | None:
        """Begin to guard code of the notebook, as `Guard.begin`."""
        namespace = self._shell.user_ns
        self._running.start = CellStart(namespace)
        return process_guard().begin(lambda frame: frame.f_globals is namespace)

    def on_armed(self) -> None:
        """Register the hooks."""
        if self._is_attached:
            return
        self._is_attached = True
        for event, hook in self._hooks:
            self._shell.events.register(event, hook)
        shell = self._shell
        add_ending(shell, self._before_end)
        self._previous = (shell.custom_exceptions, shell.CustomTB)
        shell.set_custom_exc((BaseException,), self._show_error)
        self._own_handler = shell.CustomTB
        self._previous_display = vars(shell).get("showtraceback")
        self._own_display = functools.partial(self._show_traceback, shell.showtraceback)
        shell.showtraceback = self._own_display

    def warn(self, message: str) -> None:
        """Show a warning."""
        self._shell.display_pub.publish(data={"text/plain": f"%memguard: {message}"})

    def _detach(self) -> None:
        if not self._is_attached:
            return
        self._is_attached = False
        self._running.cells.clear()
        for event, hook in self._hooks:
            self._shell.events.unregister(event, hook)
        remove_ending(self._before_end)
        # What the user has set in the meantime stays.
        shell = self._shell
        if shell.CustomTB == self._own_handler:
            shell.custom_exceptions, shell.CustomTB = self._previous
        if vars(shell).get("showtraceback") is self._own_display:
            del shell.showtraceback
            if self._previous_display is not None:
                shell.showtraceback = self._previous_display

    def _pre_run_cell(self, info: Any) -> None:
        region = self.begin() if process_guard().is_armed else None
        self._running.cells.append((info, region))
        if region is not None:
            self._regions.add(region)

    def _before_end(self, result: Any) -> None:
        """Finish a cell that was stopped, before the tracker reads what it has kept."""
        running, guard = self._running, process_guard()
        if self._releases_at_end:
            # The cell after a stop often deletes what the card lists.
            self._releases_at_end = False
            release_unused()
        if running.exceeded is not None and result is not None:
            exceeded, running.exceeded = running.exceeded, None
            # After an error that did not end the cell, another one can.
            if result.error_in_exec is guard.stopped or result.error_in_exec is None:
                result.error_in_exec = exceeded
            self._finish(exceeded)

    def _post_run_cell(self, result: Any) -> None:
        running, guard = self._running, process_guard()
        # The cell that armed the guard ends without having started.
        if running.cells and (result is None or result.info is running.cells[-1][0]):
            _, region = running.cells.pop()
            if region is not None:
                has_ended_well = result is not None and result.success
                self._end(region, warns=has_ended_well and not running.cells)
        if not running.cells and not guard.is_armed and not guard.is_guarding:
            self._detach()

    def _end(self, region: Region, *, warns: bool) -> None:
        """End a region, and warn if it has left memory above the mark."""
        guard = process_guard()
        try:
            if warns:
                guard.warn_of_left(region)
        finally:
            guard.end(region)
            self._regions.discard(region)

    def _show_error(
        self,
        shell: Any,
        kind: type[BaseException],
        error: BaseException,
        tb: TracebackType,
        tb_offset: int | None = None,
    ) -> list[str] | None:
        """Show the error of a cell, as IPython's handler of exceptions."""
        exceeded = self._convert(error)
        if exceeded is None:
            self._convert_cause(error)
        kinds, handler = self._previous
        if exceeded is not None:
            shell.showtraceback((type(exceeded), exceeded, exceeded.__traceback__))
        elif isinstance(error, kinds):
            lines: list[str] | None = handler(kind, error, tb, tb_offset)
            return lines
        else:
            # As IPython itself does.
            shell.showtraceback(running_compiled_code=True)
        return None

    def _show_traceback(
        self,
        show: Callable[..., None],
        exc_tuple: Any = None,
        *arguments: Any,
        **options: Any,
    ) -> None:
        """Show an error, as ``showtraceback`` of a shell does with these arguments."""
        error = sys.exc_info()[1] if exc_tuple is None else exc_tuple[1]
        if error is None:
            show(exc_tuple, *arguments, **options)
            return
        guard = process_guard()
        was_converted = error is self._running.exceeded
        exceeded = error if was_converted else self._convert(error)
        if exceeded is not None:
            if not was_converted:
                exc_tuple = (type(exceeded), exceeded, exceeded.__traceback__)
            # Threads that keep running may have filled the room during the search.
            guard.make_room(is_ample=True)
        try:
            show(exc_tuple, *arguments, **options)
        finally:
            if was_converted:
                guard.make_room()
            else:
                guard.resume()

    def _convert(self, error: BaseException) -> MemoryLimitExceeded | None:
        """Return the complete error of a stop, as `Guard.convert`, and room for it."""
        exceeded = process_guard().convert(error)
        if exceeded is not None:
            process_guard().make_room()
            self._complete(exceeded)
            self._running.exceeded = exceeded
        return exceeded

    def _convert_cause(self, error: BaseException) -> None:
        """Prepare the card of a stop that led to an error, which stays as it is."""
        _, *earlier = walk_chain(error, hidden=False)
        for each in earlier:
            # The previous search has made room, which the cell must not use.
            process_guard().resume()
            if self._convert(each) is not None:
                return

    def _complete(self, exceeded: MemoryLimitExceeded) -> None:
        # Imported on first use, so that a kernel starts fast.
        from jupyter_memkit.magics.memguard.stopped_cell import complete  # noqa: PLC0415
        from jupyter_memkit.show.guard import build_report  # noqa: PLC0415

        try:
            exceeded.stop = complete(exceeded.stop, self._shell, self._running.start)
        except (Exception, KeyboardInterrupt):
            # The search needs some memory, which may fail, and time, which the user may
            # not have. The error must be shown all the same.
            _logger.debug("a stopped cell was not searched", exc_info=True)
        if self._reports_in_error:
            add_note(exceeded, build_report(exceeded.stop).text())

    def _finish(self, exceeded: MemoryLimitExceeded) -> None:
        """Show the card, and cut what the error holds."""
        # As above.
        from jupyter_memkit.show.guard import build_report  # noqa: PLC0415

        stop: GuardStop = exceeded.stop
        report = build_report(stop)
        self._shell.display_pub.publish(
            data={
                "text/plain": report.text(),
                "text/html": report.html(),
                MIME_TYPE: stop.to_dict(),
            }
        )
        release_frames(exceeded)
        release_unused()
        self._releases_at_end = True
