"""Runs code in whatever process it is called, with few imports of its own."""

from __future__ import annotations

from typing import Any

_IMPORTS = """
import asyncio, builtins, decimal, gc, locale, logging, multiprocessing, os, random
import resource, signal, socket, sys, threading, warnings
"""


def act(code: str, expression: str = "None") -> Any:
    """Run code, and return the value of an expression."""
    names: dict[str, Any] = {"make": make_hook}
    exec(_IMPORTS, names)
    exec(code, names)
    return eval(expression, names)


def make_hook() -> Any:
    """Return a function as one of the notebook is."""

    def hook(*_args: object) -> str:
        return "mine"

    hook.__module__ = "__main__"
    return hook
