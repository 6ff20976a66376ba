"""Arrays that numpy saved."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
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

MATRIX = np.arange(N_ROWS * 3, dtype="f8").reshape(N_ROWS, 3)
RECORDS = np.array(
    [(i, i / 2, f"t{i}") for i in range(N_ROWS)],
    dtype=[("id", "i8"), ("price", "f4"), ("text", "U5")],
)
ARRAYS = {
    "vector": np.arange(N_ROWS),
    "matrix": MATRIX,
    "big endian": np.arange(N_ROWS, dtype=">i2"),
    "cube": np.arange(N_ROWS * 4).reshape(N_ROWS, 2, 2),
    "by columns": np.asfortranarray(MATRIX),
    "records": RECORDS,
    "no bytes": np.empty((N_ROWS, 0)),
    "dates": np.arange(N_ROWS).astype("M8[s]"),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_chunks_are_the_array(tmp_path: Path, kind: str) -> None:
    """The chunks are rows of the array, with its type and shape."""
    path = tmp_path / "a.npy"
    np.save(path, ARRAYS[kind])
    check_source(path, ARRAYS[kind].tolist())
    check_small(path)
    chunks = list(chunked(path, rows=130))
    assert {type(chunk) for chunk in chunks} == {np.ndarray}
    assert {chunk.dtype for chunk in chunks} == {ARRAYS[kind].dtype}
    whole = np.concatenate(chunks)
    np.testing.assert_array_equal(whole, ARRAYS[kind])


def test_chunks_are_mapped(tmp_path: Path) -> None:
    """A chunk is mapped and writable, and never changes the file."""
    path = tmp_path / "a.npy"
    np.save(path, MATRIX)
    before = path.read_bytes()

    def change(chunk: Any) -> bool:
        chunk += 1
        return isinstance(chunk.base, np.memmap)

    assert all(chunked(path, rows=130).map(change))
    assert path.read_bytes() == before


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("kind", [k for k in ARRAYS if k != "by columns"])
def test_single_array_of_archive(tmp_path: Path, save: Any, kind: str) -> None:
    """A single array of an archive is a chunk as it is."""
    path = tmp_path / "a.npz"
    save(path, ARRAYS[kind])
    check_source(path, ARRAYS[kind].tolist())


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_several_arrays(tmp_path: Path, save: Any) -> None:
    """Several arrays of the same length are dicts of arrays."""
    path = tmp_path / "a.npz"
    arrays = {"x": MATRIX, "y": np.arange(N_ROWS)}
    save(path, **arrays)
    check_source(
        path, [dict(zip(arrays, row, strict=True)) for row in listed_rows(arrays)]
    )
    if save is np.savez:
        check_small(path)


def listed_rows(arrays: dict[str, Any]) -> list[Any]:
    """Return the rows of several arrays."""
    return list(zip(*(array.tolist() for array in arrays.values()), strict=True))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_choice(tmp_path: Path, save: Any) -> None:
    """Arrays are chosen by column or by key, and fields of records by column."""
    path = tmp_path / "a.npz"
    save(path, x=MATRIX, y=np.arange(N_ROWS), r=RECORDS)
    chunks = list(chunked(path, rows=130, columns=["y", "x"]))
    assert {tuple(chunk) for chunk in chunks} == {("y", "x")}
    check_source(path, MATRIX.tolist(), {"key": "x"})
    fields = chunked(path, read={"key": "r"}, columns=["price"])
    whole = np.concatenate(list(fields))
    assert whole.dtype.names == ("price",)
    assert (whole["price"] == RECORDS["price"]).all()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_backends(tmp_path: Path, save: Any) -> None:
    """Arrays of one axis become a frame or a matrix on request."""
    path = tmp_path / "a.npz"
    save(path, x=np.arange(N_ROWS) / 2, y=np.arange(N_ROWS))
    (matrix,) = chunked(path, backend="numpy", rows=N_ROWS)
    assert matrix.tolist()[:2] == [[0.0, 0.0], [0.5, 1.0]]
    (frame,) = chunked(path, backend="pandas", rows=N_ROWS)
    assert list(frame.columns) == ["x", "y"]
    assert frame["y"].sum() == sum(range(N_ROWS))


def test_rows_of_dicts_are_counted(tmp_path: Path) -> None:
    """A dict of arrays counts the rows of its arrays, not the arrays."""
    path = tmp_path / "a.npz"
    np.savez(path, x=MATRIX, y=np.arange(N_ROWS))
    summary = chunked(path, rows=130).map(lambda chunk: chunk["y"].sum()).run("sum")
    assert (summary.rows, summary.value) == (N_ROWS, sum(range(N_ROWS)))


def test_archive_by_columns(tmp_path: Path) -> None:
    """An array that is stored by columns is read if it can be mapped, or rejected."""
    path = tmp_path / "a.npz"
    array = np.asfortranarray(MATRIX)
    np.savez(path, array)
    check_source(path, array.tolist())
    np.savez_compressed(path, array)
    with pytest.raises(SourceError, match="is compressed and stored column by"):
        list(chunked(path))


@pytest.mark.parametrize(
    ("arrays", "options", "sentence"),
    [
        ({"x": MATRIX, "y": RECORDS[:5]}, {}, r"\(x: 1,000, y: 5\); .* key=x"),
        ({"x": MATRIX, "y": np.array(5)}, {}, r"\(x: 1,000, y: a single value\)"),
        ({"x": MATRIX}, {"key": "z"}, "a.npz has no array 'z'; it has x"),
        ({"x": np.array([{}])}, {}, "x in a.npz holds Python objects"),
        ({"x": np.array(5)}, {}, "x in a.npz is a single value without rows"),
        ({}, {}, "a.npz has no array; use another file"),
        ({"x": MATRIX}, {"kee": "x"}, "no reader option 'kee'; did you mean key?"),
    ],
)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_refused_archive(
    tmp_path: Path, save: Any, arrays: Any, options: Any, sentence: str
) -> None:
    """An archive that cannot be read row by row is rejected with a remedy."""
    save(tmp_path / "a.npz", **arrays)
    with pytest.raises(SourceError, match=sentence):
        list(chunked(tmp_path / "a.npz", read=options))


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.array([{}]), "a.npy holds Python objects, which cannot be read in parts"),
        (np.array(5), "a.npy is a single value without rows; use an array"),
    ],
)
def test_refused_array(tmp_path: Path, array: Any, sentence: str) -> None:
    """An array without rows that can be read separately is rejected."""
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(SourceError, match=sentence):
        list(chunked(tmp_path / "a.npy"))


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00\x76"])
def test_bad_array(tmp_path: Path, content: bytes) -> None:
    """A file that is not an array, despite its name, raises an error."""
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.npy is not a numpy array .*again"):
        list(chunked(tmp_path / "a.npy"))


def test_truncated_array(tmp_path: Path) -> None:
    """A truncated array is rejected before it is mapped."""
    path = tmp_path / "a.npy"
    np.save(path, MATRIX)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(
        SourceError, match=r"a\.npy is truncated after 24,028 of 24,128"
    ):
        list(chunked(path))


def test_array_that_shrank(tmp_path: Path) -> None:
    """An array that became shorter during a run is rejected, not mapped."""
    path = tmp_path / "a.npy"
    np.save(path, MATRIX)
    pieces = pieces_of(open_source(path))
    np.save(path, MATRIX[:10])
    with pytest.raises(SourceError, match=r"a\.npy is truncated after"):
        pieces[-1].load()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_truncated_archive(tmp_path: Path, save: Any) -> None:
    """A file that is not an archive, or is truncated, is rejected."""
    path = tmp_path / "a.npz"
    save(path, MATRIX)
    for content in (path.read_bytes()[:-100], b"", b"no archive"):
        path.write_bytes(content)
        with pytest.raises(
            SourceError, match=r"a\.npz is not a complete \.npz file .*again"
        ):
            list(chunked(path))


def test_damaged_archive(tmp_path: Path) -> None:
    """Damaged compressed data raise an error that names the file."""
    path = tmp_path / "a.npz"
    np.savez_compressed(path, np.random.default_rng(7).random(N_ROWS * 10))
    data = bytearray(path.read_bytes())
    data[10_000:10_100] = bytes(100)
    path.write_bytes(data)
    with pytest.raises(
        SourceError, match=r"a\.npz is not a complete \.npz file .*again"
    ):
        list(chunked(path, rows=130))


def test_other_member(tmp_path: Path) -> None:
    """An archive with something other than arrays raises an error that names it."""
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("note.txt", "hello")
    with pytest.raises(SourceError, match=r"note\.txt in a\.npz is not a numpy array"):
        list(chunked(tmp_path / "a.npz"))
