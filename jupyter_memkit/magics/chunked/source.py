"""Opens the source that the line of ``%%chunked`` names."""

from __future__ import annotations

import argparse
import ast
from typing import Any

from IPython.core.error import UsageError

from jupyter_memkit.magics.words import Word, read_value
from jupyter_memkit.paths import expand_home
from jupyter_memkit.techniques.chunked.sources.base import Source
from jupyter_memkit.techniques.chunked.sources.opening import open_query, open_source


def open_named_source(args: argparse.Namespace, user_ns: dict[str, Any]) -> Source:
    """Return the source: a file, the value of a variable, or a query.

    Raises
    ------
    UsageError
        If there is no such file or variable; the message contains the remedy.
    """
    if args.sql is not None or args.connection is not None:
        return _open_query(args, user_ns)
    if args.source is None:
        message = 'there is nothing to read; give a path, such as %%chunked "a.csv"'
        raise UsageError(message)
    options = {key: read_value(value) for key, value in args.read or ()}
    return open_source(_find_source(args.source, user_ns), options)


def _open_query(args: argparse.Namespace, user_ns: dict[str, Any]) -> Source:
    if args.sql is None or args.connection is None or args.source is not None:
        message = (
            "a query needs both --sql QUERY and --connection NAME, and no other source"
        )
        raise UsageError(message)
    if args.connection not in user_ns:
        message = f"there is no variable {args.connection}; connect in an earlier cell"
        raise UsageError(message)
    return open_query(args.sql, user_ns[args.connection])


def _find_source(text: Word, user_ns: dict[str, Any]) -> Any:
    """Return the value of the variable with this name, or else the path."""
    if text.is_quoted:
        return str(text)
    if text.isidentifier() and text in user_ns:
        return user_ns[text]
    if text.isidentifier() and not expand_home(text).exists():
        message = f"{text} is neither a variable nor a file; check its spelling"
        raise UsageError(message)
    if _is_call(text):
        message = f"{text} is an expression; assign it to a variable in an earlier cell"
        raise UsageError(message)
    return str(text)


def _is_call(text: str) -> bool:
    """Return whether the source is a call; no path is parsed as one."""
    try:
        return isinstance(ast.parse(text, mode="eval").body, ast.Call)
    except SyntaxError:
        return False
