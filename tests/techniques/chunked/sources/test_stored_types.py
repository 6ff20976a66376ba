"""Stored values of several types: every chunk has the type that holds all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.frames.casting import cast_values
from jupyter_memkit.techniques.chunked.sources.arranging import list_columns
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.dtypes import (
    find_common,
    name_types,
    parse_type,
)

DAY = dt.datetime(2020, 1, 1)  # noqa: DTZ001 - stored without a zone
ARRAYS = {
    "int32": pa.array([1, 2], pa.int32()),
    "int64": pa.array([1, 2**40]),
    "missing": pa.array([1, None]),
    "uint64": pa.array([1, 2**40], pa.uint64()),
    "float32": pa.array([1.5, 2.5], pa.float32()),
    "float64": pa.array([1.5, 2.25]),
    "us": pa.array([DAY, None], pa.timestamp("us")),
    "ns": pa.array([DAY, DAY], pa.timestamp("ns")),
    "null": pa.nulls(2),
    "text": pa.array(["a", None]),
    "large": pa.array(["a", "b"], pa.large_string()),
    "bool": pa.array([True, False]),
    "date": pa.array([DAY.date(), None]),
    "list": pa.array([[1], [2, 3]]),
}
WHOLE = {"int32", "int64", "uint64", "missing"}


def write(folder: Path, suffix: str, *columns: Any) -> Path:
    """Write a file per column."""
    for number, column in enumerate(columns):
        table = pa.table({"n": [1, 2], "v": column})
        path = folder / f"{number}{suffix}"
        if suffix == ".parquet":
            parquet.write_table(table, path)
        else:
            feather.write_feather(table, path, compression="uncompressed")
    return folder


def values_of(chunks: list[Any], name: str = "v") -> list[Any]:
    """Return the values of a column in all chunks; missing ones are None."""
    assert len({str(chunk[name].dtype) for chunk in chunks}) == 1
    found = [value for chunk in chunks for value in chunk[name].tolist()]
    return [None if np.ndim(each) == 0 and pd.isna(each) else each for each in found]


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
@pytest.mark.parametrize("one", list(ARRAYS))
@pytest.mark.parametrize("other", list(ARRAYS))
def test_two_types(tmp_path: Path, suffix: str, one: str, other: str) -> None:
    """All chunks have one type, and the values of the files; or one clear error."""
    write(tmp_path, suffix, ARRAYS[one], ARRAYS[other])
    is_text = {one, other} & {"text", "large"}
    if is_text and {one, other} - {"text", "large", "null", "bool", "date", "list"}:
        with pytest.raises(MemkitError, match="no type holds both; leave it out"):
            list(chunked(tmp_path, backend="pandas", rows=2))
        assert len(list(chunked(tmp_path, rows=4, columns=["n"]))) == 2
        return
    chunks = list(chunked(tmp_path, backend="pandas", rows=2))
    wanted = [*ARRAYS[one].to_pylist(), *ARRAYS[other].to_pylist()]
    got = values_of(chunks)
    assert [list(each) if np.ndim(each) else each for each in got] == wanted
    if {one, other} <= WHOLE - {"missing"}:
        assert chunks[0].v.dtype.kind in "iu"


@pytest.mark.parametrize("backend", ["polars", "arrow"])
@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("int32", "int64", "int64"),
        ("int64", "uint64", "uint64"),
        ("float32", "float64", "double"),
        ("int32", "float64", "double"),
        ("null", "int64", "int64"),
        ("us", "ns", "timestamp[ns]"),
        ("large", "text", "large_string"),
    ],
)
def test_types_of_arrow(
    tmp_path: Path, backend: str, suffix: str, one: str, other: str, kind: str
) -> None:
    """In polars and Arrow too, all chunks have the type that holds all values."""
    wanted = [*ARRAYS[one].to_pylist(), *ARRAYS[other].to_pylist()]
    write(tmp_path, suffix, ARRAYS[one], ARRAYS[other])
    chunks = list(chunked(tmp_path, backend=backend, rows=2))
    if backend == "polars":
        joined = pl.concat(chunks).to_arrow()
        kinds = {kind, kind.replace("text", "large_string")}
    else:
        joined, kinds = pa.concat_tables(chunks), {kind}
    assert str(joined.schema.field("v").type) in kinds
    assert joined["v"].to_pylist() == wanted


@pytest.mark.parametrize("backend", ["polars", "arrow"])
@pytest.mark.parametrize("other", ["text", "bool", "us"])
def test_no_common_type(tmp_path: Path, backend: str, other: str) -> None:
    """Without such a type, the error says so, and the other columns can be read."""
    write(tmp_path, ".parquet", ARRAYS["int64"], ARRAYS[other])
    with pytest.raises(MemkitError, match="from row 2 on, but int64 in earlier rows"):
        list(chunked(tmp_path, backend=backend, rows=2))
    assert len(list(chunked(tmp_path, backend=backend, rows=2, columns=["n"]))) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([2**63 + 5, 1], pa.uint64()), pa.nulls(2)),
        (pa.array([2**53 + 1, 1]), pa.array([1.5, None])),
        (pa.array([-1, 1]), pa.array([2**63 + 5, 1], pa.uint64())),
        (pa.array([2**53 + 1, None]), pa.array([1, 2])),
    ],
    ids=["nulls", "floats", "negative", "missing"],
)
@pytest.mark.parametrize("turned", [False, True])
def test_digits(tmp_path: Path, one: Any, other: Any, *, turned: bool) -> None:
    """No digit is lost silently, and the remedy keeps all of them."""
    columns = (other, one) if turned else (one, other)
    write(tmp_path, ".parquet", *columns)
    with pytest.raises(MemkitError, match=r"does not hold .*; use --types v=object, w"):
        list(chunked(tmp_path, backend="pandas", rows=2))
    chunks = list(chunked(tmp_path, backend="pandas", rows=2, types={"v": "object"}))
    wanted = [*columns[0].to_pylist(), *columns[1].to_pylist()]
    assert values_of(chunks) == wanted


@pytest.mark.parametrize("before", ["Int64", "int64[pyarrow]", "int64", "boolean"])
def test_nullable(tmp_path: Path, before: str) -> None:
    """Nullable types have common types, as pandas gives them."""
    after = {"int64": "Float64", "boolean": "bool"}.get(
        before, before.replace("Int", "Float").replace("int64", "double")
    )
    values: Any = [True, False] if before == "boolean" else [1, 2]
    frames = [pd.DataFrame({"v": pd.array(values, dtype=t)}) for t in (before, after)]
    for number, frame in enumerate(frames):
        frame.to_parquet(tmp_path / f"{number}.parquet")
    chunks = list(chunked(tmp_path, rows=2, backend="pandas"))
    whole = pd.concat(frames)
    assert {str(chunk.v.dtype) for chunk in chunks} == {str(whole.v.dtype)}
    assert values_of(chunks) == whole.v.tolist()


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_nullable_in_text(tmp_path: Path, backend: Any) -> None:
    """A fraction that appears late makes floats of nullable integers, not text."""
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "1\n" * 10 + "1.5\n" * 10)
    read = {"dtype_backend": backend}
    try:
        chunks = list(chunked(path, rows=5, read=read))
    except TypeChange as change:  # The remedy works.
        chunks = list(chunked(path, rows=5, read=read, types=change.types))
    whole = pd.read_csv(path, dtype_backend=backend)
    pd.testing.assert_frame_equal(pd.concat(chunks), whole)


def test_large_integers_in_one_file(tmp_path: Path) -> None:
    """Files of text with integers of both kinds keep all digits."""
    (tmp_path / "a.csv").write_text("v\n1\n2\n")
    (tmp_path / "b.csv").write_text(f"v\n{2**63 + 5}\n")
    assert values_of(list(chunked(tmp_path, rows=2))) == [1, 2, 2**63 + 5]
    (tmp_path / "a.csv").write_text("v\n-1\n2\n")
    with pytest.raises(MemkitError, match="use --types v=str"):
        list(chunked(tmp_path))
    chunks = list(chunked(tmp_path, types={"v": "str"}))
    assert values_of(chunks) == ["-1", "2", str(2**63 + 5)]


FRAME = pd.DataFrame({"q": [1.0, 2.0], "k": ["a", "b"]})


def open_one(folder: Path, kind: str) -> Any:
    """Return a source of `FRAME`."""
    if kind == "lazy":
        return pl.from_pandas(FRAME).lazy()
    path = folder / f"a.{kind}"
    (FRAME.to_parquet if kind == "parquet" else FRAME.to_feather)(path)
    return path


def type_of(chunk: Any, name: str) -> str:
    """Return the name of the type of a column."""
    if isinstance(chunk, pa.Table):
        return str(chunk.schema.field(name).type)
    return str(chunk[name].dtype)


@pytest.mark.parametrize("kind", ["parquet", "arrow", "lazy"])
@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow", None])
def test_types_of_the_user(tmp_path: Path, kind: str, backend: str | None) -> None:
    """A type is given to the values, or refused, whatever the library."""
    data = open_one(tmp_path, kind)
    for wanted, names in (
        ("float32", {"float32", "Float32", "float"}),
        ("int16", {"int16", "Int16"}),
    ):
        (chunk,) = chunked(data, backend=backend, types={"q": wanted})
        assert type_of(chunk, "q") in names
        assert list(map(float, chunk["q"].to_numpy())) == [1, 2]
    for wanted in ("nonsense", "str"):
        with pytest.raises(MemkitError, match=r"has no type 'nonsense'|q of "):
            list(chunked(data, backend=backend, types={"q": wanted}))
    (chunk,) = chunked(data, backend=backend, types={"k": "category"})
    assert type_of(chunk, "k").startswith(("category", "dictionary", "Categorical"))


@pytest.mark.parametrize("zone", ["+05:30", "-08:00", "UTC", "Europe/Paris"])
@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_zones(tmp_path: Path, suffix: str, zone: str) -> None:
    """Times have the zone that the file has, also one that is only an offset."""
    kind = pa.timestamp("us", zone)
    write(tmp_path, suffix, pa.array([0, 1], kind), pa.array([2, None], kind))
    (file, *_) = sorted(tmp_path.iterdir())
    whole = (pd.read_parquet if suffix == ".parquet" else pd.read_feather)(file)
    chunks = list(chunked(tmp_path, backend="pandas", rows=2))
    assert {chunk.v.dtype for chunk in chunks} == {whole.v.dtype}
    assert parse_type(str(whole.v.dtype)) == kind
    tables = pa.concat_tables(chunked(tmp_path, backend="arrow", rows=2))
    assert tables.schema.field("v").type == kind


def test_values_that_polars_does_not_have(tmp_path: Path) -> None:
    """A type that polars cannot hold is refused with the backends that do."""
    write(tmp_path, ".parquet", pa.array([0, 1], pa.timestamp("us", "+05:30")))
    with pytest.raises(MemkitError, match="use --backend pandas or arrow"):
        list(chunked(tmp_path, backend="polars"))


def test_types_that_values_do_not_fit(tmp_path: Path) -> None:
    """A type that would change values is refused."""
    for backend in ("pandas", "polars", "arrow", "numpy"):
        write(tmp_path, ".parquet", pa.array([1.5, 300.0]))
        for kind in ("int64", "int8"):
            with pytest.raises(MemkitError, match=f"values that {kind}, .* not hold"):
                list(chunked(tmp_path, backend=backend, types={"v": kind}))


def test_arrays_have_one_type(tmp_path: Path) -> None:
    """An array has the type that pandas gives the whole, in every chunk."""
    table = {
        "a": pa.array([1, 2, 3, None]),
        "b": pa.array([1, 2, 3, 4]),
        "c": pa.array([True, False, True, True]),
        "d": pa.array([DAY] * 4, pa.timestamp("us")),
        "e": pa.array([1.5, None, 2, 3]),
        "f": pa.array([2**63 + 5, 1, 2, 3], pa.uint64()),
    }
    for names in ("ab", "bc", "bd", "be", "abe", "d", "f", "bcde"):
        path = tmp_path / f"{names}.parquet"
        parquet.write_table(pa.table({n: table[n] for n in names}), path)
        chunks = list(chunked(path, backend="numpy", rows=2))
        whole = pd.read_parquet(path).to_numpy()
        assert {chunk.dtype for chunk in chunks} == {whole.dtype}
        got = np.concatenate(chunks).reshape(whole.shape)
        assert repr(got.tolist()) == repr(whole.tolist())


def test_arrays_of_nullable(tmp_path: Path) -> None:
    """Nullable integers are those of numpy, or floats if any of them is missing."""
    frame = pd.DataFrame({"a": pd.array([1, 2, 3, None], "Int64"), "b": 1})
    frame.to_parquet(tmp_path / "a.parquet", row_group_size=2)
    chunks = list(chunked(tmp_path / "a.parquet", backend="numpy", rows=2))
    assert {str(chunk.dtype) for chunk in chunks} == {"float64"}


def test_arrays_keep_digits(tmp_path: Path) -> None:
    """Integers that no float holds are refused next to floats, and kept alone."""
    path = tmp_path / "a.parquet"
    frame = pd.DataFrame({"id": [2**53 + 1, 1], "x": [0.5, 1.5]})
    frame.to_parquet(path)
    with pytest.raises(MemkitError, match="leave out id with --columns"):
        list(chunked(path, backend="numpy"))
    (ids,) = chunked(path, backend="numpy", columns=["id"])
    assert ids.tolist() == [2**53 + 1, 1]


def make_frames(kind: Any) -> Iterator[Any]:
    """Yield frames."""
    for number in range(10):
        data = {"a": [number, number + 1], "b": [0, 1]}
        yield kind(data if number % 2 else dict(reversed(data.items())))


@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow", None])
@pytest.mark.parametrize(
    "kind", [pd.DataFrame, pl.DataFrame, pa.table, pa.RecordBatch.from_pydict]
)
@pytest.mark.parametrize("rows", [3, None])
def test_items_that_are_frames(kind: Any, backend: str | None, rows: Any) -> None:
    """Frames from a generator or a list are cut into chunks of the wanted rows."""
    for data in (make_frames(kind), list(make_frames(kind))):
        chunks = list(chunked(data, backend=backend, rows=rows))
        assert [len(each) for each in chunks] == ([3] * 6 + [2] if rows else [20])
        values = [int(v) for chunk in chunks for v in chunk["a"].to_numpy()]
        assert values == [n + more for n in range(10) for more in (0, 1)]
        assert len({tuple(list_columns(chunk) or ()) for chunk in chunks}) == 1


@pytest.mark.parametrize("odd", [pd.DataFrame({"x": [1]}), None])
def test_items_that_are_other_frames(odd: Any) -> None:
    """Another item among frames is refused by its number."""
    with pytest.raises(MemkitError, match=r"item 1 of .* is not a DataFrame with the"):
        list(chunked(iter([FRAME, odd]), rows=1, backend="pandas"))
    assert len(list(chunked(iter([FRAME, FRAME]), rows=1, backend="pandas"))) == 4


@pytest.mark.parametrize("backend", ["pandas", "numpy"])
def test_types_of_columns_that_are_alike(backend: str) -> None:
    """A column has the type that it has alone, whichever columns stand before it."""
    texts = ["a", None, "b"]
    values: list[Any] = [
        pd.array([1, None, 3], "Int64"),
        pd.array([1, 2, 3], "int64"),
        pd.array([1, None, 3], "int64[pyarrow]"),
        pd.array(texts, "string"),
        texts,
        pd.Categorical(texts),
        pd.Categorical(texts, ordered=True),
        pd.date_range("2024", periods=3, tz="Europe/Berlin"),
        pd.period_range("2024", periods=3, freq="M"),
        [None] * 3,
    ]
    names = [f"c{number}" for number in range(2 * len(values))]
    frame = pd.DataFrame(dict(zip(names, values * 2, strict=True)))
    frame.index = pd.Index(texts, name="key")
    types = name_types(pa.Table.from_pandas(frame).schema, (), backend)
    alone: dict[str, str] = {}
    for name in names:
        schema = pa.Table.from_pandas(frame[[name]]).schema
        alone |= name_types(schema, (), backend)
    assert types == alone
    assert list(types) == names


def test_common_types() -> None:
    """Integers stay integers, and text is only the common type of text."""
    assert find_common("int8", "uint64") == "uint64"
    assert find_common("Int8", "UInt64") == "UInt64"
    assert find_common("int64[pyarrow]", "uint64[pyarrow]") == "uint64[pyarrow]"
    assert find_common("datetime64[us]", "datetime64[ns]") == "datetime64[ns]"
    assert find_common("bool", "int64") == find_common("bool", "str") == "object"
    assert find_common("category", "int64") == "object"
    for kind in (pa.timestamp("us", "UTC"), pa.decimal128(9, 2), pa.date32()):
        assert parse_type(str(kind)) == kind
    assert parse_type("UInt8") == parse_type("uint8[pyarrow]") == pa.uint8()


@pytest.mark.parametrize(
    ("values", "wanted", "does_fit"),
    [
        ([-1], "uint64", False),
        ([2**53 + 1], "float64", False),
        ([1.5], "int64", False),
        ([1.5], "float32", True),
        ([300], "int8", False),
        ([1.0, 2.0], "Int64", True),
        ([True], "int64", False),
        ([DAY], "datetime64[ns]", True),
        ([pd.Timestamp(1)], "datetime64[us]", False),
        (["1"], "int64", False),
    ],
)
def test_casts(values: list[Any], wanted: str, *, does_fit: bool) -> None:
    """Values in a frame are cast only if they stay the same."""
    cast = cast_values(pd.Series(values), wanted)
    assert (cast is not None) == does_fit
    if cast is not None:
        assert cast.tolist() == values
