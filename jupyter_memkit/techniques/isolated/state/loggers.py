"""The settings of `logging`: levels and their names, handlers, filters, warnings.

A record that a filter here might have rejected never gets past a filter that could not
be sent: it is dropped, and reported.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.techniques.isolated.state.late import Late, Part
from jupyter_memkit.techniques.isolated.state.row import Row

_STREAMS = ("stdout", "stderr")
_STYLES: dict[type, str] = {
    logging.PercentStyle: "%",
    logging.StrFormatStyle: "{",
    logging.StringTemplateStyle: "$",
}

# The form of a logger that was not changed.
_PLAIN = (logging.NOTSET, False, True, (), ())

# What was taken over from the other process, and the handlers that were made for it.
_taken: dict[str, Any] = {}
_made: list[logging.Handler] = []


class _Elsewhere(logging.Handler):
    """Replaces a handler of the other process that cannot be reached from here."""

    def __init__(self, form: tuple[Any, ...]) -> None:
        super().__init__(form[1])
        self.form = form

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 - lost
        _lost.add(self.form[2])


class _Filter(logging.Filter):
    """Stands in for a filter of the other process.

    Parameters
    ----------
    there : Late
        The filter.
    """

    def __init__(self, there: Late) -> None:
        super().__init__()
        self.there = there

    def filter(self, record: logging.LogRecord) -> Any:
        """Return whether the record is logged, or another record in its place."""
        made = self.there.load()
        if made is None:
            _lost.add(f"records for the filter {self.there.name} ({self.there.reason})")
            return False
        return made.filter(record) if hasattr(made, "filter") else made(record)


class _Factory:
    """Makes records as in the other process.

    Parameters
    ----------
    there : Late
        The function that makes them.
    """

    def __init__(self, there: Late) -> None:
        self.there = there

    def __call__(self, *args: Any, **options: Any) -> Any:
        made = self.there.load()
        if made is None:
            _lost.add(f"what {self.there.name} adds to records ({self.there.reason})")
            made = logging.LogRecord
        return made(*args, **options)


# What the log lacks: kinds of handlers that missed a record, and records.
_lost: set[str] = set()


def take_lost() -> tuple[str, ...]:
    """Return what the log of the other process has missed since the last call."""
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
            _read_filters(logger),
            tuple(_describe(handler) for handler in logger.handlers),
        )
        for name, logger in _find_loggers()
    }
    kept = {name: form for name, form in forms.items() if form != _PLAIN}
    return _read_switches(), kept


def _read_switches() -> tuple[Any, ...]:
    """Return what applies to all loggers."""
    made = logging.getLogRecordFactory()
    return (
        logging.root.manager.disable,
        logging.raiseExceptions,
        # There is no public way to list the names, or to ask for the state.
        dict(logging._levelToName),  # noqa: SLF001
        logging._warnings_showwarning is not None,  # type: ignore[attr-defined] # noqa: SLF001
        None if made is logging.LogRecord else Part(getattr(made, "there", made)),
    )


def _read_filters(owner: logging.Filterer) -> tuple[Part, ...]:
    return tuple(
        Part(each.there if type(each) is _Filter else each) for each in owner.filters
    )


def _write(value: tuple[Any, ...]) -> None:
    switches, forms = value
    _write_switches(switches)
    plain = dict.fromkeys(_taken.keys() - forms.keys(), _PLAIN)
    _taken.update(forms)
    for handler in _made:
        handler.close()
    _made.clear()
    for name, form in {**forms, **plain}.items():
        level, is_disabled, propagates, filters, handlers = form
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.disabled, logger.propagate = is_disabled, propagates
        logger.filters[:] = map(_Filter, filters)
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
        for each in handlers:
            _made.append(_make(each))
            logger.addHandler(_made[-1])


def _write_switches(value: tuple[Any, ...]) -> None:
    disable, raises, names, captures, made = value
    logging.disable(disable)
    logging.raiseExceptions = raises
    for level, name in names.items():
        if logging.getLevelName(level) != name:
            logging.addLevelName(level, name)
    logging.captureWarnings(captures)
    logging.setLogRecordFactory(logging.LogRecord if made is None else _Factory(made))


def _describe(handler: Any) -> tuple[Any, ...]:
    """Return how another process creates a handler like this one."""
    if isinstance(handler, _Elsewhere):
        return handler.form
    kind = type(handler)
    how = _describe_formatter(handler.formatter)
    filters = _read_filters(handler)
    if how is not None:
        if kind is logging.NullHandler:
            return ("null", handler.level, how, filters)
        if kind is logging.StreamHandler:
            for name in _STREAMS:
                if handler.stream is getattr(sys, name):
                    return ("stream", handler.level, how, filters, name)
        # Two processes can only write to a file in append mode.
        if kind is logging.FileHandler and handler.mode == "a":
            file = handler.baseFilename
            return ("file", handler.level, how, filters, file, handler.encoding)
    return ("other", handler.level, kind.__name__, filters)


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
    kind, level, how, filters, *rest = form
    handler: logging.Handler
    if kind == "other":
        handler = _Elsewhere(form)
    elif kind == "stream":
        handler = logging.StreamHandler(getattr(sys, rest[0]))
    elif kind == "file":
        handler = logging.FileHandler(rest[0], "a", rest[1], delay=True)
    else:
        handler = logging.NullHandler()
    handler.setLevel(level)
    handler.filters[:] = map(_Filter, filters)
    if how and kind != "other":
        handler.setFormatter(logging.Formatter(*how))
    return handler


def _differ(before: tuple[Any, ...], now: tuple[Any, ...]) -> bool:
    """Return whether the settings differ in more than what libraries do by themselves.

    Libraries, and warnings that are logged, add handlers that do nothing.
    """
    return _strip(before) != _strip(now)


def _strip(value: tuple[Any, ...]) -> tuple[Any, ...]:
    switches, forms = value
    stripped = {
        name: (*form, tuple(each for each in handlers if each[0] != "null"))
        for name, (*form, handlers) in forms.items()
    }
    kept = {name: form for name, form in stripped.items() if form != _PLAIN}
    return switches, kept


ROWS = (Row("logging", _read, _write, "logging", _differ),)
