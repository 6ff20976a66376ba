"""Shows why a cell ran out of memory, and cuts what its error holds."""

from __future__ import annotations

import logging
from typing import Any

from jupyter_memkit.techniques.guard.armed import process_guard
from jupyter_memkit.track.events import signal_safe_hook

_logger = logging.getLogger(__name__)

MIME_TYPE = "application/vnd.jupyter-memkit.out-of-memory+json"


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
        self._hook = signal_safe_hook(self._post_run_cell)
        shell.events.register("post_run_cell", self._hook)

    def close(self) -> None:
        """Remove the hook."""
        self._shell.events.unregister("post_run_cell", self._hook)

    def _post_run_cell(self, result: Any) -> None:
        # A cancelled cell has no result.
        error = None if result is None else result.error_in_exec
        # A cell that the guard stopped gets the guard's card.
        if error is not None and self.is_on and process_guard().stopped is not error:
            self._recover(error, result.execution_count)

    def _recover(self, error: BaseException, execution_count: int | None) -> None:
        # Imported on first use, so that a kernel starts fast.
        from jupyter_memkit.techniques.guard.frames import find_line  # noqa: PLC0415
        from jupyter_memkit.techniques.out_of_memory.recovery import (  # noqa: PLC0415
            recover,
        )

        failed = recover(error)
        if failed is None:
            return
        # As above.
        from jupyter_memkit.magics.stopped_cell import complete_failure  # noqa: PLC0415
        from jupyter_memkit.show.out_of_memory import build_report  # noqa: PLC0415

        namespace = self._shell.user_ns
        line = find_line(error, lambda frame: frame.f_globals is namespace)
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
