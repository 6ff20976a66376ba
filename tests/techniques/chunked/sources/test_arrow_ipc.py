"""Arrow files, Arrow streams and Feather files, in tables and frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import ipc

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.opening import open_source
from tests.techniques.chunked.sources.contract import (
    check_small,
    check_source,
    listed,
    pieces_of,
)

N_ROWS = 1_000

TABLE = pa.table(
    {
        "id": range(N_ROWS),
        "nested": [{"x": i, "tags": [i] * (i % 3)} for i in range(N_ROWS)],
        "late": [None if i == 900 else i for i in range(N_ROWS)],
        "ok": [None if i == 950 else i % 2 == 0 for i in range(N_ROWS)],
        "small": pa.array(range(N_ROWS), pa.int32()),
        "price": np.arange(N_ROWS) / 2,
        "text": [f"t{i}" for i in range(N_ROWS)],
        "kind": pa.array([f"k{i // 100}" for i in range(N_ROWS)]).dictionary_encode(),
    }
)


def write(
    path: Path,
    table: pa.Table = TABLE,
    *,
    batch_rows: int = 300,
    compression: str | None = None,
    as_stream: bool = False,
) -> Path:
    """Write a table and return its path."""
    open_writer = ipc.new_stream if as_stream else ipc.new_file
    options = ipc.IpcWriteOptions(
        compression=compression, emit_dictionary_deltas=as_stream
    )
    with open_writer(str(path), table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=batch_rows)
    return path


@pytest.mark.parametrize("as_stream", [False, True], ids=["file", "stream"])
@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
@pytest.mark.parametrize("batch_rows", [40, 300, 5_000])
def test_chunks_are_the_file(
    tmp_path: Path, batch_rows: int, compression: str | None, *, as_stream: bool
) -> None:
    """The chunks are the rows of the file, whatever its batches, from any place on."""
    path = write(
        tmp_path / "a.arrow",
        batch_rows=batch_rows,
        compression=compression,
        as_stream=as_stream,
    )
    check_source(path, TABLE.to_pylist())
    frames = list(chunked(path, rows=130, backend="pandas"))
    pd.testing.assert_frame_equal(pd.concat(frames), TABLE.to_pandas())
    assert open_source(path).total_rows == N_ROWS


@pytest.mark.parametrize("as_stream", [False, True], ids=["file", "stream"])
@pytest.mark.parametrize("compression", [None, "zstd"])
def test_pieces_are_small(
    tmp_path: Path, compression: str | None, *, as_stream: bool
) -> None:
    """A piece for another process describes its rows, if it ends with a batch."""
    path = write(
        tmp_path / "a.arrow",
        batch_rows=50,
        compression=compression,
        as_stream=as_stream,
    )
    check_small(path)


@pytest.mark.parametrize("suffix", [".arrow", ".arrows", ".feather", ".ipc"])
def test_by_content(tmp_path: Path, suffix: str) -> None:
    """The content decides whether it is a file or a stream, not the extension."""
    for as_stream in (False, True):
        path = write(tmp_path / f"a{suffix}", as_stream=as_stream)
        assert sum(map(len, chunked(path))) == N_ROWS


def test_changing_categories(tmp_path: Path) -> None:
    """The categories of a stream may change from batch to batch."""
    kinds = [pa.array([f"k{i}", f"k{i + 1}"] * 20).dictionary_encode() for i in (0, 7)]
    batches = [pa.record_batch({"kind": kind}) for kind in kinds]
    path = tmp_path / "a.arrows"
    with ipc.new_stream(str(path), batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    rows = [{"kind": kind} for array in kinds for kind in array.to_pylist()]
    source = open_source(path)
    assert listed(pieces_of(source)[-1].load()) == rows
    (later,) = pieces_of(source, start=50)
    assert listed(later.load()) == rows[50:]


@pytest.mark.parametrize("compression", ["uncompressed", "zstd"])
def test_other_writer(tmp_path: Path, compression: Any) -> None:
    """A file or a stream that polars wrote is read as polars reads it."""
    frame = pl.from_arrow(TABLE.drop_columns(["kind"]))
    assert isinstance(frame, pl.DataFrame)
    frame.write_ipc(tmp_path / "a.arrow", compression=compression)
    frame.write_ipc_stream(tmp_path / "b.arrows", compression=compression)
    for name in ("a.arrow", "b.arrows"):
        chunks = chunked(tmp_path / name, backend="polars", rows=130)
        assert pl.concat(list(chunks)).equals(frame)
        types = open_source(tmp_path / name).types("pandas")
        assert (types["late"], types["ok"]) == ("float64", "object")


@pytest.mark.parametrize("labels", [None, [f"row {i}" for i in range(N_ROWS)]])
def test_index_of_pandas(tmp_path: Path, labels: list[str] | None) -> None:
    """The index that pandas stored belongs to each chunk, and is not a column."""
    index = None if labels is None else pd.Index(labels, name="label")
    frame = pd.DataFrame({"x": range(N_ROWS), "y": range(N_ROWS)}, index=index)
    path = write(tmp_path / "a.arrow", pa.Table.from_pandas(frame))
    assert open_source(path).columns() == ("x", "y")
    chunks = list(chunked(path, rows=130, backend="pandas", columns=["y"]))
    pd.testing.assert_frame_equal(pd.concat(chunks), frame[["y"]])


def test_feather_of_pandas(tmp_path: Path) -> None:
    """A compressed Feather file is read as pandas reads it."""
    frame = TABLE.to_pandas().drop(columns=["nested"])
    frame.to_feather(tmp_path / "a.feather")
    chunks = list(chunked(tmp_path / "a.feather", rows=130, backend="pandas"))
    expected = pd.read_feather(tmp_path / "a.feather")
    pd.testing.assert_frame_equal(pd.concat(chunks), expected)


def test_columns(tmp_path: Path) -> None:
    """Only the requested columns are read; without any, the rows are still counted."""
    path = write(tmp_path / "a.arrow", compression="lz4")
    source = open_source(path)
    for columns, names in ((("ok", "nested"), ["nested", "ok"]), ((), ["id"])):
        pieces = pieces_of(source, columns=columns)
        tables = [piece.load() for piece in pieces]
        assert {tuple(table.column_names) for table in tables} == {tuple(names)}
        assert pa.concat_tables(tables).equals(TABLE.select(names))


def test_categories(tmp_path: Path) -> None:
    """A column becomes categories on request, in tables too."""
    path = write(tmp_path / "a.arrow")
    tables = chunked(path, types={"text": "category"}, backend="arrow")
    assert all(pa.types.is_dictionary(table["text"].type) for table in tables)
    frames = chunked(path, types={"text": "category"}, backend="pandas")
    assert {str(frame["text"].dtype) for frame in frames} == {"category"}


def truncate(path: Path, count: int) -> None:
    """Leave out the last bytes of a file."""
    path.write_bytes(path.read_bytes()[:-count])


@pytest.mark.parametrize("count", [1, 8, 40, 3_000])
def test_truncated_file(tmp_path: Path, count: int) -> None:
    """A truncated file is rejected before anything is read."""
    path = write(tmp_path / "a.arrow")
    truncate(path, count)
    with pytest.raises(
        SourceError, match=r"a\.arrow is not a complete Arrow file .*again"
    ):
        list(chunked(path))


@pytest.mark.parametrize("count", [10, 3_000])
def test_truncated_stream(tmp_path: Path, count: int) -> None:
    """A stream that is truncated within a batch is rejected."""
    path = write(tmp_path / "a.arrows", as_stream=True)
    truncate(path, count)
    with pytest.raises(
        SourceError, match=r"a\.arrows is not a complete Arrow file .*again"
    ):
        list(chunked(path))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "a.arrow is empty; there is nothing to run over"),
        (b"a,b\n1,2\n" * 20, "is neither an Arrow file nor an Arrow stream; check the"),
        (bytes(1_000), "is neither an Arrow file nor an Arrow stream"),
        (b"\xff\xff\xff\xff\x10\0\0\0" + b"\xff" * 20, "is neither an Arrow file nor"),
        (b"FEA1" + bytes(100), "is a Feather file of version 1; convert it"),
        (
            b"ARROW1\0\0" + bytes(100) + b"ARROW1",
            "not a complete Arrow file .*no footer",
        ),
        (
            b"ARROW1\0\0" + b"\xff" * 100 + b"\x20\0\0\0ARROW1",
            "is neither an Arrow file nor an Arrow stream",
        ),
    ],
)
def test_bad_file(tmp_path: Path, content: bytes, sentence: str) -> None:
    """A file that is not Arrow, despite its name, raises an error that says so."""
    path = tmp_path / "a.arrow"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=sentence):
        list(chunked(path))


def test_damaged_data(tmp_path: Path) -> None:
    """Damaged compressed data raise an error that names the file."""
    path = write(tmp_path / "a.arrow", batch_rows=5_000, compression="zstd")
    data = bytearray(path.read_bytes())
    place = data.find(b"\x28\xb5\x2f\xfd")  # The start of compressed data.
    data[place : place + 40] = b"\xff" * 40
    path.write_bytes(data)
    with pytest.raises(
        SourceError, match=r"a\.arrow is not a complete Arrow file .*again"
    ):
        list(chunked(path))


@pytest.mark.parametrize("as_stream", [False, True], ids=["file", "stream"])
def test_no_rows(tmp_path: Path, *, as_stream: bool) -> None:
    """A table without rows raises an error."""
    path = write(tmp_path / "a.arrow", TABLE[:0], as_stream=as_stream)
    with pytest.raises(SourceError, match=r"a\.arrow has no rows"):
        chunked(path).map(len).reduce("sum")


def test_file_that_shrank(tmp_path: Path) -> None:
    """A file that became shorter during a run raises an error."""
    path = write(tmp_path / "a.arrow")
    pieces = pieces_of(open_source(path))
    write(path, TABLE[:100])
    with pytest.raises(SourceError, match="became shorter while it was read"):
        pieces[-1].load()


def test_option(tmp_path: Path) -> None:
    """Any reader option is rejected."""
    path = write(tmp_path / "a.arrow")
    with pytest.raises(SourceError, match="no reader option 'mmap'; leave it out"):
        list(chunked(path, read={"mmap": 1}))
