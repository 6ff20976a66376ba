"""Every chunk has the columns and types of the whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import csv, dataset, parquet

from jupyter_memkit.errors import MemkitError, SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.base import TypeChange

N = 30_000


def write_lines(path: Path, line: Callable[[int], str], n_rows: int = N) -> Path:
    """Write a table with a column that changes, and one that does not."""
    path.write_text("a,b\n" + "".join(f"{line(i)},x{i}\n" for i in range(n_rows)))
    return path


@pytest.mark.parametrize(
    "line",
    [
        str,
        lambda i: "" if i == 20_000 else str(i),
        lambda i: "NA" if i == 20_000 else str(i),
        lambda i: "1.5" if i == 20_000 else str(i),
        lambda i: "text" if i == 20_000 else str(i),
        lambda i: str(i % 2 == 0),
        lambda i: f'"{i}, and\n{i}"',
        lambda i: f"2024-01-{i % 28 + 1:02d}",
        lambda i: "" if i < 20_000 else "late",
        lambda i: "18446744073709551615" if i == 5 else str(i),
        lambda i: "inf" if i == 20_000 else str(i),
    ],
    ids=[
        "int",
        "empty",
        "NA",
        "float",
        "text",
        "bool",
        "quoted",
        "date",
        "late",
        "big",
        "inf",
    ],
)
def test_csv_as_pandas_reads_the_whole(tmp_path: Path, line: Any) -> None:
    """The chunks of a CSV file together are what ``pandas.read_csv`` reads."""
    path = write_lines(tmp_path / "a.csv", line)
    chunks = list(chunked(path, rows=7_000))
    whole = pd.read_csv(path, low_memory=False)
    if whole.a.dtype == object:  # Numbers and text, which pandas leaves unchanged.
        whole["a"] = whole.a.astype(chunks[0].a.dtype)
    assert len({str(chunk.dtypes.to_dict()) for chunk in chunks}) == 1
    pd.testing.assert_frame_equal(pd.concat(chunks), whole)


def late_float(i: int) -> str:
    """Return an integer, except for one row that no sample of the file contains."""
    return "0.5" if i == 2_000_003 else "1"


@pytest.fixture(scope="module")
def surprise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose types appear late."""
    folder = tmp_path_factory.mktemp("surprise")
    return write_lines(folder / "a.csv", late_float, 2_100_000)


def test_type_that_shows_late(surprise: Path) -> None:
    """A new type outside all samples raises an error, with the option that helps."""
    job = chunked(surprise, rows=500_000).map(lambda chunk: str(chunk.a.dtype))
    with pytest.raises(TypeChange) as raised:
        job.run("append")
    assert str(raised.value) == (
        "a of a.csv is int64 in earlier rows and float64 in row 2,000,003; use --types "
        "a=float64"
    )
    assert job.summary is not None
    assert job.summary.value == ["int64"] * 3
    cured = chunked(surprise, rows=500_000, types={"a": "float64"})
    assert set(cured.map(lambda chunk: str(chunk.a.dtype)).reduce("append")) == {
        "float64"
    }


class Repeatable:
    """A function that is marked as repeatable."""

    is_repeatable = True

    def __call__(self, chunk: Any) -> str:
        """Return the type of a column."""
        return str(chunk.a.dtype)


def test_starts_over(surprise: Path) -> None:
    """If nothing is done twice, the run starts over with the type that fits."""
    summary = chunked(surprise, rows=500_000).map(Repeatable()).run("append")
    assert summary.value == ["float64"] * 5
    assert summary.rows == 2_100_000
    assert "Started over" in summary.notes[0]


def test_parquet_with_missing_numbers(tmp_path: Path) -> None:
    """Integers with a missing value anywhere are floats in every chunk."""
    numbers = pa.array([None if i == 9_000 else i for i in range(10_000)])
    flags = pa.array([None if i == 9_500 else True for i in range(10_000)])
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"n": numbers, "f": flags}), path)
    chunks = list(chunked(path, rows=1_000))
    assert {str(chunk.n.dtype) for chunk in chunks} == {"float64"}
    assert {str(chunk.f.dtype) for chunk in chunks} == {"object"}
    joined = pd.concat(chunks)
    whole = pd.read_parquet(path)
    pd.testing.assert_series_equal(joined.n, whole.n)
    assert joined.f.isna().sum() == 1


def test_categories(tmp_path: Path) -> None:
    """Columns become categories on request, and these grow with new values."""
    path = write_lines(tmp_path / "a.csv", lambda i: f"c{i // 10_000}")
    plain = list(chunked(path, rows=10_000))
    assert {str(chunk.a.dtype) for chunk in plain} == {str(pd.read_csv(path).a.dtype)}
    chunks = list(chunked(path, rows=10_000, types={"a": "category"}))
    kinds = [list(chunk.a.cat.categories) for chunk in chunks]
    assert all(kind == ["c0", "c1", "c2"][: len(kind)] for kind in kinds)
    assert kinds[-1] == ["c0", "c1", "c2"]
    assert [chunk.a.unique().tolist() for chunk in chunks] == [["c0"], ["c1"], ["c2"]]


@pytest.mark.parametrize(
    ("backend", "kind"),
    [
        ("pandas", pd.DataFrame),
        ("polars", pl.DataFrame),
        ("arrow", pa.Table),
        ("numpy", np.ndarray),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_backends(tmp_path: Path, backend: str, kind: type, ending: str) -> None:
    """A file is read into objects of the requested library."""
    frame = pd.DataFrame({"a": range(10), "b": [i / 2 for i in range(10)]})
    path = tmp_path / f"a.{ending}"
    if ending == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    chunks = list(chunked(path, rows=4, backend=backend))
    assert {type(chunk) for chunk in chunks} == {kind}
    assert [len(chunk) for chunk in chunks] == [4, 4, 2]


@pytest.mark.parametrize("backend", ["polars", "arrow"])
def test_missing_numbers_stay_whole(tmp_path: Path, backend: str) -> None:
    """Libraries with missing integers keep integers."""
    path = write_lines(tmp_path / "a.csv", lambda i: "" if i == 20_000 else str(i))
    chunks = list(chunked(path, rows=7_000, backend=backend))
    kinds = {
        str(chunk["a"].dtype if backend == "polars" else chunk["a"].type)
        for chunk in chunks
    }
    assert kinds == {"Int64" if backend == "polars" else "int64"}


@pytest.mark.parametrize("late", ["03:04:05Z", "03:04:05.25Z", "03:04:05+02:00"])
def test_times_with_a_zone(tmp_path: Path, late: str) -> None:
    """Times with a zone have the same type in chunks as in the whole."""
    path = write_lines(
        tmp_path / "a.csv",
        lambda i: f"2024-01-02T{late if i == 20_000 else '03:04:05Z'}",
    )
    chunks = list(chunked(path, rows=7_000, backend="arrow"))
    assert pa.concat_tables(chunks).equals(csv.read_csv(path))


def test_times_with_a_zone_change(tmp_path: Path) -> None:
    """Fractions of seconds that appear late keep the zone."""
    path = write_lines(
        tmp_path / "a.csv",
        lambda i: f"2024-01-02T03:04:05{'.25' if i == 20_000 else ''}Z",
    )
    seconds = {"a": "timestamp[s, tz=UTC]"}
    with pytest.raises(TypeChange) as raised:
        list(chunked(path, backend="arrow", types=seconds))
    assert raised.value.types == {"a": "timestamp[ns, tz=UTC]"}


def test_no_such_type(tmp_path: Path) -> None:
    """A type that pyarrow does not have is rejected in one sentence."""
    path = write_lines(tmp_path / "a.csv", str, 3)
    for name in ("timestamp[xx]", "bigint"):
        with pytest.raises(SourceError, match="use a pyarrow type"):
            list(chunked(path, backend="arrow", types={"a": name}))


def test_columns(tmp_path: Path) -> None:
    """Only the chosen columns are read, and unknown ones are rejected."""
    path = write_lines(tmp_path / "a.csv", str)
    assert list(next(iter(chunked(path, columns=["b"]))).columns) == ["b"]
    with pytest.raises(MemkitError, match=r"a\.csv has no column 'c'; it has a, b"):
        chunked(path, columns=["c"])
    with pytest.raises(MemkitError, match="the list has no columns to choose"):
        chunked([1], columns=["c"])


def test_reader_options(tmp_path: Path) -> None:
    """Options of pandas apply to chunks as they do to the whole file."""
    path = tmp_path / "a.csv"
    path.write_bytes("name;n\ncafé;1,5\nthé;2,5\n".encode("latin-1"))
    read = {"sep": ";", "encoding": "latin-1", "decimal": ","}
    chunks = list(chunked(path, rows=1, read=read))
    whole = pd.read_csv(path, sep=";", encoding="latin-1", decimal=",")
    pd.testing.assert_frame_equal(pd.concat(chunks), whole)


def test_several_files(tmp_path: Path) -> None:
    """Files of one format are one table, with types that hold the values of all."""
    (tmp_path / "a.csv").write_text("x,y\n1,a\n2,b\n")
    (tmp_path / "b.csv").write_text("x,y\n1.5,c\n")
    (tmp_path / "c.csv").write_text("x,y\n3,d\n")
    chunks = list(chunked(tmp_path / "*.csv"))
    assert [str(chunk.x.dtype) for chunk in chunks] == ["float64"]
    joined = pd.concat(chunks)
    assert joined.x.tolist() == [1, 2, 1.5, 3]
    assert joined.index.tolist() == [0, 1, 2, 3]
    assert len(pd.concat(list(chunked(tmp_path)))) == 4
    assert len(pd.concat(list(chunked([tmp_path / "a.csv", tmp_path / "c.csv"])))) == 3


@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize("without", ["x,y", "x,y\n", "x,y\n,0\n"])
@pytest.mark.parametrize("is_first", [True, False])
def test_files_without_values(
    tmp_path: Path, backend: str, without: str, is_first: bool
) -> None:
    """A file without any value in a column, or without rows, decides no type."""
    (tmp_path / ("a.csv" if is_first else "c.csv")).write_text(without)
    for values in ([True, False], [1, 2], [1.5, 2.5], ["x", "y"]):
        text = "".join(f"{value},1\n" for value in values)
        (tmp_path / "b.csv").write_text(f"x,y\n{text}")
        try:
            chunks = list(chunked(tmp_path, backend=backend))
        except TypeChange as change:  # In pandas, if values are missing.
            chunks = list(chunked(tmp_path, backend=backend, types=change.types))
        columns = [pd.Series(chunk["x"].to_numpy()) for chunk in chunks]
        got = [item for each in columns for item in each.dropna()]
        assert [item for item in got if item != ""] == values  # pyarrow's text


def test_files_that_differ(tmp_path: Path) -> None:
    """A file with other columns is named, and the common columns can be read."""
    (tmp_path / "a.csv").write_text("x,y\n1,a\n")
    (tmp_path / "b.csv").write_text("x,z\n2,a\n")
    with pytest.raises(SourceError) as raised:
        list(chunked(tmp_path / "*.csv"))
    assert str(raised.value) == (
        "b.csv lacks y and also has z, unlike a.csv; use --columns x, or fewer files"
    )
    assert pd.concat(list(chunked(tmp_path / "*.csv", columns=["x"]))).x.tolist() == [
        1,
        2,
    ]


def test_kinds_that_differ(tmp_path: Path) -> None:
    """A folder with files of several formats is rejected, with a pattern for one."""
    (tmp_path / "a.csv").touch()
    (tmp_path / "b.parquet").touch()
    with pytest.raises(SourceError, match=r"several formats \(\.csv, \.parquet\); use"):
        chunked(tmp_path)


def test_folders_with_keys(tmp_path: Path) -> None:
    """Folders named key=value are columns."""
    for year in (2023, 2024):
        folder = tmp_path / f"year={year}"
        folder.mkdir()
        parquet.write_table(pa.table({"n": [1, 2]}), folder / "a.parquet")
    joined = pd.concat(list(chunked(tmp_path)))
    assert joined.year.tolist() == [2023, 2023, 2024, 2024]
    only = pd.concat(list(chunked(tmp_path, columns=["year"])))
    assert list(only.columns) == ["year"]
    assert len(only) == 4


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["01", "02", "10", "A1"], ["01", "02", "10", "A1"]),
        (["1", "02"], [1, 2]),
        (["a b%/\u00e9", "x=y"], ["a b%/\u00e9", "x=y"]),
        (["a", None], ["a", None]),
        (["99999999999", "1"], ["99999999999", "1"]),
    ],
)
@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_values_of_keys(
    tmp_path: Path, ending: str, values: list[Any], expected: list[Any]
) -> None:
    """The values in the names of folders are those that pyarrow reads."""
    for number, value in enumerate(values):
        key = "__HIVE_DEFAULT_PARTITION__" if value is None else quote(value, safe="")
        folder = tmp_path / f"key={key}"
        folder.mkdir()
        frame = pd.DataFrame({"n": [number]})
        if ending == "parquet":
            frame.to_parquet(folder / "a.parquet")
        elif ending == "csv":
            frame.to_csv(folder / "a.csv", index=False)
        else:
            frame.to_json(folder / "a.jsonl", orient="records", lines=True)
    frame = pd.concat(list(chunked(tmp_path))).sort_values("n")
    assert list(frame.columns) == ["n", "key"]
    assert frame["key"].tolist() == expected
    tables = chunked(tmp_path, backend="arrow", columns=["key"])
    assert set(pa.concat_tables(tables)["key"].to_pylist()) == set(expected)
    (one,) = chunked(next((tmp_path).glob("*/*")))
    assert list(one.columns) == ["n"]


@pytest.mark.parametrize("values", [["01", "02"], ["01", "02", None], ["1.5", "2"]])
def test_keys_that_pandas_wrote(tmp_path: Path, values: list[Any]) -> None:
    """Metadata of pandas about a column that is in the folders is ignored."""
    frame = pd.DataFrame({"key": values, "n": range(len(values))})
    frame.to_parquet(tmp_path, partition_cols=["key"])
    whole = dataset.dataset(tmp_path, partitioning="hive").to_table()
    (table,) = chunked(tmp_path, backend="arrow")
    assert table["key"].to_pylist() == whole["key"].to_pylist()
    keys = pd.concat(list(chunked(tmp_path)))["key"]
    assert keys.dropna().tolist() == whole["key"].drop_null().to_pylist()


@pytest.mark.parametrize("ending", ["csv.zst", "csv.bz2", "csv.xz"])
def test_compressed(tmp_path: Path, ending: str) -> None:
    """A compressed file is read without unpacking, in pieces."""
    frame = pd.DataFrame({"a": range(50_000), "b": [f"x{i}" for i in range(50_000)]})
    path = tmp_path / f"a.{ending}"
    if ending.endswith("zst"):
        with pa.CompressedOutputStream(str(path), "zstd") as stream:
            stream.write(frame.to_csv(index=False).encode())
    else:
        frame.to_csv(path, index=False)
    chunks = list(chunked(path, rows=9_000))
    assert len(chunks) == 6
    pd.testing.assert_frame_equal(pd.concat(chunks), frame)


@pytest.mark.parametrize(
    ("backend", "kind", "dtype"),
    [
        ("pandas", "int", "int64"),
        ("pandas", "float", "float64"),
        ("pandas", "int32", "int32"),
        ("pandas", "category", "category"),
        ("polars", "Float64", "Float64"),
        ("polars", "int", "Int64"),
        ("arrow", "float64", "double"),
    ],
)
def test_names_of_types(tmp_path: Path, backend: str, kind: str, dtype: str) -> None:
    """Types may be given by the names that each library's users know."""
    path = write_lines(tmp_path / "a.csv", str, 100)
    (chunk,) = chunked(path, backend=backend, types={"a": kind})
    found = chunk.schema.field("a").type if backend == "arrow" else chunk["a"].dtype
    assert str(found) == dtype


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("Int64", "a cannot be read from text as Int64; use one of bool, "),
        ("datetime64[ns]", "as datetime64.*, or convert it in the cell"),
        ("floot", "pandas has no type 'floot', .* did you mean float64"),
        ("bool", "a of a.csv is bool by --types and str in row 0; use --types a=str"),
    ],
)
def test_types_that_do_not_fit(tmp_path: Path, kind: str, sentence: str) -> None:
    """A type that the user gives is never replaced by another one without an error."""
    path = write_lines(tmp_path / "a.csv", str, 100)
    for function in (len, repr):
        with pytest.raises(MemkitError, match=sentence):
            chunked(path, types={"a": kind}).map(function).run("count")


@pytest.mark.parametrize(
    ("read", "sentence"),
    [
        ({"usecols": "a"}, r"with --read usecols=a .* --read usecols=\['a','b'\]"),
        ({"chunksize": 9}, "is read in chunks anyway; use --rows"),
        ({"no_such": 1}, "change or leave out the option"),
    ],
)
def test_invalid_options(tmp_path: Path, read: dict[str, Any], sentence: str) -> None:
    """An option that the library does not accept is one sentence."""
    path = write_lines(tmp_path / "a.csv", str, 100)
    with pytest.raises(SourceError, match=sentence):
        list(chunked(path, read=read))
    pd.read_csv(path).to_parquet(tmp_path / "a.parquet")
    if "no_such" in read:
        with pytest.raises(SourceError, match=sentence):
            list(chunked(tmp_path / "a.parquet", read=read))


def test_digits_that_are_wanted_as_text(tmp_path: Path) -> None:
    """With ``--read dtype=str`` digits are text, not numbers that are too large."""
    path = write_lines(tmp_path / "a.csv", str, 100)
    (chunk,) = chunked(path, read={"dtype": "str"})
    pd.testing.assert_frame_equal(chunk, pd.read_csv(path, dtype="str"))
