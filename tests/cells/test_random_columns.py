"""Reading only the columns that a cell uses does not change its result.

`MEMKIT_RANDOM_COLUMNS=100000` draws 100,000 cells, and ``--hypothesis-seed=N`` others.
"""

from __future__ import annotations

import ast
import os
import re
import types
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from jupyter_memkit.cells.columns.find import find_columns
from jupyter_memkit.cells.columns.missing import find_missing
from tests.cells.column_cells import (
    GRAMMARS,
    cells,
    make_namespace,
    tables,
)
from tests.steady import STEADY

COUNT = int(os.environ.get("MEMKIT_RANDOM_COLUMNS", "300"))

# pandas cells are the most varied.
_BACKENDS = ("pandas", "pandas", "pandas", "polars", "polars", "arrow")


# Names that the cell did not set.
_OURS = {"chunk", "__builtins__", "__warningregistry__"}


def make_chunk(table: dict[str, list[Any]], backend: str) -> Any:
    """Return a chunk with these columns."""
    if backend == "pandas":
        return pd.DataFrame(table)
    if backend == "polars":
        return pl.DataFrame(table)
    return pa.table(table)


def prune(chunk: Any, columns: tuple[str, ...]) -> Any:
    """Return the chunk as a source reads it with these columns."""
    # For the number of rows, sources read one column if none is used.
    if isinstance(chunk, pd.DataFrame):
        return chunk[list(columns) or [chunk.columns[0]]]
    if isinstance(chunk, pl.DataFrame):
        return chunk.select(columns or chunk.columns[:1])
    return chunk.select(list(columns) or chunk.column_names[:1])


def run(code: str, chunk: Any, namespace: dict[str, Any]) -> tuple[Any, ...]:
    """Run a cell, and return its outcome."""
    tree = ast.parse(code)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    namespace["chunk"] = chunk
    before = dict(namespace)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(tree, "<cell>", "exec"), namespace)
            value = eval(
                compile(ast.Expression(last.value), "<cell>", "eval"), namespace
            )
        # A panic of polars is not an Exception.
        except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001
            return "error", type(error), describe_error(error)
    left = {
        name: namespace.get(name)
        for name in {*namespace, *before} - _OURS
        if namespace.get(name) is not before.get(name)
    }
    return "value", value, left


def describe_error(error: BaseException) -> str:
    """Return the message without addresses and lists of columns."""
    text = re.sub(
        r"(?s)0x[0-9a-f]+|_POLARS_TMP\w+|valid columns: .*|Did you mean .*",
        "",
        str(error),
    )
    return re.sub(r"(?s)Resolved plan until failure.*", "", text)


def is_same(one: Any, other: Any) -> bool:
    """Return whether two values are equal, including types and names."""
    if type(one) is not type(other):
        return False
    match one:
        case pd.DataFrame() | pd.Series() | pd.Index():
            return bool(one.equals(other)) and _labels(one) == _labels(other)
        case pa.ChunkedArray() | pa.Table():
            return bool(one.equals(other))
        case list() | tuple():
            return len(one) == len(other) and all(map(is_same, one, other))
        case dict():
            return is_same(list(one.items()), list(other.items()))
    return _describe(one) == _describe(other)


def _describe(value: Any) -> str:
    match value:
        case pl.DataFrame():
            # Groups come in any order.
            text = repr((value.schema, sorted(map(repr, value.rows()))))
        case pl.LazyFrame():
            text = _describe(_collect(value))
        case np.ndarray():
            text = repr((value.dtype, value.tolist()))
        case types.FunctionType() | types.GeneratorType() | type():
            text = "code"
        case _:
            text = repr(value)
    return re.sub(r"(?i)\b0x[0-9a-f]+", "", text)


def _collect(frame: pl.LazyFrame) -> Any:
    try:
        return frame.collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        return describe_error(error)


def _labels(value: Any) -> str:
    if isinstance(value, pd.DataFrame):
        return repr((value.columns, value.index, value.dtypes.to_dict()))
    return repr((value.name, value.dtype, getattr(value, "index", None)))


def find_difference(
    backend: str, table: dict[str, list[Any]], code: str
) -> tuple[bool, str]:
    """Return whether fewer columns are read, and the difference that this makes."""
    namespace = make_namespace(code, list(table), backend)
    try:
        tree = ast.parse(code)
    except SyntaxError:
        reject()
    columns = find_columns(tree, "chunk", list(table), namespace, backend)
    if columns is None or len(columns) == len(table):
        return False, ""
    whole = run(code, make_chunk(table, backend), namespace)
    namespace = make_namespace(code, list(table), backend)
    pruned = run(code, prune(make_chunk(table, backend), columns), namespace)
    if is_same(whole, pruned) or _starts_over(table, columns, pruned):
        return True, ""
    return True, f"{columns} of {list(table)}: {whole} and {pruned}"


def _starts_over(
    table: dict[str, list[Any]], columns: tuple[str, ...], pruned: tuple[Any, ...]
) -> bool:
    """Return whether strings in a column selected a column that was not read.

    The frame then raises, and a run starts over with all columns.
    """
    unread = set(table).difference(columns)
    if pruned[0] != "error" or not unread & _texts(table):
        return False
    return find_missing(pruned[1](pruned[2]), unread) is not None


def _texts(table: dict[str, list[Any]]) -> set[str]:
    return {each for values in table.values() for each in values if type(each) is str}


@settings(STEADY, max_examples=COUNT)
@given(st.data())
def test_pruning_changes_no_result(data: st.DataObject) -> None:
    """A cell has the same outcome, even an error, with only the columns it uses."""
    backend = data.draw(st.sampled_from(_BACKENDS))
    table = data.draw(tables())
    code = data.draw(cells(backend, list(table)))
    _, difference = find_difference(backend, table, code)
    assert not difference, code


@pytest.mark.parametrize("backend", GRAMMARS)
def test_the_grammar_is_wide(backend: str) -> None:
    """The grammar has enough idioms to expose a wrong form."""
    total = sum(len(set(rule)) for rule in GRAMMARS[backend].values())
    assert total >= {"pandas": 150, "polars": 150, "arrow": 50}[backend]
