"""Parquet files, in frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources import parquet as parquet_source
from jupyter_memkit.techniques.chunked.sources.opening import open_source
from jupyter_memkit.techniques.chunked.sources.parquet_footer import read_footer


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(1_000),
        pd.RangeIndex(10, 3_010, 3, name="k"),
        pd.Index([f"row {i}" for i in range(1_000)], name="label"),
        pd.MultiIndex.from_arrays([range(7, 1_007), ["x"] * 1_000], names=["n", None]),
        pd.MultiIndex.from_arrays([range(2_000, 0, -2), range(1_000)]),
    ],
    ids=["default", "range", "labels", "range and labels", "ranges"],
)
def test_chunks_are_the_file(tmp_path: Path, index: pd.Index) -> None:
    """The chunks together are what pandas reads, including index and row order."""
    path = tmp_path / "a.parquet"
    frame = pd.DataFrame({"id": range(1_000), "name": ["x"] * 1_000}, index=index)
    frame.to_parquet(path, row_group_size=300)
    chunks = list(chunked(path, rows=400))
    assert [len(chunk) for chunk in chunks] == [400, 400, 200]
    pd.testing.assert_frame_equal(pd.concat(chunks), pd.read_parquet(path))


@pytest.mark.parametrize("columns", [None, ["n", "t", "c", "s"], ["z"], ["t"]])
def test_types_that_pandas_noted(tmp_path: Path, columns: list[str] | None) -> None:
    """Types that only pandas' metadata records are kept, whichever columns are read."""
    frame = pd.DataFrame(
        {
            "n": pd.array([1, None, 3], "Int64"),
            "t": ["x", None, "z"],
            "c": pd.Categorical(["a", "b", "a"]),
            "s": pd.array(["x", None, "z"], "string"),
            "z": pd.date_range("2024-01-01", periods=3, tz="Europe/Berlin"),
        },
        index=pd.Index(["i", "j", "k"], name="key"),
    )
    path = tmp_path / "a.parquet"
    frame.to_parquet(path)
    (chunk,) = chunked(path, columns=columns)
    pd.testing.assert_frame_equal(chunk, pd.read_parquet(path, columns=columns))


@pytest.mark.parametrize(
    "names", [[None, "x"], [1, 2], [1.5, 2.5], [("a", 1), ("b", 2)]], ids=str
)
@pytest.mark.parametrize("values", [[1, 2, 3], ["x", None, "z"], [True, False, True]])
def test_names_that_pandas_noted(
    tmp_path: Path, names: list[object], values: list[object]
) -> None:
    """Names that are not text are kept, whatever the type of the columns."""
    frame = pd.DataFrame({"a": values, "b": values})
    frame.columns = pd.Index(names)
    path = tmp_path / "a.parquet"
    frame.to_parquet(path)
    chunks = list(chunked(path, rows=2))
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
    """A file that is not Parquet raises an error."""
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.parquet is not a complete Parquet file"):
        list(chunked(path))


def test_no_rows(tmp_path: Path) -> None:
    """A table without rows raises an error."""
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"id": pa.array([], pa.int64())}), path)
    with pytest.raises(SourceError, match=r"a\.parquet has no rows"):
        chunked(path).map(len).reduce("sum")


def test_footers_are_read_once(tmp_path: Path) -> None:
    """The footer of each of any number of files is read once."""
    for number in range(80):
        table = pa.table({"id": range(number, number + 10)})
        parquet.write_table(table, tmp_path / f"{number:02}.parquet")
    reads: list[str] = []

    def count(path: Path) -> Any:
        reads.append(path.name)
        return read_footer(path)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(parquet_source, "read_footer", count)
        assert chunked(tmp_path).map(len).reduce("sum") == 800
    assert sorted(reads) == [f"{number:02}.parquet" for number in range(80)]


def test_wide_rows_are_of_the_columns_read(tmp_path: Path) -> None:
    """The rows of a chunk depend on the columns that are read, not on all columns."""
    path = tmp_path / "a.parquet"
    frame = pd.DataFrame({f"c{i}": range(20_000) for i in range(200)})
    frame.to_parquet(path)
    one = next(iter(chunked(path, columns=["c7"], memory="400MB")))
    every = next(iter(chunked(path, memory="400MB")))
    assert len(one) > 20 * len(every)
    rows = iter(range(20_000))
    for chunk in chunked(path, memory="400MB"):
        assert chunk.c7.tolist() == [next(rows) for _ in range(len(chunk))]
