"""Runs code in the process in which it is called, with few imports."""

from __future__ import annotations

import logging
from typing import Any

_IMPORTS = """
import asyncio, builtins, decimal, gc, locale, logging, multiprocessing, os, random
import resource, signal, socket, sys, threading, time, warnings
"""


def act(code: str, expression: str = "None") -> Any:
    """Run code, and return the value of an expression."""
    names: dict[str, Any] = {"make": make_hook}
    exec(_IMPORTS, names)
    exec(code, names)
    return eval(expression, names)


def make_hook() -> Any:
    """Return a function like those that a notebook defines."""

    def hook(*_args: object) -> str:
        return "mine"

    hook.__module__ = "__main__"
    return hook


class NoSecrets(logging.Filter):
    """Rejects secrets; the lock decides whether it can be sent."""

    def __init__(self, lock: Any = None) -> None:
        super().__init__()
        self.lock = lock

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record has no secret."""
        return "secret" not in record.getMessage()


def quiet(record: logging.LogRecord) -> bool:
    """Return whether the record is not loud."""
    return "loud" not in record.getMessage()


def make_record(*args: Any, **options: Any) -> logging.LogRecord:
    """Return a record with another attribute."""
    record = logging.LogRecord(*args, **options)
    record.user = "ann"
    return record
