"""Shows why a cell ran out of memory, and releases what its error holds."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from jupyter_memkit.techniques.error_chain import walk_chain
from jupyter_memkit.techniques.guard.armed import process_guard
from jupyter_memkit.track.events import (
    add_ending,
    remove_ending,
    signal_safe_hook,
)

if TYPE_CHECKING:  # imported when a cell has failed
    from jupyter_memkit.techniques.out_of_memory.records import OutOfMemory

_logger = logging.getLogger(__name__)

MIME_TYPE = "application/vnd.jupyter-memkit.out-of-memory+json"


class _Found(threading.local):
    """How the cell that ends in a thread has failed, and in which line."""

    failed: tuple[OutOfMemory, str | None] | None = None


class OutOfMemoryCells:
    """The hook of a shell at the end of its cells.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    is_on : bool
        Whether it acts.
    """

    def __init__(self, shell: Any, *, is_on: bool) -> None:
        self._shell = shell
        self.is_on = is_on
        self._found = _Found()
        self._hook = signal_safe_hook(self._post_run_cell)
        shell.events.register("post_run_cell", self._hook)
        add_ending(shell, self._before_end)

    def close(self) -> None:
        """Remove the hook."""
        self._shell.events.unregister("post_run_cell", self._hook)
        remove_ending(self._before_end)

    def _before_end(self, result: Any) -> None:
        """Free what a failed cell holds, before the tracker reads it."""
        # A cancelled cell has no result.
        error = None if result is None else result.error_in_exec
        # A cell that the guard stopped gets the guard's card.
        if error is None or not self.is_on or _is_of_guard(error):
            return
        # Imported on first use, so that a kernel starts fast.
        from jupyter_memkit.techniques.out_of_memory.recognition import find_failure  # noqa: PLC0415
        from jupyter_memkit.techniques.out_of_memory.recovery import free_failed  # noqa: PLC0415

        failure = find_failure(error)
        if failure is not None:
            failed = free_failed(failure, error)
            # The line that asked, and not one that raised another error for it.
            line = self._find_line(failure.error) or self._find_line(error)
            self._found.failed = failed, line

    def _find_line(self, error: BaseException) -> str | None:
        # As above.
        from jupyter_memkit.techniques.guard.frames import find_line  # noqa: PLC0415

        namespace = self._shell.user_ns
        return find_line(error, lambda frame: frame.f_globals is namespace)

    def _post_run_cell(self, result: Any) -> None:
        failed, self._found.failed = self._found.failed, None
        if failed is not None and result is not None:
            self._show(*failed, result.execution_count)

    def _show(
        self, failed: OutOfMemory, line: str | None, execution_count: int | None
    ) -> None:
        # As above.
        from jupyter_memkit.magics.memguard.stopped_cell import complete_failure  # noqa: PLC0415
        from jupyter_memkit.show.out_of_memory import build_report  # noqa: PLC0415

        try:
            failed = complete_failure(failed, self._shell, line, execution_count)
        except Exception:
            # The search needs some memory, which may fail. What is known is shown.
            _logger.debug("the variables were not searched", exc_info=True)
        report = build_report(failed)
        self._shell.display_pub.publish(
            data={
                "text/plain": report.text(),
                "text/html": report.html(),
                MIME_TYPE: failed.to_dict(),
            }
        )


def _is_of_guard(error: BaseException) -> bool:
    """Return whether an error is that of a stop of the guard, or was raised for it."""
    stopped = process_guard().stopped
    return stopped is not None and any(
        each is stopped for each in walk_chain(error, hidden=False)
    )
