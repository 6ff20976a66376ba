"""CSV and TSV files, in frames."""

from __future__ import annotations

import gzip
import importlib
import math
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.delimited import (
    by_polars,
    sample,
    source,
)
from jupyter_memkit.techniques.chunked.sources.delimited.layout import find_layout


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
    """The chunks have the requested size, and together they are the whole file."""
    expected = write_table(tmp_path / name, 10, separator)
    chunks = list(chunked(tmp_path / name, rows=4))
    assert [len(chunk) for chunk in chunks] == [4, 4, 2]
    pd.testing.assert_frame_equal(pd.concat(chunks), expected)


def test_read_again(tmp_path: Path) -> None:
    """A second iteration reads the file again, even if the first one ended early."""
    write_table(tmp_path / "a.csv", 10)
    chunks = chunked(tmp_path / "a.csv", rows=4)
    next(iter(chunks))
    assert [len(chunk) for chunk in chunks] == [4, 4, 2]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "a.csv is empty; there is nothing to run over"),
        (b"id,price\n", "a.csv has no rows; there is nothing to run over"),
        (b"id,price\r\n\r\n", "a.csv has no rows; there is nothing to run over"),
        (b"id,price\n \n", "a.csv has no rows; there is nothing to run over"),
        (b'a,b\n1,2\n3,"x\n', "a.csv cannot be parsed .EOF inside string"),
        (b"a,b\n1,caf\xe9\n", "not encoded as utf-8 .*--read encoding=latin-1"),
    ],
)
def test_bad_file(tmp_path: Path, content: bytes, sentence: str) -> None:
    """A file without rows, or that is not a text table, is rejected with a remedy."""
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=sentence):
        chunked(path).map(len).reduce("sum")


def test_damaged_zip(tmp_path: Path) -> None:
    """A file that is not a zip archive, despite its name, is named in the error."""
    (tmp_path / "a.csv.zip").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(SourceError, match=r"a\.csv\.zip cannot be read to its end"):
        chunked(tmp_path / "a.csv.zip").map(len).reduce("sum")


def test_zip_of_two_files(tmp_path: Path) -> None:
    """An archive of several files is rejected, because the user has to choose one."""
    with zipfile.ZipFile(tmp_path / "a.csv.zip", "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
        archive.writestr("b.csv", "b\n2\n")
    with pytest.raises(
        SourceError, match="does not contain exactly one file; unpack it"
    ):
        chunked(tmp_path / "a.csv.zip").map(len).reduce("sum")


def test_truncated_gzip(tmp_path: Path) -> None:
    """A truncated compressed file is rejected."""
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 10_000)
    (tmp_path / "a.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="cannot be read to its end"):
        chunked(tmp_path / "a.csv.gz").map(len).reduce("sum")


def write_broken(path: Path) -> None:
    """Write a table whose line 1,000 has one field too many."""
    lines = ["a,b"] + ["1,2"] * 1_500
    lines[999] = "1,2,3"
    path.write_text("\n".join(lines))


def test_broken_line(tmp_path: Path) -> None:
    """An invalid line is named, and the result before it is kept."""
    path = tmp_path / "a.csv"
    write_broken(path)
    job = chunked(path, rows=300).map(len)
    with pytest.raises(SourceError) as raised:
        job.reduce("sum")
    assert str(raised.value) == (
        "a.csv has an error in line 1000 (expected 2 fields, saw 3); repair it, or "
        "skip such lines with --read on_bad_lines=skip"
    )
    assert job.summary is not None
    assert (job.summary.chunks, job.summary.value) == (3, 900)


def test_reader_with_options(tmp_path: Path) -> None:
    """The remedy for an invalid line works: a reader is read in its chunk size."""
    write_broken(tmp_path / "a.csv")
    reader = pd.read_csv(tmp_path / "a.csv", on_bad_lines="skip", chunksize=1_000)
    assert chunked(reader).map(len).reduce("append") == [1_000, 499]


def test_reader_read_twice(tmp_path: Path) -> None:
    """A reader that was read to its end raises an error."""
    write_table(tmp_path / "a.csv", 10)
    chunks = chunked(pd.read_csv(tmp_path / "a.csv", chunksize=4), rows=6)
    assert [len(chunk) for chunk in chunks] == [6, 4]
    with pytest.raises(SourceError, match="was read to its end or closed"):
        list(chunks)


def test_without_pandas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pandas the error says what to install."""
    write_table(tmp_path / "a.csv", 10)
    import_module = importlib.import_module

    def refuse(name: str) -> Any:
        if name.startswith("jupyter_memkit."):
            return import_module(name)
        message = f"No module named {name!r}"
        raise ImportError(message)

    monkeypatch.setattr("importlib.import_module", refuse)
    with pytest.raises(SourceError, match=r'pip install "jupyter_memkit\[data\]"'):
        list(chunked(tmp_path / "a.csv"))


def read_all(path: Path, **options: Any) -> Any:
    """Return the chunks of a file, joined."""
    return pd.concat(list(chunked(path, backend="pandas", **options)))


def test_lone_carriage_returns(tmp_path: Path) -> None:
    """Lines that end with only a CR are rows, in small and in large files."""
    for n_rows in (10, 300_000):
        path = tmp_path / f"{n_rows}.csv"
        frame = write_table(path, n_rows)
        frame.to_csv(path, index=False, lineterminator="\r")
        pd.testing.assert_frame_equal(read_all(path), frame)


def test_samples_that_start_in_quotes(tmp_path: Path) -> None:
    """Text within quotes that resembles lines does not affect the types."""
    path = tmp_path / "posts.csv"
    text = "great\n\nfight, wow\nsee you, again, soon, then"
    base = 880_000_000_000_000_001
    rows = (f'2017-08-01,{i % 2 == 0},{base + i},"{text}"\n' for i in range(60_000))
    path.write_text("when,hot,id,text\n" + "".join(rows))
    whole = pd.read_csv(path, low_memory=False)
    pd.testing.assert_frame_equal(read_all(path, rows=20_000), whole)


def test_late_numbers_of_64_bits(tmp_path: Path) -> None:
    """Integers that fit 64 bits only without a sign keep all digits."""
    path = tmp_path / "ids.csv"
    numbers = [*range(1, 300_001), 2**63 + 11, 2**63 + 12]
    path.write_text("id,v\n" + "".join(f"{number},1\n" for number in numbers))
    with pytest.raises(TypeChange, match="in row 300,000; use --types id=uint64"):
        read_all(path, rows=50_000)
    frame = read_all(path, rows=50_000, types={"id": "uint64"})
    assert frame["id"].dtype == "uint64"
    assert frame["id"].tolist() == numbers


def test_truth_values_with_missing_ones(tmp_path: Path) -> None:
    """Booleans with missing values stay Booleans."""
    path = tmp_path / "a.csv"
    path.write_text("id,done\n" + "1,True\n2,False\n3,\n" * 1_000)
    frame = read_all(path, rows=1_000)
    pd.testing.assert_frame_equal(frame, pd.read_csv(path, low_memory=False))
    assert (frame["done"] == True).sum() == 1_000  # noqa: E712 - pandas' own


@pytest.mark.parametrize("backend", ["arrow", "polars"])
@pytest.mark.parametrize(
    ("content", "names"),
    [
        # Another name contains a line end.
        ('a,"b\nc","d""e"\n1,2,3\n', ["a", "b\nc", 'd"e']),
        # The name continues after its closing quote.
        ('"a"x,b\n1,2\n', ["ax", "b"]),
    ],
)
def test_quote_in_a_name(
    tmp_path: Path, backend: str, content: str, names: list[str]
) -> None:
    """A quote in a name is rejected wherever it is; pandas reads the name."""
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(SourceError, match="a quote in a column name; use --backend"):
        list(chunked(path, backend=backend))
    assert read_all(path).columns.tolist() == names


@pytest.mark.parametrize(
    ("content", "sentence", "read"),
    [
        (b"a;b\n1,5;2\n2,5;3\n", "use --read sep=;, or --read sep=,", {"sep": ";"}),
        (b"a;b\n1,5;2\n2,5;3\n", "sep=, if it is one column", {"sep": ","}),
        (b"a\tb\n1\t2\n2\t3\n", r"use --read sep=\\t", {"sep": "\\t"}),
        (
            b"made by x\non Monday\n\na,b,c\n1,2,3\n4,5,6\n",
            "has 3 lines before the column names; use --read skiprows=3",
            {"skiprows": 3},
        ),
        (
            "a,b\n1,caf\u00e9\n".encode("utf-16"),
            "is not encoded as UTF-8; use --read encoding=utf-16",
            {"encoding": "utf-16"},
        ),
        (
            "a,b\n1,caf\u00e9\n2,x\n".encode("utf-16-le"),
            "use --read encoding=utf-16-le",
            {"encoding": "utf-16-le"},
        ),
        (
            "a,b\n1,caf\u00e9\n".encode("latin-1"),
            "use the encoding of the file, such as --read encoding=latin-1",
            {"encoding": "latin-1"},
        ),
        (
            b'a,b\n1,"x\n2,y\n',
            "use --read quoting=3 if quotes are ordinary characters",
            {"quoting": 3},
        ),
    ],
)
def test_remedies(
    tmp_path: Path, content: bytes, sentence: str, read: dict[str, Any]
) -> None:
    """The remedy of each error reads the file, as pandas does with the same option."""
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=sentence):
        read_all(path)
    options = (
        {**read, "sep": read["sep"].replace("\\t", "\t")} if "sep" in read else read
    )
    pd.testing.assert_frame_equal(
        read_all(path, read=read), pd.read_csv(path, **options)
    )


def test_digits_stay_text_with_options(tmp_path: Path) -> None:
    """A text column is text even in chunks with digits only, with options too."""
    path = tmp_path / "a.csv"
    path.write_text("zip|n\n0123|1\nA1|2\n0045|3\n0067|4\n")
    read: dict[str, Any] = {"sep": "|", "skipinitialspace": True}
    frame = read_all(path, rows=2, read=read)
    pd.testing.assert_frame_equal(frame, pd.read_csv(path, **read))


def test_wide_numbers_among_missing_ones(tmp_path: Path) -> None:
    """Numbers that no type holds are rejected, and the remedy keeps all digits."""
    path = tmp_path / "a.csv"
    path.write_text(f"a,b\n{2**64},1\n,2\n")
    with pytest.raises(SourceError, match=r"more than 64 bits in a, .*--types a=str"):
        read_all(path)
    frame = read_all(path, types={"a": "str"})
    pd.testing.assert_frame_equal(frame, pd.read_csv(path, dtype={"a": str}))


def test_wide_numbers_before_late_texts(tmp_path: Path) -> None:
    """A wide number before the first text, between all samples, is found and rejected.

    pandas takes the missing values of such a column for texts.
    """
    path = tmp_path / "a.csv"
    lines = ["12345678,1", "NA,2"] * (sample.HEAD_BYTES // 16 + 10)
    path.write_text("\n".join(["a,b", *lines, f"{2**64},3", *["x,4"] * 500_000]))
    with pytest.raises(SourceError, match=r"more than 64 bits in a, .*--types a=str"):
        read_all(path)
    frame = read_all(path, types={"a": "str"})
    pd.testing.assert_frame_equal(frame, pd.read_csv(path, dtype={"a": str}))


@pytest.mark.parametrize("options", [{}, {"read": {"encoding": "utf-8"}}])
def test_integers_over_64_bits_that_are_not_read(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    """A column that the run does not read cannot end it, nor when rows are counted."""
    path = tmp_path / "big.csv"
    path.write_text("a,b\n" + "".join(f"{10**22 + i},{i}\n" for i in range(90)))
    for columns in (["b"], []):
        chunks = chunked(path, rows=20, columns=columns, backend="pandas", **options)
        assert sum(map(len, chunks)) == 90


def test_small_files_are_joined(tmp_path: Path) -> None:
    """Many small files are read in few chunks, and each is inspected once."""
    for number in range(100):
        write_table(tmp_path / f"{number:03}.csv", 20)
    with pytest.MonkeyPatch.context() as monkeypatch:
        looks: list[str] = []

        def count(path: Path, *args: Any, **options: Any) -> Any:
            looks.append(path.name)
            return find_layout(path, *args, **options)

        monkeypatch.setattr(source, "find_layout", count)
        chunks = list(chunked(tmp_path))
    assert sum(map(len, chunks)) == 2_000
    assert len(chunks) < 10
    assert sorted(looks) == [f"{number:03}.csv" for number in range(100)]


@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow"])
def test_long_value(tmp_path: Path, backend: str) -> None:
    """A value that is longer than the module csv accepts is read."""
    path = tmp_path / "a.csv"
    path.write_text(f"a\n{'x' * 200_000}\ny;z\n")
    lengths = chunked(path, backend=backend).map(len).reduce("sum")
    assert lengths == 2


@pytest.mark.parametrize(
    "value",
    ["nan", "-nan", "Inf", "infinity", "+5", '"+5"', " 5", '" 5"', "1.e5", '""'],
)
@pytest.mark.parametrize("first", ["1.5", "3"])
def test_text_that_polars_also_reads_as_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, first: str
) -> None:
    """A late value that makes a column text for polars ends the run with the remedy."""
    for module in (sample, source):
        monkeypatch.setattr(module, "HEAD_BYTES", 100)
    monkeypatch.setattr(sample, "_SAMPLES", 1)
    monkeypatch.setattr(sample, "_SAMPLE_BYTES", 10)
    path = tmp_path / "a.csv"
    lines = [first] * 500 + [value, first] * 9 + [first] * 100
    path.write_text("a,b\n" + "".join(f"{each},x\n" for each in lines))
    whole = pl.read_csv(path, infer_schema_length=None)
    assert whole["a"].dtype == pl.String
    with pytest.raises(TypeChange, match="a=large_string"):
        list(chunked(path, backend="polars", rows=400))
    types = {"a": "large_string"}
    chunks = chunked(path, backend="polars", rows=400, types=types)
    assert pl.concat(list(chunks)).equals(whole)


@pytest.mark.parametrize("mark", [",", "\t"])
@pytest.mark.parametrize("lines", ["{0}|1\n1|1\n", "1|1\n1|{0}", "1|1\r\n1|{0}\r\n"])
@pytest.mark.parametrize("value", ["+5", " 5", '"+5"', '" 5"', '"\t5"', '""'])
def test_unusual_number_at_any_place(
    tmp_path: Path, mark: str, lines: str, value: str
) -> None:
    """A value makes its column text also at the start and at the end of a block."""
    path = tmp_path / "a.csv"
    path.write_text("a|b\n1|1\n".replace("|", mark))
    block = memoryview(lines.format(value).replace("|", mark).encode())
    layout = find_layout(path, mark, "polars", is_given=True)
    with pytest.raises(TypeChange, match="=large_string"):
        by_polars.parse(block, layout, path, 0)


@pytest.mark.parametrize("mark", [",", "\t"])
def test_known_types_are_not_inferred(
    tmp_path: Path, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The types of a block are inferred only for a value that may change one."""
    path = tmp_path / "a.csv"
    names, line = "a|b|c|d\n", '1|"say ""x"", +1.e"| x|2.5\n'
    names, line = (text.replace("|", mark) for text in (names, line))
    path.write_text(names + line)
    layout = find_layout(path, mark, "polars", is_given=True)
    inferred = []
    read = pl.read_csv

    def watch(*args: Any, infer_schema_length: int | None, **options: Any) -> Any:
        inferred.append(infer_schema_length)
        return read(*args, infer_schema_length=infer_schema_length, **options)

    monkeypatch.setattr(pl, "read_csv", watch)
    frame = by_polars.parse(memoryview((line * 9).encode()), layout, path, 0)
    assert (frame.height, {*inferred}) == (9, {0})


def test_digits_that_polars_takes_for_ascii(tmp_path: Path) -> None:
    """A column for which polars cannot infer a type ends the run in one sentence."""
    path = tmp_path / "a.csv"
    path.write_text("a,b\n,x\n")
    layout = find_layout(path, ",", "polars", is_given=False)
    with pytest.raises(SourceError, match=r"a\.csv cannot be parsed by polars"):
        by_polars.parse(memoryview("\u0663,x\n".encode()), layout, path, 0)


def test_type_that_the_user_gave_to_polars(tmp_path: Path) -> None:
    """A number that polars would take for text stays one if its type was given."""
    path = tmp_path / "a.csv"
    path.write_text("a\n1.5\nnan\n+5\n")
    (frame,) = chunked(path, backend="polars", types={"a": "double"})
    assert frame["a"].dtype == pl.Float64
    assert math.isnan(frame["a"][1])
