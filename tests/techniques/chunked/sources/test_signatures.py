"""Files of other formats under the names of text files."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked

FRAME = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
TEXT = {".csv": b"a,b\n1,3\n2,4\n", ".jsonl": b'{"a": 1, "b": 3}\n{"a": 2, "b": 4}\n'}


def write_zip(path: Path, data: bytes) -> None:
    """Write an archive of one file."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inside.csv", data)


def write_zst(path: Path, data: bytes) -> None:
    """Write a file that zstd compresses."""
    with pa.CompressedOutputStream(str(path), "zstd") as stream:
        stream.write(data)


COMPRESSED: dict[str, Callable[[Path, bytes], object]] = {
    ".gz": lambda path, data: path.write_bytes(gzip.compress(data)),
    ".bz2": lambda path, data: path.write_bytes(bz2.compress(data)),
    ".xz": lambda path, data: path.write_bytes(lzma.compress(data)),
    ".zip": write_zip,
    ".zst": write_zst,
}


def write_npy(path: Path) -> None:
    """Write an array."""
    with path.open("wb") as stream:
        np.save(stream, FRAME.to_numpy())


def write_npz(path: Path) -> None:
    """Write an archive of an array."""
    with path.open("wb") as stream:
        np.savez(stream, a=FRAME.to_numpy())


TABLES: dict[str, Callable[[Path], object]] = {
    ".parquet": FRAME.to_parquet,
    ".arrow": lambda path: feather.write_feather(FRAME, str(path)),
    ".npy": write_npy,
    ".npz": write_npz,
}


def follow(path: Path) -> Path:
    """Rename a file as the error says, and return its new path."""
    with pytest.raises(SourceError) as why:
        list(chunked(path))
    named = re.search(r"; call it (\S+), and use that", str(why.value))
    assert named is not None, str(why.value)
    return path.rename(path.with_name(named[1]))


@pytest.mark.parametrize("compression", COMPRESSED)
@pytest.mark.parametrize("suffix", TEXT)
def test_compressed(tmp_path: Path, suffix: str, compression: str) -> None:
    """A compressed file is read under the name in the error."""
    path = tmp_path / f"a{suffix}"
    COMPRESSED[compression](path, TEXT[suffix])
    (found,) = chunked(follow(path), backend="pandas")
    pd.testing.assert_frame_equal(found, FRAME)


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("suffix", TEXT)
def test_binary_table(tmp_path: Path, suffix: str, kind: str) -> None:
    """A table in another format is read under the name in the error."""
    path = tmp_path / f"a{suffix}"
    TABLES[kind](path)
    renamed = follow(path)
    assert renamed.suffix == kind
    (found,) = chunked(renamed)
    assert np.asarray(found).tolist() == FRAME.to_numpy().tolist()


def test_the_option_for_the_compression(tmp_path: Path) -> None:
    """A file is not judged by its bytes if the user says how it is compressed."""
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(TEXT[".csv"]))
    (found,) = chunked(path, backend="pandas", read={"compression": "gzip"})
    pd.testing.assert_frame_equal(found, FRAME)


def test_database(tmp_path: Path) -> None:
    """The remedy for a database connects to the file under its present name."""
    path = tmp_path / "a.csv"
    with sqlite3.connect(path) as con:
        FRAME.to_sql("t", con, index=False)
    con.close()
    with pytest.raises(SourceError, match=re.escape(f'sqlite3.connect("{path}")')):
        list(chunked(path))


def test_workbook(tmp_path: Path) -> None:
    """The remedy for a workbook reads the file under its present name."""
    path = tmp_path / "a.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    with pytest.raises(SourceError, match=re.escape(f'pandas.read_excel("{path}")')):
        list(chunked(path))


def test_other_format_in_a_compressed_file(tmp_path: Path) -> None:
    """What is compressed is judged too."""
    stream = io.BytesIO()
    FRAME.to_parquet(stream)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(stream.getvalue()))
    with pytest.raises(SourceError, match="is a Parquet file; unpack it"):
        list(chunked(path))


@pytest.mark.parametrize(
    "names", ["PAR1", "PK", "BZh9", "ARROW1", "PK,a", "PAR1,SQLite format 3"]
)
def test_text(tmp_path: Path, names: str) -> None:
    """Text that begins like another format is text."""
    path = tmp_path / "a.csv"
    path.write_text(f"{names}\n" + names.replace("P", "x") + "\n")
    (found,) = chunked(path, backend="pandas")
    pd.testing.assert_frame_equal(found, pd.read_csv(path))
