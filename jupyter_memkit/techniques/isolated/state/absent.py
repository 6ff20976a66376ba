"""Finds state of this process that cannot be sent to another one."""

from __future__ import annotations

import gc
import signal
import sys

from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.techniques.isolated.state.system import (
    can_handle_there,
    find_handlers,
)


def find_absent() -> tuple[str, ...]:
    """Return the state that a cell could depend on and that is only available here."""
    absent = []
    if sys.gettrace() is not None or sys.getprofile() is not None:
        absent.append("the trace function")
    figures = find_loaded("matplotlib._pylab_helpers", "Gcf")
    if figures is not None and figures.figs:
        absent.append("open figures")
    if any(getattr(each, "__module__", "") == "__main__" for each in gc.callbacks):
        absent.append("gc.callbacks")
    handlers = find_handlers().values()
    if not all(can_handle_there(each) for each in handlers):
        absent.append("a signal handler")
    if hasattr(signal, "getitimer") and any(signal.getitimer(signal.ITIMER_REAL)):
        absent.append("the running timer")
    return tuple(absent)
