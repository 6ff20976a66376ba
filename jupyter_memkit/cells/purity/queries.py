"""Recognizes calls that query tables in SQL without an effect outside the cell.

A database that the cell opens in memory holds nothing else, and nobody else knows it.
It is a stage of a query, and so is a query whose rows were not fetched yet: a variable
of the cell may hold one, but only the calls listed here may get it.
"""

from __future__ import annotations

import ast
from typing import Any

from jupyter_memkit.cells.purity.outside import is_function_of
from jupyter_memkit.cells.purity.sql import is_select

# The methods that return the rows of a query. Others of duckdb's relations write to the
# table of the query.
_FETCHING = (
    *("arrow", "df", "fetch_arrow_table", "fetchall", "fetchdf", "fetchnumpy"),
    *("fetchone", "pl", "to_arrow_table", "to_df"),
)

# The stage that follows from the call of a function or of a method of a stage; "" for
# values of the cell's own.
_CALLS = {
    "duckdb.connect": "connection",
    "duckdb.query": "relation",
    "duckdb.sql": "relation",
    "connection.close": "",
    "connection.execute": "connection",
    "connection.query": "relation",
    "connection.register": "connection",
    "connection.sql": "relation",
    **{f"connection.{name}": "" for name in _FETCHING},
    **{f"relation.{name}": "" for name in _FETCHING},
    "polars.SQLContext": "context",
    "context.execute": "",
    "context.register": "context",
}
_QUERYING = frozenset(
    {
        *("duckdb.query", "duckdb.sql", "connection.execute", "connection.query"),
        *("connection.sql", "context.execute"),
    }
)
# These make a query read or write nothing else.
_OPTIONS = frozenset({"eager", "params"})


def find_function(module: Any, attribute: str) -> str:
    """Return the name of a function that begins a query; "" for any other."""
    for home in ("duckdb", "polars"):
        name = f"{home}.{attribute}"
        if name in _CALLS and is_function_of(module, home, attribute):
            return name
    return ""


def find_next_stage(name: str, call: ast.Call, text: str | None) -> str | None:
    """Return what follows from a call; None if it may have an effect.

    Parameters
    ----------
    name : str
        The name of the function or method.
    call : ast.Call
        The call.
    text : str or None
        Its first argument, if that is a text that is known.

    Examples
    --------
    >>> def check(code):
    ...     call = ast.parse(code, mode="eval").body
    ...     text = call.args[0].value if call.args else None
    ...     return find_next_stage(ast.unparse(call.func), call, text)
    >>> check("duckdb.connect()"), check("duckdb.connect('orders.db')")
    ('connection', None)
    >>> check("connection.sql('select 1')"), check("relation.df()")
    ('relation', '')
    """
    named = {keyword.arg for keyword in call.keywords}
    if name not in _CALLS or not _is_harmless(name, len(call.args), named, text):
        return None
    return _CALLS[name]


def _is_harmless(
    name: str, n_given: int, named: set[str | None], text: str | None
) -> bool:
    """Return whether a call has only arguments that leave it without an effect."""
    match name:
        case "duckdb.connect":
            is_in_memory = not n_given or (n_given, text) == (1, ":memory:")
            return is_in_memory and not named
        case "polars.SQLContext":
            # The tables may have any names.
            return not named & {None, "register_globals"}
        case _ if name in _QUERYING:
            return text is not None and is_select(text) and named <= _OPTIONS
    return not named
