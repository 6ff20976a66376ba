"""Datasets in HDF5 files, and tables that pandas stored in them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.opening import open_source
from tests.techniques.chunked.sources.contract import (
    check_small,
    check_source,
    pieces_of,
)

N_ROWS = 1_000
VECTOR = np.arange(N_ROWS)
MATRIX = np.arange(N_ROWS * 3, dtype="f4").reshape(N_ROWS, 3)
RECORDS = np.array(
    [(i, i / 2) for i in range(N_ROWS)], dtype=[("id", "i8"), ("price", "f4")]
)


def write(path: Path, datasets: dict[str, Any], **options: Any) -> Path:
    """Write datasets and return the path of the file."""
    with h5py.File(path, "w") as file:
        for name, data in datasets.items():
            file.create_dataset(name, data=data, **options)
    return path


@pytest.mark.parametrize("data", [VECTOR, MATRIX, RECORDS], ids=["1d", "2d", "records"])
@pytest.mark.parametrize(
    "options", [{}, {"chunks": True}, {"compression": "gzip"}], ids=repr
)
def test_chunks_are_the_dataset(tmp_path: Path, data: Any, options: Any) -> None:
    """A single dataset needs no key, and its chunks are its rows."""
    path = write(tmp_path / "a.h5", {"group/x": data}, **options)
    check_source(path, data.tolist())
    check_small(path)
    whole = np.concatenate(list(chunked(path, rows=130)))
    assert whole.dtype == data.dtype


def test_whole_stored_chunks(tmp_path: Path) -> None:
    """Pieces end where stored chunks do, so that each is decompressed once."""
    path = write(tmp_path / "a.h5", {"x": VECTOR}, chunks=(60,), compression="gzip")
    assert [piece.end for piece in pieces_of(open_source(path))][:3] == [120, 240, 360]


def test_text(tmp_path: Path) -> None:
    """Text is bytes, as h5py returns it."""
    data = np.array([f"t{i}" for i in range(N_ROWS)], dtype=h5py.string_dtype())
    path = write(tmp_path / "a.hdf5", {"x": data})
    check_source(path, [value.encode() for value in data])


def test_keys(tmp_path: Path) -> None:
    """The key chooses one of several datasets; without a key they are listed."""
    path = write(tmp_path / "a.h5", {"x": VECTOR, "group/y": MATRIX, "r": RECORDS})
    check_source(path, MATRIX.tolist(), {"key": "group/y"})
    check_source(path, MATRIX.tolist(), {"key": "/group/y"})
    with pytest.raises(SourceError) as raised:
        chunked(path)
    assert str(raised.value) == (
        "a.h5 has several datasets (group/y, r, x); choose one of them, such as "
        "--read key=group/y"
    )
    with pytest.raises(
        SourceError, match=r"a\.h5 has no dataset 'xx'; did you mean x\?"
    ):
        chunked(path, read={"key": "xx"})


def test_columns(tmp_path: Path) -> None:
    """Only the requested fields of records are read."""
    path = write(tmp_path / "a.h5", {"r": RECORDS})
    (chunk, *_) = chunked(path, columns=["price"])
    assert chunk.dtype.names == ("price",)


def test_without_datasets(tmp_path: Path) -> None:
    """A file without a dataset, or without rows, raises an error."""
    path = write(tmp_path / "a.h5", {})
    with pytest.raises(SourceError, match=r"a\.h5 has no dataset; use another"):
        chunked(path)
    write(path, {"x": 5})
    with pytest.raises(SourceError, match=r"a\.h5/x is a single value without rows"):
        chunked(path, rows=5).map(len).run("sum")
    write(path, {"x": VECTOR[:0]})
    with pytest.raises(SourceError, match=r"a\.h5/x has no rows"):
        chunked(path).map(len).run("sum")


@pytest.mark.parametrize("content", [b"", b"no HDF5", None])
def test_bad_file(tmp_path: Path, content: bytes | None) -> None:
    """A file that is not HDF5, or is truncated, raises an error."""
    path = write(tmp_path / "a.h5", {"x": VECTOR})
    path.write_bytes(path.read_bytes()[:-2_000] if content is None else content)
    with pytest.raises(SourceError, match=r"a\.h5 is not a complete HDF5 file .*again"):
        chunked(path)


def test_damaged_data(tmp_path: Path) -> None:
    """Damaged compressed data raise an error that names the file."""
    path = tmp_path / "a.h5"
    data = np.random.default_rng(7).random(10_000)
    write(path, {"x": data}, compression="gzip", chunks=(10_000,))
    content = bytearray(path.read_bytes())
    content[30_000:30_100] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.h5 is not a complete HDF5 file .*again"):
        list(chunked(path))


def test_table_of_pandas_without_pytables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that needs PyTables names what to install; its parts are not datasets."""
    monkeypatch.setitem(sys.modules, "tables", None)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("orders")
        group.attrs["pandas_type"] = "frame_table"
        group.create_dataset("table", data=RECORDS)
    with pytest.raises(SourceError, match=r'needs tables .*pip install "tables"'):
        list(chunked(tmp_path / "a.h5"))


@pytest.mark.parametrize("form", ["table", "fixed"])
def test_table_of_pandas(tmp_path: Path, form: Any) -> None:
    """A table that pandas stored is read as pandas reads it, in either format."""
    frame = pd.DataFrame(
        {"id": VECTOR, "price": VECTOR / 2, "text": [f"t{i}" for i in VECTOR]},
        index=VECTOR * 3,
    )
    path = tmp_path / "a.h5"
    frame.to_hdf(path, key="some/orders", format=form)
    check_source(path, frame.to_dict("records"))
    chunks = list(chunked(path, rows=130))
    pd.testing.assert_frame_equal(pd.concat(chunks), frame)
    chosen = list(chunked(path, rows=130, columns=["price"]))
    pd.testing.assert_frame_equal(pd.concat(chosen), frame[["price"]])
    frame["id"].to_hdf(path, key="ids", format=form)
    series = list(chunked(path, rows=130, read={"key": "ids"}))
    pd.testing.assert_series_equal(pd.concat(series), frame["id"])


@pytest.mark.parametrize("form", ["table", "fixed"])
def test_index_of_several_levels(tmp_path: Path, form: Any) -> None:
    """An index of several levels counts the rows in either format."""
    frame = pd.DataFrame({"n": VECTOR, "k": VECTOR % 3, "v": VECTOR / 2})
    frame = frame.set_index(["k", "n"])
    path = tmp_path / "a.h5"
    frame.to_hdf(path, key="frame", format=form)
    frame["v"].to_hdf(path, key="series", format=form)
    chunks = list(chunked(path, rows=130, read={"key": "frame"}))
    pd.testing.assert_frame_equal(pd.concat(chunks), frame)
    series = list(chunked(path, rows=130, read={"key": "series"}))
    pd.testing.assert_series_equal(pd.concat(series), frame["v"])
