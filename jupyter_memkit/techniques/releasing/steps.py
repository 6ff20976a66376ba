"""The steps of freeing memory, one function each.

Each returns whether it released anything: only then is memory that was returned
meanwhile attributed to it.
"""

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
    find_hidden,
    find_managers,
)
from jupyter_memkit.techniques.variables.forget import forget_outputs, forget_scripts


def collect_cycles() -> bool:
    """Collect the objects that only reference cycles keep."""
    return gc.collect() > 0


def drop_tracebacks(shell: Any) -> bool:
    """Drop the frames of failed cells, and of the debugger."""
    is_dropped = False
    for name in LAST_ERRORS:
        if hasattr(sys, name):
            delattr(sys, name)
            is_dropped = True
    for name in TRACEBACK_PRINTERS:
        printer: Any = getattr(shell, name, None)
        if getattr(printer, "tb", None) is not None:
            printer.tb = None
            is_dropped = True
        debugger = getattr(printer, "pdb", None)
        for frame in DEBUGGER_FRAMES:
            if getattr(debugger, frame, None):
                setattr(debugger, frame, [] if frame == "stack" else None)
                is_dropped = True
    result = getattr(shell, "last_execution_result", None)
    for name in ("error_in_exec", "error_before_exec"):
        error = getattr(result, name, None)
        if error is not None and error.__traceback__ is not None:
            # Keep the error, but drop its traceback, which holds all local variables.
            error.__traceback__ = None
            is_dropped = True
    if is_dropped:
        # Frames and tracebacks refer to each other.
        gc.collect()
    return is_dropped


def drop_outputs(shell: Any) -> bool:
    """Delete everything that cells returned and displayed."""
    kinds = {each.kind for each in find_hidden(shell)}
    forget_outputs(shell)
    gc.collect()
    return not kinds.isdisjoint({"output", "display"})


def drop_scripts(shell: Any) -> bool:
    """Delete the variables of scripts that nothing needs."""
    kinds = {each.kind for each in find_hidden(shell)}
    forget_scripts(shell)
    gc.collect()
    return "script" in kinds


def close_figures() -> bool:
    """Close the open figures of matplotlib."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    is_open = bool(find_managers())
    if pyplot is not None:
        pyplot.close("all")
        # The parts of a figure form reference cycles.
        gc.collect()
    return is_open


def empty_caches() -> bool:
    """Clear the caches on functions outside the standard library."""
    n_results = 0
    for holder in find_caches():
        if holder.value is not linecache.cache:
            n_results += holder.value.cache_info().currsize
            holder.value.cache_clear()
    if n_results:
        gc.collect()
    return n_results > 0


def drop_lines() -> bool:
    """Drop cached lines of source files, which can be read again."""
    # Keep those of cells, which exist nowhere else and are shown in tracebacks.
    names = [name for name in list(linecache.cache) if Path(name).is_file()]
    for name in names:
        linecache.cache.pop(name, None)
    return bool(names)
