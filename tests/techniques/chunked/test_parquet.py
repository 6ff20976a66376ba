"""Parquet files in frames."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.opening import open_source


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(1_000),
        pd.RangeIndex(10, 3_010, 3, name="k"),
        pd.Index([f"row {i}" for i in range(1_000)], name="label"),
    ],
    ids=["default", "range", "labels"],
)
def test_chunks_are_the_file(tmp_path: Path, index: pd.Index) -> None:
    """The chunks together are what pandas reads, index and row order included."""
    path = tmp_path / "a.parquet"
    frame = pd.DataFrame({"id": range(1_000), "name": ["x"] * 1_000}, index=index)
    frame.to_parquet(path, row_group_size=300)
    chunks = list(chunked(path, rows=400))
    assert [len(chunk) for chunk in chunks] == [400, 400, 200]
    pd.testing.assert_frame_equal(pd.concat(chunks), pd.read_parquet(path))


def test_file_without_pandas_metadata(tmp_path: Path) -> None:
    """A file that another program wrote gets an index that counts all rows."""
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"id": range(10)}), path)
    assert list(pd.concat(list(chunked(path, rows=4))).index) == list(range(10))


def test_total_rows(tmp_path: Path) -> None:
    """The number of rows is known from the footer."""
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"id": range(10)}), path)
    assert open_source(path).total_rows == 10


@pytest.mark.parametrize("content", [b"", b"PAR1 but not really"])
def test_bad_file(tmp_path: Path, content: bytes) -> None:
    """A file that is no Parquet says so."""
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.parquet is no whole Parquet file"):
        list(chunked(path))


def test_no_rows(tmp_path: Path) -> None:
    """A table without rows is nothing to run over."""
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"id": pa.array([], pa.int64())}), path)
    with pytest.raises(SourceError, match=r"a\.parquet has no rows"):
        chunked(path).map(len).reduce("sum")
