"""Columns of every library as arrays of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.training.features import SplitTarget, ToArrays

TABLE = {"a": [1, 2], "b": [0.5, None], "flag": [True, False], "y": [3, 4]}


@pytest.mark.parametrize(
    "rows",
    [
        pd.DataFrame(TABLE),
        pd.DataFrame(TABLE).convert_dtypes(),
        pl.DataFrame(TABLE),
        pa.table(TABLE),
    ],
    ids=["pandas", "nullable", "polars", "arrow"],
)
def test_columns(rows: Any) -> None:
    """Columns keep their types, missing numbers are NaN, and features are one array."""
    columns = ToArrays("rows", None)(rows)
    assert {name: array.dtype.kind for name, array in columns.items()} == {
        "a": "i",
        "b": "f",
        "flag": "b",
        "y": "i",
    }
    features, target = ToArrays("rows", "y")(rows)
    assert features.dtype == np.float64
    assert np.array_equal(features, [[1, 0.5, 1], [2, np.nan, 0]], equal_nan=True)
    assert target.tolist() == [3, 4]
    assert ToArrays("rows", "y", "float32")(rows)[0].dtype == np.float32


def test_lists_of_numbers() -> None:
    """A column of lists of one length is a matrix; other lists are not numbers."""
    frame = pd.DataFrame({"v": [[1.0, 2.0], [3.0, 4.0]], "a": [5, 6]})
    assert ToArrays("rows", None)(frame)["v"].tolist() == [[1.0, 2.0], [3.0, 4.0]]
    features, _ = ToArrays("rows", lambda df: (df, df.a))(frame)
    assert features.tolist() == [[1.0, 2.0, 5.0], [3.0, 4.0, 6.0]]
    uneven = pd.DataFrame({"v": [[1.0], [3.0, 4.0]]})
    with pytest.raises(MemkitError, match=r"'v' of rows holds no numbers .*a function"):
        ToArrays("rows", None)(uneven)


def test_columns_named_like_attributes() -> None:
    """A column may have the name of an attribute that a table of pyarrow has."""
    frame = pd.DataFrame({"column_names": [1, 2], "schema": [0.5, 1.5], "y": [3, 4]})
    features, target = ToArrays("rows", "y")(frame)
    assert features.tolist() == [[1.0, 0.5], [2.0, 1.5]]
    assert target.tolist() == [3, 4]
    with pytest.raises(MemkitError, match=r"no column 'z' .* column_names, schema, y"):
        ToArrays("rows", "z")(frame)


def test_no_columns() -> None:
    """Rows without columns need a function as the target."""
    split = SplitTarget("the ndarray", "y")
    with pytest.raises(MemkitError, match="give a function as the target"):
        split(np.zeros((2, 2)))
    with pytest.raises(MemkitError, match="no column 'y' for the target; it has a"):
        split(pd.DataFrame({"a": [1]}))
    with pytest.raises(MemkitError, match="only the column of the target"):
        ToArrays("rows", "y")(pd.DataFrame({"y": [1]}))
