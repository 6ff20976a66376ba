"""The steps of freeing memory, one function each."""

from __future__ import annotations

import gc
import linecache
import sys
from pathlib import Path
from typing import Any

from jupyter_memkit.measure.hidden import (
    DEBUGGER_FRAMES,
    LAST_ERRORS,
    TRACEBACK_PRINTERS,
    find_caches,
)


def drop_tracebacks(shell: Any) -> None:
    """Drop the frames of failed cells, and of the debugger."""
    for name in LAST_ERRORS:
        if hasattr(sys, name):
            delattr(sys, name)
    for name in TRACEBACK_PRINTERS:
        printer: Any = getattr(shell, name, None)
        if getattr(printer, "tb", None) is not None:
            printer.tb = None
        debugger = getattr(printer, "pdb", None)
        for frame in DEBUGGER_FRAMES:
            if getattr(debugger, frame, None):
                setattr(debugger, frame, [] if frame == "stack" else None)
    result = getattr(shell, "last_execution_result", None)
    for name in ("error_in_exec", "error_before_exec"):
        error = getattr(result, name, None)
        if error is not None:
            # Keep the error, but drop its traceback, which holds all local variables.
            error.__traceback__ = None
    # Frames and tracebacks refer to each other.
    gc.collect()


def close_figures() -> None:
    """Close the open figures of matplotlib."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
        # The parts of a figure form reference cycles.
        gc.collect()


def empty_caches() -> None:
    """Clear the caches on functions outside the standard library."""
    for holder in find_caches():
        if holder.value is not linecache.cache:
            holder.value.cache_clear()
    gc.collect()


def drop_lines() -> None:
    """Drop cached lines of source files, which can be read again."""
    # Keep those of cells, which exist nowhere else and are shown in tracebacks.
    for name in list(linecache.cache):
        if Path(name).is_file():
            linecache.cache.pop(name, None)
