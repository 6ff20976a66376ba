"""The levels and handlers of `logging`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.techniques.isolated.state.row import Row

_STREAMS = ("stdout", "stderr")
_STYLES: dict[type, str] = {
    logging.PercentStyle: "%",
    logging.StrFormatStyle: "{",
    logging.StringTemplateStyle: "$",
}


class _Elsewhere(logging.Handler):
    """Replaces a handler of the other process that cannot be reached from here."""

    def __init__(self, form: tuple[Any, ...]) -> None:
        super().__init__(form[1])
        self.form = form

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 - lost
        _lost.add(self.form[2])


# The kinds of handlers that missed a record.
_lost: set[str] = set()


def take_lost() -> tuple[str, ...]:
    """Return the kinds of handlers that missed a record since the last call."""
    lost = tuple(sorted(_lost))
    _lost.clear()
    return lost


def _find_loggers() -> Iterator[tuple[str, logging.Logger]]:
    yield "", logging.root
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger):
            yield name, logger


def _read() -> tuple[Any, ...]:
    forms = {
        name: (
            logger.level,
            logger.disabled,
            logger.propagate,
            tuple(_describe(handler) for handler in logger.handlers),
        )
        for name, logger in _find_loggers()
    }
    plain = (logging.NOTSET, False, True, ())
    kept = {name: form for name, form in forms.items() if form != plain}
    return logging.root.manager.disable, kept


def _write(value: tuple[Any, ...]) -> None:
    disable, forms = value
    logging.disable(disable)
    for name, (level, is_disabled, propagates, handlers) in forms.items():
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.disabled, logger.propagate = is_disabled, propagates
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
        for form in handlers:
            logger.addHandler(_make(form))


def _describe(handler: Any) -> tuple[Any, ...]:
    """Return how another process creates a handler like this one."""
    if isinstance(handler, _Elsewhere):
        return handler.form
    kind = type(handler)
    how = _describe_formatter(handler.formatter)
    if not handler.filters and how is not None:
        if kind is logging.NullHandler:
            return ("null", handler.level, how)
        if kind is logging.StreamHandler:
            for name in _STREAMS:
                if handler.stream is getattr(sys, name):
                    return ("stream", handler.level, how, name)
        # Two processes can only write to a file in append mode.
        if kind is logging.FileHandler and handler.mode == "a":
            return ("file", handler.level, how, handler.baseFilename, handler.encoding)
    return ("other", handler.level, kind.__name__)


def _describe_formatter(formatter: Any) -> tuple[Any, ...] | None:
    """Return the arguments of a formatter; None if they are not known."""
    if formatter is None:
        return ()
    style = getattr(formatter, "_style", None)
    sign = _STYLES.get(type(style))
    if type(formatter) is not logging.Formatter or sign is None:
        return None
    return (style._fmt, formatter.datefmt, sign)  # type: ignore[union-attr] # noqa: SLF001


def _make(form: tuple[Any, ...]) -> logging.Handler:
    kind, level, how, *rest = form
    if kind == "other":
        return _Elsewhere(form)
    handler: logging.Handler
    if kind == "stream":
        handler = logging.StreamHandler(getattr(sys, rest[0]))
    elif kind == "file":
        handler = logging.FileHandler(rest[0], "a", rest[1], delay=True)
    else:
        handler = logging.NullHandler()
    handler.setLevel(level)
    if how:
        handler.setFormatter(logging.Formatter(*how))
    return handler


ROWS = (Row("logging", _read, _write, "logging"),)
