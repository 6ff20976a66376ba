"""CSV and TSV files in frames."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked


def write_table(path: Path, n_rows: int, separator: str = ",") -> pd.DataFrame:
    """Write a table and return it."""
    frame = pd.DataFrame({"id": range(n_rows), "price": [i / 2 for i in range(n_rows)]})
    frame.to_csv(path, sep=separator, index=False)
    return frame


@pytest.mark.parametrize(
    ("name", "separator"),
    [("a.csv", ","), ("a.tsv", "\t"), ("a.csv.gz", ","), ("a.csv.zip", ",")],
)
def test_chunks_are_the_file(tmp_path: Path, name: str, separator: str) -> None:
    """The chunks have the given size, and together they are the whole file."""
    expected = write_table(tmp_path / name, 10, separator)
    chunks = list(chunked(tmp_path / name, rows=4))
    assert [len(chunk) for chunk in chunks] == [4, 4, 2]
    pd.testing.assert_frame_equal(pd.concat(chunks), expected)


def test_read_again(tmp_path: Path) -> None:
    """A second iteration reads the file again, also when the first was left early."""
    write_table(tmp_path / "a.csv", 10)
    chunks = chunked(tmp_path / "a.csv", rows=4)
    next(iter(chunks))
    assert [len(chunk) for chunk in chunks] == [4, 4, 2]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "a.csv is empty; there is nothing to run over"),
        (b"id,price\n", "a.csv has no rows; there is nothing to run over"),
        (b'a,b\n1,2\n3,"x\n', "a.csv cannot be parsed .EOF inside string"),
        (b"a,b\n1,caf\xe9\n", "not encoded as utf-8 .*--read encoding=latin-1"),
    ],
)
def test_bad_file(tmp_path: Path, content: bytes, sentence: str) -> None:
    """A file without rows, or that is no text table, says what is wrong and to do."""
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=sentence):
        chunked(path).map(len).reduce("sum")


def test_damaged_zip(tmp_path: Path) -> None:
    """A file that only calls itself a zip archive is named."""
    (tmp_path / "a.csv.zip").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(SourceError, match=r"a\.csv\.zip cannot be read to its end"):
        chunked(tmp_path / "a.csv.zip").map(len).reduce("sum")


def test_zip_of_two_files(tmp_path: Path) -> None:
    """Which of several files in an archive is meant, only the user knows."""
    with zipfile.ZipFile(tmp_path / "a.csv.zip", "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
        archive.writestr("b.csv", "b\n2\n")
    with pytest.raises(SourceError, match="does not hold one file; unpack it"):
        chunked(tmp_path / "a.csv.zip").map(len).reduce("sum")


def test_truncated_gzip(tmp_path: Path) -> None:
    """A compressed file that ends too early is refused."""
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 10_000)
    (tmp_path / "a.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="cannot be read to its end"):
        chunked(tmp_path / "a.csv.gz").map(len).reduce("sum")


def write_broken(path: Path) -> None:
    """Write a table whose line 1,000 has a field too many."""
    lines = ["a,b"] + ["1,2"] * 1_500
    lines[999] = "1,2,3"
    path.write_text("\n".join(lines))


def test_broken_line(tmp_path: Path) -> None:
    """A broken line is named; what was done before it is kept."""
    path = tmp_path / "a.csv"
    write_broken(path)
    job = chunked(path, rows=300).map(len)
    with pytest.raises(SourceError) as raised:
        job.reduce("sum")
    assert str(raised.value) == (
        "a.csv is broken in line 1000 (expected 2 fields, saw 3); repair it, or leave "
        "such lines out with --read on_bad_lines=skip"
    )
    assert job.summary is not None
    assert (job.summary.chunks, job.summary.value) == (3, 900)


def test_reader_with_options(tmp_path: Path) -> None:
    """The remedy for a broken line works: a reader is a source, with its chunk size."""
    write_broken(tmp_path / "a.csv")
    reader = pd.read_csv(tmp_path / "a.csv", on_bad_lines="skip", chunksize=1_000)
    assert chunked(reader).map(len).reduce("append") == [1_000, 499]


def test_reader_read_twice(tmp_path: Path) -> None:
    """A reader that was read to its end says so."""
    write_table(tmp_path / "a.csv", 10)
    chunks = chunked(pd.read_csv(tmp_path / "a.csv", chunksize=4), rows=6)
    assert [len(chunk) for chunk in chunks] == [6, 4]
    with pytest.raises(SourceError, match="was read to its end or closed"):
        list(chunks)


def test_without_pandas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pandas the sentence says what to install."""
    write_table(tmp_path / "a.csv", 10)

    def refuse(name: str) -> Any:
        message = f"No module named {name!r}"
        raise ImportError(message)

    monkeypatch.setattr("importlib.import_module", refuse)
    with pytest.raises(SourceError, match=r'pip install "jupyter_memkit\[data\]"'):
        list(chunked(tmp_path / "a.csv"))
