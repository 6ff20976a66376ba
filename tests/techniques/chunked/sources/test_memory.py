"""Arrays, tensors and frames in memory."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.opening import open_source


def test_array_is_not_copied() -> None:
    """The chunks of an array are views of it, which together cover all of it."""
    array = np.arange(20).reshape(10, 2)
    chunks = list(chunked(array, rows=4))
    assert all(np.shares_memory(chunk, array) for chunk in chunks)
    assert np.concatenate(chunks).tolist() == array.tolist()


def test_frame_is_not_copied() -> None:
    """The chunks of a frame share its memory and keep its index."""
    frame = pd.DataFrame({"x": np.arange(10)}, index=list("abcdefghij"))
    chunks = list(chunked(frame, rows=4))
    assert all(np.shares_memory(chunk["x"], frame["x"]) for chunk in chunks)
    pd.testing.assert_frame_equal(pd.concat(chunks), frame)


@pytest.mark.parametrize(
    "data",
    [
        pd.Series(range(10)),
        pl.DataFrame({"x": range(10)}),
        pl.Series(range(10)),
        pa.table({"x": range(10)}),
    ],
    ids=["Series", "polars frame", "polars Series", "arrow table"],
)
def test_sliced_by_rows(data: Any) -> None:
    """A table of each library is cut by its rows, into tables of the same type."""
    job = chunked(data, rows=4).map(lambda chunk: (type(chunk), len(chunk)))
    assert list(job) == [(type(data), 4), (type(data), 4), (type(data), 2)]
    assert open_source(data).total_rows == 10


@pytest.mark.ml
def test_tensor_is_not_copied() -> None:
    """The chunks of a tensor are tensors that share its memory."""
    torch = importlib.import_module("torch")
    tensor = torch.arange(20).reshape(10, 2)
    chunks = list(chunked(tensor, rows=4))
    assert [tuple(chunk.shape) for chunk in chunks] == [(4, 2), (4, 2), (2, 2)]
    shared = {chunk.untyped_storage().data_ptr() for chunk in chunks}
    assert shared == {tensor.untyped_storage().data_ptr()}
    assert torch.equal(torch.cat(chunks), tensor)


@pytest.mark.ml
def test_other_values_of_a_tensor() -> None:
    """A tensor with other values has another fingerprint, whatever its dtype."""
    torch = importlib.import_module("torch")
    for dtype in (torch.int8, torch.bfloat16, torch.complex64, torch.bool):
        same = [open_source(torch.ones(9, dtype=dtype)).fingerprint() for _ in "ab"]
        other = open_source(torch.zeros(9, dtype=dtype))
        assert same[0] == same[1] != other.fingerprint()


@pytest.mark.ml
def test_tensors_without_rows() -> None:
    """A tensor that has no slices of rows is refused."""
    torch = importlib.import_module("torch")
    with pytest.raises(SourceError, match="without dimensions has no rows"):
        open_source(torch.tensor(1.5))
    with pytest.raises(SourceError, match=r"layout torch\.sparse_coo cannot be sliced"):
        open_source(torch.eye(3).to_sparse())
