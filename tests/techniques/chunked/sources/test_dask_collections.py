"""Dask collections, partition by partition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pandas as pd
import pytest
from dask import array, bag, dataframe

from jupyter_memkit.techniques.chunked.sources.base import Request
from jupyter_memkit.techniques.chunked.sources.dask_collections import (
    DaskSource,
    is_dask_collection,
)
from tests.techniques.chunked.sources.engine import chunks_of, load_from, load_one

# Dask's functions have no types.
from_array: Any = array.from_array
from_pandas: Any = dataframe.from_pandas
from_sequence: Any = bag.from_sequence

FRAME = pd.DataFrame({"id": range(20), "label": [f"row {i}" for i in range(20)]})


@pytest.fixture(autouse=True)
def here() -> Iterator[None]:
    """Run Dask without a pool, so that no thread of it stays."""
    with dask.config.set(scheduler="synchronous"):
        yield


def test_frame() -> None:
    """The chunks of a frame are frames of the requested size, with its index."""
    source = DaskSource(collection=from_pandas(FRAME, npartitions=3))
    chunks = list(chunks_of(source, rows=6))
    assert [len(chunk) for chunk in chunks] == [6, 6, 6, 2]
    pd.testing.assert_frame_equal(pd.concat(chunks), FRAME, check_dtype=False)


def test_columns() -> None:
    """Only the requested columns are in the chunks."""
    source = DaskSource(collection=from_pandas(FRAME, npartitions=3))
    assert source.columns() == ("id", "label")
    assert list(next(iter(chunks_of(source, columns=("label",))))) == ["label"]
    assert sum(len(chunk) for chunk in chunks_of(source, columns=())) == 20


def test_series_and_bag() -> None:
    """The chunks of a series are series, those of a bag lists."""
    series = DaskSource(collection=from_pandas(FRAME.id, npartitions=3))
    assert [chunk.tolist() for chunk in chunks_of(series, rows=15)] == [
        [*range(15)],
        [*range(15, 20)],
    ]
    items = from_sequence(range(7), npartitions=3).map(lambda item: item * 2)
    chunks = list(chunks_of(DaskSource(collection=items), rows=4))
    assert chunks == [[0, 2, 4, 6], [8, 10, 12]]
    assert DaskSource(collection=items).columns() is None


def test_array() -> None:
    """The chunks of an array are complete rows, however its blocks are cut."""
    whole = np.arange(40).reshape(10, 4)
    source = DaskSource(collection=from_array(whole, chunks=(3, 2)))
    assert (source.total_rows, source.row_bytes) == (10, 32)
    chunks = list(chunks_of(source, rows=4))
    assert [chunk.shape for chunk in chunks] == [(4, 4), (4, 4), (2, 4)]
    assert np.array_equal(np.concatenate(chunks), whole)


def test_unknown_length() -> None:
    """An array of unknown length is read too."""
    numbers = array.arange(10, chunks=4)
    source = DaskSource(collection=numbers[numbers > 2])
    assert source.total_rows is None
    assert [list(chunk) for chunk in chunks_of(source, rows=5)] == [
        [3, 4, 5, 6, 7],
        [8, 9],
    ]


def test_one_partition_at_a_time() -> None:
    """A partition is computed when its rows are requested, and once."""
    computed = []

    def note(item: int) -> int:
        computed.append(item)
        return item

    items = from_sequence(range(9), npartitions=3).map(note)
    pieces = DaskSource(collection=items).pieces(Request(rows=lambda: 2))
    next(pieces)
    assert computed == [0, 1, 2]
    next(pieces)
    assert computed == [0, 1, 2, 3, 4, 5]


def test_continues() -> None:
    """A piece can be read separately, and so can the rest, from its partition on."""
    computed = []

    def note(item: int) -> int:
        computed.append(item)
        return item

    items = from_sequence(range(10), npartitions=5).map(note)
    source = DaskSource(collection=items)
    pieces = source.pieces(Request(rows=lambda: 3))
    first, second = next(pieces), next(pieces)
    assert second.load() == [3, 4, 5]
    computed.clear()
    assert load_from(source, first.end) == [[3, 4, 5], [6, 7, 8], [9]]
    assert computed == [*range(2, 10)]
    assert load_one(source, second, 3) == [3, 4, 5]


def test_fingerprint(tmp_path: Path) -> None:
    """A collection over a file has the same fingerprint until the file changes."""
    path = tmp_path / "a.csv"
    FRAME.to_csv(path)

    def find() -> Any:
        return DaskSource(collection=dataframe.read_csv(path)).fingerprint()

    before = find()
    assert find() == before
    FRAME.head().to_csv(path)
    assert find() != before


def test_error_of_the_user() -> None:
    """An exception within a partition is the user's own."""
    items = from_sequence([1, 0]).map(lambda item: 1 / item)
    with pytest.raises(ZeroDivisionError):
        list(chunks_of(DaskSource(collection=items)))


def test_recognized() -> None:
    """Collections are distinguished from Dask objects with a single value."""
    items = from_sequence([1])
    assert is_dask_collection(items)
    assert not is_dask_collection(items.sum())
    assert not is_dask_collection([1])
