"""All parts of the state, in the order in which a process takes them over."""

from __future__ import annotations

from jupyter_memkit.techniques.isolated.state import (
    interpreter,
    libraries,
    loggers,
    modules,
    system,
)

ROWS = (
    *system.ROWS,
    *interpreter.ROWS,
    *loggers.ROWS,
    *libraries.ROWS,
    *modules.ROWS,
)
