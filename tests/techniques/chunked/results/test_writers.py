"""Written files do not depend on the chunks, and keep all values unchanged."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.results.out import FileSink

ENDINGS = ["parquet", "csv", "tsv", "arrow", "jsonl"]


def write(path: Path, values: list[Any]) -> Path:
    """Write values to a file."""
    sink = FileSink(path, resumable=False)
    try:
        for value in values:
            sink.add(value)
        return sink.finish()
    finally:
        sink.close()


def abandon(sink: FileSink) -> None:
    """Leave a sink as a killed process does: nothing is removed."""
    sink.rescue()
    sink.close()


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Return rows of many types, with a group of rows and a part of a second."""
    n = np.arange(140_000)
    times = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(n, unit="min"))
    return pd.DataFrame(
        {
            "id": n,
            "flag": n % 3 == 0,
            "price": np.where(n % 7 == 0, np.nan, n / 7),
            "whole": n * 1.0,
            "count": pd.Series(n).astype("Int64").where(n % 11 != 0),
            "text": pd.Series(["a", None, "", 'q"', "é, \n"] * 28_000),
            "when": times.where(n % 13 != 0),
            "kind": pd.Categorical(np.array(["x", "y"])[n % 2]),
        }
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_killed_after_every_chunk(
    rows: pd.DataFrame, tmp_path: Path, ending: str
) -> None:
    """Killed after each chunk, with garbage after the saved rows: the same bytes."""
    path = tmp_path / f"killed.{ending}"
    aside = tmp_path / f".{path.name}.part"
    state: Any = None
    for start in range(0, len(rows), 20_000):
        sink = FileSink(path, resumable=True)
        sink.restore(state)
        sink.add(rows.iloc[start : start + 20_000])
        state = sink.save()
        abandon(sink)
        with aside.open("ab") as file:
            file.write(b"half a row" * 1_000)
    sink = FileSink(path, resumable=True)
    sink.restore(state)
    sink.finish()
    sink.close()
    whole = write(tmp_path / f"whole.{ending}", [rows])
    assert path.read_bytes() == whole.read_bytes()
    assert sorted(tmp_path.iterdir()) == sorted([path, whole])


@pytest.mark.parametrize("ending", ENDINGS)
def test_killed_at_the_very_end(tmp_path: Path, ending: str) -> None:
    """A run that is killed once its file is complete ends again, with the same file."""
    path = tmp_path / f"a.{ending}"
    sink = FileSink(path, resumable=True)
    sink.add([{"a": 1}])
    state = sink.save()
    sink.add([{"a": 2}])
    sink.finish()
    content = path.read_bytes()
    abandon(sink)
    sink = FileSink(path, resumable=True)
    sink.restore(state)
    sink.add([{"a": 2}])
    sink.finish()
    sink.close()
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ENDINGS)
def test_new_run_over_a_whole_file(tmp_path: Path, ending: str) -> None:
    """The temporary file of a killed run does not link its result to the next run."""
    path = tmp_path / f"a.{ending}"
    sink = FileSink(path, resumable=True)
    sink.add([{"a": 1}])
    sink.finish()
    content = path.read_bytes()
    abandon(sink)
    sink = FileSink(path, resumable=True)
    sink.add([{"a": 7}])
    abandon(sink)
    assert path.read_bytes() == content


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_lost_rows(
    tmp_path: Path, ending: str, damage: Callable[[Path], object]
) -> None:
    """A temporary file that lost rows is rejected, and not filled with zeros."""
    sink = FileSink(tmp_path / f"a.{ending}", resumable=True)
    sink.add([{"a": 1}])
    state = sink.save()
    abandon(sink)
    damage(tmp_path / f".a.{ending}.part")
    sink = FileSink(tmp_path / f"a.{ending}", resumable=True)
    with pytest.raises(MemkitError, match=r"was removed from .* or truncated; delete"):
        sink.restore(state)
    sink.close()


def test_rows_of_a_group(tmp_path: Path) -> None:
    """Groups have fewer rows if there are many columns."""
    wide = pd.DataFrame({f"c{n}": np.arange(10_000) for n in range(1_000)})
    path = write(tmp_path / "a.parquet", [wide.iloc[:3_000], wide.iloc[3_000:]])
    metadata = pq.ParquetFile(path).metadata
    groups = range(metadata.num_row_groups)
    assert [metadata.row_group(n).num_rows for n in groups] == [4_194, 4_194, 1_612]


def test_value_that_changes_later(tmp_path: Path) -> None:
    """A value is written as it was, even if the cell reuses its memory."""
    for name in ("a.parquet", "a.arrow"):
        sink = FileSink(tmp_path / name, resumable=False)
        values = np.array([(1,), (2,)], dtype=[("a", "i8")])
        sink.add(values)
        values["a"] = 9
        sink.finish()
        sink.close()
    assert pq.read_table(tmp_path / "a.parquet")["a"].to_pylist() == [1, 2]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [1.0, 2.0]}),
        pd.DataFrame({"a": [1.5, np.nan, -0.0]}),
        pd.DataFrame({"a": ["x", None, "y"]}),
        pd.DataFrame({"a": [1e22, 5e-324, -1e300, 123456789.125], "b": 1}),
        pd.DataFrame({"a": [float("inf"), 1.0]}),
        pd.DataFrame({"a": [True, False], "b": pd.array([True, None], "boolean")}),
        pd.DataFrame({"a": ["", " x ", 'a"b', "a,b", "a\nb", "a\tb", "a\rb", "01"]}),
        pd.DataFrame({"a,b": [1], 'q"': [2], "n\nl": ["x"], " s": [3]}),
        pd.DataFrame({"a": np.array([2**64 - 1], "u8"), "b": np.array([0.1], "f4")}),
        pd.DataFrame({"a": [1], "b": [None]}),
    ],
)
@pytest.mark.parametrize("separator", [",", "\t"])
def test_delimited_as_pandas_writes_it(
    tmp_path: Path, frame: pd.DataFrame, separator: str
) -> None:
    """Reading the file returns the rows and types of the file that pandas writes."""
    ending = "csv" if separator == "," else "tsv"
    path = write(tmp_path / f"a.{ending}", [frame])
    own = io.StringIO(frame.to_csv(index=False, sep=separator, quoting=0))
    if frame.map(lambda item: "\r" in str(item)).to_numpy().any():
        # pandas does not quote it.
        expected = frame.replace("", np.nan)
    else:
        expected = pd.read_csv(own, sep=separator)
    got = pd.read_csv(path, sep=separator, dtype=str if "01" in str(frame) else None)
    pd.testing.assert_frame_equal(got, expected)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a.csv", [{"a": [1]}]),
        ("a.csv", [{"a": {"b": 1}}]),
        ("a.csv", [{"a": b"x"}]),
        ("a.tsv", pd.DataFrame({"a": pd.to_timedelta([1], unit="s")})),
        ("a.csv", pd.DataFrame({"a": pd.period_range("2020", periods=1, freq="M")})),
        ("a.jsonl", [{"a": b"x"}]),
        ("a.jsonl", [{"a": [b"x"]}]),
    ],
)
def test_types_without_a_text(tmp_path: Path, name: str, value: Any) -> None:
    """A column that a text file cannot hold is rejected by name."""
    sentence = f"a {name[1:]} file cannot hold the column 'a' of type .*; use a "
    with pytest.raises(ReduceError, match=sentence):
        write(tmp_path / name, [value])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pa.array([True]), pa.array([5])),
        (pa.array([True]), pa.array([0.5])),
        (pa.array([1]), pa.array([True])),
        (pa.array([0.5]), pa.array([2**53 + 1])),
        (pa.array([0.5], pa.float32()), pa.array([0.1])),
        (pa.array([1], pa.int8()), pa.array([300])),
        (pa.array([1]), pa.array([float("nan")])),
        (
            pa.array([dt.date(2020, 1, 1)]),
            pa.array([dt.datetime(2020, 1, 1, 5)]),  # noqa: DTZ001
        ),
        (pa.array([[True]]), pa.array([[5]])),
    ],
    ids=str,
)
def test_values_that_would_change(tmp_path: Path, first: Any, second: Any) -> None:
    """A value that the type of its column cannot hold is rejected, with both types."""
    values = [pa.table({"a": first}), pa.table({"a": second})]
    with pytest.raises(ReduceError) as raised:
        write(tmp_path / "a.arrow", values)
    sentence = f"--out got {second.type} after {first.type} in the column 'a'; give it"
    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pa.array([0.5]), pa.array([2])),
        (pa.array([1]), pa.array([2.0, None])),
        (pa.array([0.5], pa.float32()), pa.array([0.25])),
        (pa.array([1], pa.int8()), pa.array([100])),
        (pa.array(["x"]), pa.array(["y"], pa.large_string())),
        (pa.array([None]), pa.array([1])),
        (pa.array([1]), pa.array([None])),
        (pa.array([None, None]), pa.array([[1]])),
        (pa.array([[]]), pa.array([[1]])),
        (pa.array([[1]]), pa.array([[]])),
    ],
    ids=str,
)
@pytest.mark.parametrize("resumes", [False, True])
def test_values_that_stay_the_same(
    tmp_path: Path, first: Any, second: Any, *, resumes: bool
) -> None:
    """A value of another type is written if conversion does not change it."""
    path = tmp_path / "a.arrow"
    sink = FileSink(path, resumable=True)
    sink.add(pa.table({"a": first}))
    if resumes:
        state = sink.save()
        abandon(sink)
        sink = FileSink(path, resumable=True)
        sink.restore(state)
    sink.add(pa.table({"a": second}))
    sink.finish()
    sink.close()
    with pa.OSFile(str(path)) as file:
        got = pa.ipc.open_file(file).read_all()["a"]
    assert got.to_pylist() == first.to_pylist() + second.to_pylist()


@pytest.mark.parametrize("resumes", [False, True])
def test_empty_values_decide_no_type(tmp_path: Path, *, resumes: bool) -> None:
    """The first value with rows decides the types, not an empty one before it."""
    path = tmp_path / "a.csv"
    sink = FileSink(path, resumable=True)
    sink.add(pd.DataFrame({"a": pd.Series([], dtype="str")}))
    if resumes:
        state = sink.save()
        abandon(sink)
        sink = FileSink(path, resumable=True)
        sink.restore(state)
    sink.add(pd.DataFrame({"a": [1]}))
    sink.add(pd.DataFrame({"a": []}))
    assert sink.finish().read_text() == "a\n1\n"
    sink.close()


def test_no_rows_at_all(tmp_path: Path) -> None:
    """If no value has rows the file has only columns; without these there is none."""
    empty = pd.DataFrame({"a": [1], "b": ["x"]}).iloc[:0]
    assert write(tmp_path / "a.csv", [empty, empty]).read_text() == "a,b\n"
    table = pq.read_table(write(tmp_path / "a.parquet", [empty, empty]))
    assert (table.column_names, len(table)) == (["a", "b"], 0)
    with pytest.raises(MemkitError, match="no chunk returned any rows for b"):
        write(tmp_path / "b.csv", [[], []])
    assert not (tmp_path / "b.csv").exists()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (pd.Series([1, 2], index=["x", "y"], name="v"), "index,v\nx,1\ny,2\n"),
        (pd.Series(["x", "x", "y"]).value_counts(), "index,count\nx,2\ny,1\n"),
        (pd.DataFrame({"v": [1]}, index=pd.RangeIndex(1, name="n")), "n,v\n0,1\n"),
        (pd.DataFrame({"v": [1, 2]}).iloc[1:], "v\n2\n"),
        (pl.Series("v", [1]), "v\n1\n"),
        ([{"a": 1}, {"b": 2}], "a,b\n1,\n,2\n"),
    ],
)
def test_nothing_is_left_out(tmp_path: Path, value: Any, text: str) -> None:
    """Row labels and keys of later rows become columns, but row numbers do not."""
    assert write(tmp_path / "a.csv", [value]).read_text() == text


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({"a": [1, "x"]}),
        pd.DataFrame({"a": pd.cut([1, 2], 2)}),
        pd.DataFrame({"a": [1]}, index=pd.Index([3], name="a")),
        pa.table([[1], [2]], names=["a", "a"]),
    ],
)
def test_invalid_tables(tmp_path: Path, value: Any) -> None:
    """A table without a valid set of columns is rejected in one sentence."""
    with pytest.raises(ReduceError, match=r"; (end the cell with plain|rename one in)"):
        write(tmp_path / "a.parquet", [value])


@pytest.mark.parametrize("ending", ENDINGS)
def test_views(tmp_path: Path, ending: str) -> None:
    """Views, of which pyarrow cannot take rows, are written as text."""
    texts = ["a,b", None, 'c"d', "e\tf"]
    view = pa.table({"a": pa.array(texts, pa.string_view()), "b": range(4)})
    plain = pa.table({"a": pa.array(texts, pa.large_string()), "b": range(4)})
    path = write(tmp_path / f"a.{ending}", [view, view])
    expected = write(tmp_path / f"b.{ending}", [plain, plain])
    assert path.read_bytes() == expected.read_bytes()
