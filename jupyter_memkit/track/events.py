"""Follows the cells of a shell through IPython's event hooks.

Only ``pre_run_cell`` and ``post_run_cell`` are used: the ``execute`` pair also fires
for widget messages, which are not cells. IPython swallows exceptions in a hook,
including Ctrl-C, so each hook is a `SignalSafe` call.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Protocol

import IPython
from IPython.core.events import EventManager

from jupyter_memkit.signal_safe import SignalSafe
from jupyter_memkit.track.cells import OpenCell
from jupyter_memkit.track.tracker import MemoryTracker

_logger = logging.getLogger(__name__)

# Since 9.8 a shell counts a cell before it calls ``pre_run_cell``.
_COUNTED_AHEAD = 1 if IPython.version_info >= (9, 8) else 0


class EventRegistry(Protocol):
    """The part of IPython's ``EventManager`` that is used here."""

    def register(self, event: str, function: Any) -> None:
        """Call a function at an event."""

    def unregister(self, event: str, function: Any) -> None:
        """Stop calling it."""


class Shell(Protocol):
    """The part of an IPython shell that is used here."""

    events: EventRegistry
    execution_count: int
    user_ns: dict[str, Any]


def signal_safe_hook(
    hook: Callable[[Any], object], is_due: Callable[[], bool] = lambda: True
) -> SignalSafe:
    """Return the callback for a hook; the parameters are those of `SignalSafe`."""
    return SignalSafe(hook, {EventManager.trigger.__code__}, is_due)


# What is called before the record of a cell is closed, with its shell.
_endings: list[tuple[Shell, Callable[[Any], object]]] = []


def add_ending(shell: Shell, function: Callable[[Any], object]) -> None:
    """Call a function when a cell has ended, before its memory is read for its record.

    What a failed cell holds to no purpose is released there.

    Parameters
    ----------
    shell : Shell
        The shell whose cells are followed.
    function : callable
        Called with the result of the cell; it returns at once if there is nothing to
        do.
    """
    _endings.append((shell, function))


def remove_ending(function: Callable[[Any], object]) -> None:
    """Stop calling it."""
    _endings[:] = [each for each in _endings if each[1] != function]


class CellEvents:
    """Opens the record of a cell before it runs and closes it afterwards.

    A cell that runs other cells (``%run``, ``run_cell``) counts once. Subshells run
    cells on their own threads, so each thread has its own nesting.

    Parameters
    ----------
    shell : Shell
        The shell whose cells are followed.
    tracker : MemoryTracker
        The tracker that keeps the records.
    """

    def __init__(self, shell: Shell, tracker: MemoryTracker) -> None:
        self._shell = shell
        self._tracker = tracker
        self._nesting = threading.local()
        self._begins = signal_safe_hook(self._pre_run_cell)
        # After the outermost cell has ended there is nothing to interrupt.
        self._ends = signal_safe_hook(self._post_run_cell, lambda: bool(self._stack()))

    def attach(self) -> None:
        """Register the hooks."""
        self._shell.events.register("pre_run_cell", self._begins)
        self._shell.events.register("post_run_cell", self._ends)

    def detach(self) -> None:
        """Remove the hooks."""
        self._shell.events.unregister("pre_run_cell", self._begins)
        self._shell.events.unregister("post_run_cell", self._ends)

    def _pre_run_cell(self, info: Any) -> None:
        stack = self._stack()
        stack.append((info, None if stack else self._begin(info)))

    def _post_run_cell(self, result: Any) -> None:
        self._call_endings(result)
        stack = self._stack()
        # An empty cell ends without having started, and so does the one that loads the
        # extension; a cancelled cell has no result.
        if result is not None and all(not _is_of(result, info) for info, _ in stack):
            return
        while stack:
            info, cell = stack.pop()
            if cell is not None:
                self._tracker.end_cell(cell, error=_error_name(result))
            if result is None or _is_of(result, info):
                return

    def _call_endings(self, result: Any) -> None:
        for shell, function in tuple(_endings):
            if shell is not self._shell:
                continue
            try:
                function(result)
            except Exception:
                # As in any hook; the record must be closed.
                _logger.exception("%r failed", function)

    def _begin(self, info: Any) -> OpenCell:
        execution_count = self._shell.execution_count - _COUNTED_AHEAD
        return self._tracker.begin_cell(
            info.raw_cell,
            execution_count=execution_count if info.store_history else None,
            cell_id=info.cell_id,
            namespace=self._shell.user_ns,
        )

    def _stack(self) -> list[tuple[Any, OpenCell | None]]:
        """Return the running cells of this thread, the outermost first."""
        stack: list[tuple[Any, OpenCell | None]] | None
        stack = getattr(self._nesting, "stack", None)
        if stack is None:
            stack = self._nesting.stack = []
        return stack


def _is_of(result: Any, info: Any) -> bool:
    """Return whether a result belongs to the cell that started with an info."""
    # After Ctrl-C before the cell's first instruction, IPython creates another info.
    return result.info is info or result.info.raw_cell is info.raw_cell


def _error_name(result: Any) -> str | None:
    """Return the name of the exception that ended a cell."""
    if result is None:
        return "CancelledError"
    error = result.error_before_exec or result.error_in_exec
    return None if error is None else type(error).__name__
