"""What is pickled for other processes."""

from __future__ import annotations

import datetime as dt
import decimal
import importlib
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_memkit.techniques.chunked.parallel.shipping import pack

ROWS = 100_000
# The rows of a slice take about 80 bytes, and the types of a table a few hundred.
LARGEST_BYTES = 4096


def make_tensor(values: Any) -> Any:
    """Return a tensor, which needs torch."""
    return importlib.import_module("torch").from_numpy(values.copy())


@pytest.mark.parametrize(
    "make",
    [
        np.array,
        pd.Series,
        lambda values: pd.DataFrame({"x": values, "text": values.astype(str)}),
        pl.Series,
        lambda values: pl.DataFrame({"x": values}),
        lambda values: pa.table({"x": values}),
        lambda values: pa.record_batch({"x": values}),
        pytest.param(make_tensor, marks=pytest.mark.ml),
    ],
    ids=[
        "array",
        "Series",
        "frame",
        "polars",
        "polars frame",
        "table",
        "batch",
        "torch",
    ],
)
def test_only_the_rows_of_a_slice(make: Callable[[Any], Any]) -> None:
    """A slice takes the size of its rows, not of the data that it was cut from."""
    rows = make(np.arange(ROWS))[500:510]
    packed = pack({"rows": [rows]})
    assert len(packed) < LARGEST_BYTES
    (back,) = pickle.loads(packed)["rows"]
    assert type(back) is type(rows)
    assert len(back) == 10
    assert str(back) == str(rows)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([b"a", None]),
        pa.array([decimal.Decimal("1.50"), None]),
        pa.array([[1], None, []]),
        pa.array([{"a": 1, "b": None}]),
        pa.array(["x", "y", "x"]).dictionary_encode(),
        pa.array([dt.timedelta(seconds=1)]),
        pa.array([1, 2], pa.uint8()),
        pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        pa.nulls(3),
        pa.array([], pa.string()),
    ],
    ids=lambda values: str(values.type),
)
def test_tables_stay_as_they_are(values: pa.Array) -> None:
    """A table has the same types, values and metadata in the other process."""
    schema = pa.schema([("x", values.type)], metadata={"made": "here"})
    table = pa.table([values], schema=schema)
    whole = pa.concat_tables([table, table]) if len(values) else table
    back = pickle.loads(pack(whole))
    assert back.equals(whole, check_metadata=True)


@pytest.mark.ml
def test_gradients_of_a_slice() -> None:
    """A slice of a tensor that requires a gradient requires one there too."""
    torch = importlib.import_module("torch")
    rows = torch.ones(ROWS, requires_grad=True)[:10]
    packed = pack(rows)
    assert len(packed) < LARGEST_BYTES
    assert pickle.loads(packed).requires_grad
    sparse = torch.eye(3).to_sparse()
    assert torch.equal(pickle.loads(pack(sparse)).to_dense(), torch.eye(3))
