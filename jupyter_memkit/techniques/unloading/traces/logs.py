"""What a library added to loggers that are not its own."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from types import FunctionType

from jupyter_memkit.techniques.unloading.removal import Removal, is_a, name_all

# The methods of every logger; another method belongs to a level that a library added.
_OWN_LEVELS = frozenset(
    {"critical", "debug", "error", "exception", "fatal", "info", "log", "warn"}
    | {"warning"}
)


def clear(removal: Removal) -> Iterator[str]:
    """Remove handlers, filters, and methods for levels from loggers."""
    known = list(logging.root.manager.loggerDict.values())
    loggers = [each for each in known if isinstance(each, logging.Logger)]
    for logger in (logging.root, *loggers):
        handlers = [each for each in logger.handlers if removal.owns(each)]
        for handler in handlers:
            logger.removeHandler(handler)
            # Its target may be closed already.
            with contextlib.suppress(Exception):
                handler.close()
        filters = [each for each in logger.filters if removal.owns(each)]
        for each in filters:
            logger.removeFilter(each)
        names = name_all([*handlers, *filters])
        yield from (f"{name} of the logger {logger.name}" for name in names)
    for name, method in list(vars(logging.Logger).items()):
        is_level = isinstance(logging.getLevelName(name.upper()), int)
        is_added = is_level and name not in _OWN_LEVELS
        if is_added and is_a(method, FunctionType) and removal.owns(method):
            delattr(logging.Logger, name)
            yield f"the method {name} of all loggers"
