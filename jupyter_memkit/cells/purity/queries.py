"""Recognizes calls that query tables in SQL without an effect outside the cell.

A database that the cell opens in memory holds no other data, and no other code refers
to it. It is a stage of a query, and so is a query whose rows were not fetched yet: a
variable of the cell may hold one, but only the calls listed here may get it.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from jupyter_memkit.cells.purity.outside import is_function_of
from jupyter_memkit.cells.purity.sql import is_own_statement, is_select

# The methods that return the rows of a query. Others of duckdb's relations write to the
# table of the query.
_FETCHING = (
    *("arrow", "df", "fetch_arrow_table", "fetchall", "fetchdf", "fetchnumpy"),
    *("fetchone", "pl", "to_arrow_table", "to_df"),
)

# The queries that methods of a relation make of their arguments.
_FRAGMENTS = {
    "relation.aggregate": ("select {} from t", "select {} from t group by {}"),
    "relation.filter": ("select * from t where {}",),
    "relation.order": ("select * from t order by {}",),
    **dict.fromkeys(
        (
            *("relation.avg", "relation.count", "relation.max", "relation.mean"),
            *("relation.median", "relation.min", "relation.project", "relation.sum"),
        ),
        ("select {} from t",),
    ),
}

# The stage that follows from the call of a function or of a method of a stage; "" for
# values of the cell's own.
_CALLS = {
    "duckdb.connect": "connection",
    "duckdb.from_arrow": "relation",
    "duckdb.from_df": "relation",
    "duckdb.query": "relation",
    "duckdb.sql": "relation",
    "connection.close": "",
    "connection.execute": "connection",
    "connection.from_arrow": "relation",
    "connection.from_df": "relation",
    "connection.query": "relation",
    "connection.register": "connection",
    "connection.sql": "relation",
    **{f"connection.{name}": "" for name in _FETCHING},
    **{f"relation.{name}": "" for name in _FETCHING},
    **dict.fromkeys(_FRAGMENTS, "relation"),
    "relation.distinct": "relation",
    "relation.limit": "relation",
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


def find_next_stage(
    name: str, call: ast.Call, texts: Sequence[str | None]
) -> str | None:
    """Return what follows from a call; None if it may have an effect.

    Parameters
    ----------
    name : str
        The name of the function or method.
    call : ast.Call
        The call.
    texts : sequence of str or None
        Its arguments without names, as far as they are texts that are known.

    Examples
    --------
    >>> def check(code):
    ...     call = ast.parse(code, mode="eval").body
    ...     texts = [argument.value for argument in call.args]
    ...     return find_next_stage(ast.unparse(call.func), call, texts)
    >>> check("duckdb.connect()"), check("duckdb.connect('orders.db')")
    ('connection', None)
    >>> check("connection.sql('select 1')"), check("relation.df()")
    ('relation', '')
    >>> check("relation.aggregate('k, avg(v)', 'k')"), check("relation.filter(';')")
    ('relation', None)
    """
    named = {keyword.arg for keyword in call.keywords}
    if name not in _CALLS or not _is_harmless(name, texts, named):
        return None
    return _CALLS[name]


def _is_harmless(
    name: str, texts: Sequence[str | None], named: set[str | None]
) -> bool:
    """Return whether a call has only arguments that leave it without an effect."""
    match name:
        case "duckdb.connect":
            return list(texts) in ([], [":memory:"]) and not named
        case "polars.SQLContext":
            # The tables may have any names.
            return not named & {None, "register_globals"}
        case _ if name in _FRAGMENTS:
            return not named and _completes(name, texts)
        case _ if name in _QUERYING:
            text = texts[0] if texts else None
            reads = is_own_statement if name.startswith("connection.") else is_select
            return text is not None and reads(text) and named <= _OPTIONS
    return not named


def _completes(name: str, texts: Sequence[str | None]) -> bool:
    """Return whether a method makes a read-only query of these arguments."""
    known = [text for text in texts if text is not None]
    query = dict(enumerate(_FRAGMENTS[name], 1)).get(len(texts))
    is_known = query is not None and len(known) == len(texts)
    return is_known and is_select(str(query).format(*known))
