"""Zarr arrays in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.opening import open_source
from jupyter_memkit.techniques.chunked.sources.zarr import ZarrSource
from tests.techniques.chunked.sources.contract import (
    check_small,
    check_source,
    pieces_of,
)

N_ROWS = 1_000
VECTOR = np.arange(N_ROWS)
MATRIX = np.arange(N_ROWS * 3, dtype="f4").reshape(N_ROWS, 3)


def write(path: Path, data: Any, rows: int = 60) -> Path:
    """Write an array in chunks of the given number of rows."""
    array: Any = zarr.open(
        str(path),
        mode="w",
        shape=data.shape,
        dtype=data.dtype,
        chunks=(rows, *data.shape[1:]),
    )
    array[...] = data
    return path


@pytest.mark.parametrize("data", [VECTOR, MATRIX], ids=["1d", "2d"])
@pytest.mark.parametrize("rows", [60, 5_000])
def test_chunks_are_the_array(tmp_path: Path, data: Any, rows: int) -> None:
    """A folder is one array, whatever its files, and its chunks are rows."""
    path = write(tmp_path / "a.zarr", data, rows)
    for source in (path, str(path), [path], tmp_path, str(tmp_path / "*.zarr")):
        assert type(open_source(source)) is ZarrSource
    check_source(path, data.tolist())
    check_small(path)
    assert np.concatenate(list(chunked(path, rows=130))).dtype == data.dtype


def test_whole_stored_chunks(tmp_path: Path) -> None:
    """Pieces end where stored chunks do, so that each is decompressed once."""
    path = write(tmp_path / "a.zarr", VECTOR)
    assert [piece.end for piece in pieces_of(open_source(path))][:3] == [120, 240, 360]


def test_several_folders(tmp_path: Path) -> None:
    """Arrays in several folders follow one another."""
    write(tmp_path / "a.zarr", VECTOR)
    write(tmp_path / "b.zarr", VECTOR)
    chunks = list(chunked(tmp_path, rows=500))
    assert np.concatenate(chunks).tolist() == [*VECTOR, *VECTOR]


def test_keys(tmp_path: Path) -> None:
    """The key chooses one of several arrays; without a key they are listed."""
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    write(tmp_path / "a.zarr" / "x", VECTOR)
    check_source(tmp_path / "a.zarr", VECTOR.tolist())
    group.require_group("inner")
    write(tmp_path / "a.zarr" / "inner" / "y", MATRIX)
    check_source(tmp_path / "a.zarr", MATRIX.tolist(), {"key": "inner/y"})
    with pytest.raises(SourceError, match=r"several arrays \(x, inner/y\); .* key=x"):
        list(chunked(tmp_path / "a.zarr"))
    with pytest.raises(
        SourceError, match=r"a\.zarr has no array 'z'; it has x, inner/y"
    ):
        list(chunked(tmp_path / "a.zarr", read={"key": "z"}))


def test_fingerprint(tmp_path: Path) -> None:
    """The fingerprint of an array changes if any of its files does."""
    path = write(tmp_path / "a.zarr", VECTOR)
    before = open_source(path).fingerprint()
    assert open_source(path).fingerprint() == before
    array: Any = zarr.open(str(path), mode="r+")
    array[500] = 7
    assert open_source(path).fingerprint() != before


def test_refused(tmp_path: Path) -> None:
    """A folder without an array, or an array without rows, raises an error."""
    (tmp_path / "a.zarr").mkdir()
    with pytest.raises(SourceError, match=r"a\.zarr cannot be read as Zarr .*again"):
        list(chunked(tmp_path / "a.zarr"))
    path = write(tmp_path / "b.zarr", VECTOR)
    with pytest.raises(SourceError, match="is a single array without keys; leave out"):
        list(chunked(path, read={"key": "x"}))
    zarr.open(str(tmp_path / "c.zarr"), mode="w", shape=(), dtype="f8")
    with pytest.raises(SourceError, match=r"c\.zarr is a single value without rows"):
        list(chunked(tmp_path / "c.zarr"))
    empty = write(tmp_path / "d.zarr", VECTOR[:0])
    with pytest.raises(SourceError, match=r"d\.zarr has no rows; there is nothing"):
        chunked(empty).map(len).run("sum")


def test_damaged_data(tmp_path: Path) -> None:
    """A truncated stored chunk raises an error that names the array."""
    path = write(tmp_path / "a.zarr", VECTOR)
    stored = max(path.rglob("*/*"), key=lambda file: file.stat().st_size)
    stored.write_bytes(stored.read_bytes()[:10])
    with pytest.raises(SourceError, match=r"a\.zarr cannot be read as Zarr .*again"):
        list(chunked(path))
