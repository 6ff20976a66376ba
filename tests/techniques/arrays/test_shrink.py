"""Shrinking arrays, frames and Series."""

from __future__ import annotations

import datetime as dt
import decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.sizes import buffers
from jupyter_memkit.techniques.arrays.pandas_columns import shrink_column
from jupyter_memkit.techniques.arrays.policy import Policy
from jupyter_memkit.techniques.arrays.shrink import shrink


class Prices(pd.DataFrame):
    """A subclass, like GeoDataFrame."""


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (np.arange(100), "i1"),
        (np.array([-129, 127] * 9), "i2"),
        (np.array([2**31] * 9), "i8"),
        (np.array([255] * 99, "u8"), "u1"),
        (np.array([0.5, -0.0, np.inf, np.nan] * 9), "f4"),
        (np.array([0.1] * 9), "f8"),
        (np.array([1e-60] * 9), "f8"),
        (np.array([0x7FF8000000000001] * 9, "u8").view("f8") * 1, "f8"),
        (np.array([1 + 2j] * 9), "c8"),
        (np.array(["ab"] * 9, "U50"), "U2"),
        (np.array([b"ab"] * 9, "S50"), "S2"),
        (np.array([1, 2, 300] * 9, dtype=object), "i2"),
        (np.array([True, False] * 9, dtype=object), "?"),
        (np.array([0.5, 1.5] * 9, dtype=object), "f4"),
        (np.arange(90, dtype=">i8"), "i1"),
        (np.array(["2026-01-01"] * 9, "M8[ns]"), "M8[ns]"),
        (np.zeros((0, 3)), "f8"),
        (np.array([], dtype=object), "O"),
    ],
    ids=lambda value: str(getattr(value, "dtype", value)),
)
def test_arrays(values: Any, dtype: str) -> None:
    """Each array gets the smallest dtype of its kind that keeps every bit."""
    smaller = shrink(values)
    assert smaller.dtype == np.dtype(dtype)
    assert smaller.astype(values.dtype).tobytes() == values.tobytes() or (
        values.dtype.hasobject and smaller.tolist() == values.tolist()
    )
    assert smaller.dtype != values.dtype or smaller is values


def test_dtypes_that_overflow() -> None:
    """Signed integers do not become unsigned, nor floats float16: they overflow."""
    assert shrink(np.array([0, 200] * 9)).dtype == np.int16
    assert shrink(np.array([0.5, 200] * 9)).dtype == np.float32


def test_structured() -> None:
    """The fields of records shrink one by one."""
    fields: Any = [("number", "i8"), ("share", "f8", (2,)), ("name", "U20")]
    records = np.array([(1, (0.5, 0.25), "ab")] * 50, fields)
    smaller = shrink(records)
    assert smaller.dtype.itemsize == 1 + 2 * 4 + 2 * 4
    assert smaller.astype(records.dtype).tobytes() == records.tobytes()
    titled = np.array([(1,), (2,)], [(("The number", "number"), "i8")])
    assert shrink(titled)["The number"].tolist() == [1, 2]


def test_views() -> None:
    """A view that is the only user of a large base is copied."""
    view = np.random.default_rng(0).random(1000)[:10]
    smaller = shrink(view)
    assert (smaller.base, smaller.tolist()) == (None, view.tolist())
    base = np.random.default_rng(0).random(1000)
    assert shrink(base[:10]).base is base
    repeated = np.broadcast_to(np.array([5.0]), (1000,))
    assert shrink(repeated) is repeated


def test_layout() -> None:
    """The order of the axes and the writeable flag are kept."""
    columns = np.asfortranarray(np.arange(600).reshape(20, 30))
    columns.flags.writeable = False
    smaller = shrink(columns)
    assert smaller.flags.f_contiguous
    assert not smaller.flags.writeable


def test_rounding() -> None:
    """Rounding is done only on request, and not if a number would become infinite."""
    prices = np.array([0.1, 93.2] * 9)
    rounded = shrink(prices, float32=True)
    assert rounded.dtype == np.float32
    assert np.abs(rounded - prices).max() < 4e-6
    assert shrink(np.array([0.1, 1e300] * 9), float32=True).dtype == np.float64


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([1, 2], "the type list; convert it to an array with %to_numpy"),
        ("text", "the type str; %shrink supports"),
        (np.ma.array([1]), "it is a MaskedArray"),
        (Prices({"a": [1]}), "it is a Prices, .* pd.DataFrame"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_refused(values: Any, sentence: str) -> None:
    """Anything but a plain array or frame is refused in one sentence."""
    with pytest.raises(MemkitError, match=sentence):
        shrink(values)


def test_mapped_files(tmp_path: Path) -> None:
    """A mapped file is never read into memory."""
    path = tmp_path / "numbers.npy"
    np.save(path, np.arange(100_000))
    mapped = np.load(path, mmap_mode="r")
    for values in (mapped, np.asarray(mapped)[5:]):
        with pytest.raises(MemkitError, match="mapped from a file"):
            shrink(values)
    frame = pd.DataFrame({"a": pd.Series(mapped, copy=False), "b": 1}, copy=False)
    assert shrink(frame).dtypes.to_list() == [np.int64, np.int8]


@pytest.mark.parametrize("is_from_arrow", [False, True])
def test_columns_in_memory(
    monkeypatch: pytest.MonkeyPatch, *, is_from_arrow: bool
) -> None:
    """The mapped files, which take long to read, are not read for columns in memory."""
    frame = pd.DataFrame({f"c{number}": range(5_000) for number in range(4)})
    if is_from_arrow:
        frame = pa.Table.from_pandas(frame).to_pandas()

    def fail() -> None:
        pytest.fail("the mapped files are read")

    monkeypatch.setattr(buffers, "find_mapped_files", fail)
    assert set(shrink(frame).dtypes) == {np.dtype("i2")}


def test_labels_without_duplicates() -> None:
    """A frame or a Series whose labels must differ shrinks, and keeps that."""
    frame = pd.DataFrame({"text": ["red", "blue"] * 1000, "number": range(2000)})
    frame = frame.astype({"text": object}).set_flags(allows_duplicate_labels=False)
    for value in (frame, frame["text"]):
        smaller = shrink(value)
        assert not smaller.flags.allows_duplicate_labels
        assert (smaller.astype(object) == value).all(axis=None)


def test_columns() -> None:
    """Each kind of column has its own rule."""
    n = 2000
    frame = pd.DataFrame(
        {
            "boxed": pd.Series([1, None] * (n // 2), dtype=object),
            "boxed bools": pd.Series([True, None] * (n // 2), dtype=object),
            "boxed floats": pd.Series([0.5, None] * (n // 2), dtype=object),
            "boxed texts": pd.Series([f"text {i}" for i in range(n)], dtype=object),
            "nullable": pd.array([1, None] * (n // 2), dtype="Int64"),
            "few texts": ["red", "blue"] * (n // 2),
            "with NaN": [1.0, np.nan] * (n // 2),
            "decimals": [decimal.Decimal(1)] * n,
            "arrow": pd.Series([1, None] * (n // 2), dtype="int64[pyarrow]"),
            "times": pd.date_range("2026", periods=n, tz="UTC"),
        }
    )
    dtypes = dict(shrink(frame).dtypes.astype(str))
    assert dtypes == {
        "boxed": "Int8",
        "boxed bools": "boolean",
        "boxed floats": "Float32",
        # The names in pandas 3 and pandas 2.
        "boxed texts": "str" if pd.Series(["a"]).dtype == "str" else "string",
        "nullable": "Int8",
        "few texts": "category",
        "with NaN": "float32",
        "decimals": "object",
        "arrow": "int8[pyarrow]",
        "times": str(frame["times"].dtype),
    }


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ([1, "a"], "unchanged: holds int and str"),
        ([None, pd.NA, 1], "unchanged: holds NAType and NoneType and int"),
        ([10**30, 1], "unchanged: it contains an integer of 31 digits, and no dtype"),
        ([10**30, None], "unchanged: "),
        ([0.5, float("nan"), None], "unchanged: holds both NaN and missing values"),
        ([decimal.Decimal(1)], "unchanged: holds Decimal objects"),
        ([dt.date(2026, 1, 1)], "unchanged: holds date objects"),
    ],
    ids=str,
)
def test_kept_objects(values: list[Any], note: str) -> None:
    """Objects that no dtype can hold exactly are kept, with the reason."""
    column = pd.Series(values * 9, dtype=object)
    change = shrink_column(column, Policy())
    assert change.result is column
    assert change.note.startswith(note)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([dt.datetime(2026, 1, 1), None], "M"),  # noqa: DTZ001 - as numpy has
        ([pd.Timestamp("2026-01-01"), pd.NaT], "M"),
        ([1, float("nan")], "Int8"),
        (["half \ud800", "b"], "category"),
        ([True, False], "bool"),
    ],
    ids=str,
)
def test_unboxed(values: list[Any], dtype: str) -> None:
    """Objects of one type, with missing ones, become a typed column; attrs are kept."""
    column = pd.Series(values * 999, dtype=object, name="boxed")
    column.attrs["source"] = "made"
    smaller = shrink(column)
    assert dtype in (smaller.dtype.kind, str(smaller.dtype))
    assert (smaller.name, smaller.attrs) == ("boxed", {"source": "made"})
    assert smaller.isna().tolist() == column.isna().tolist()
    assert smaller.dropna().tolist() == column.dropna().tolist()


def test_objects_that_are_shared() -> None:
    """An array of references to few objects is smaller than their values."""
    texts = np.array(["a long text of many letters"] * 9 + ["b"], dtype=object)
    assert shrink(texts) is texts
    surrogates = pd.Series([f"half \ud800 {i}" for i in range(99)], dtype=object)
    assert shrink(surrogates) is surrogates


def test_categories() -> None:
    """Categories are in the order of the strings, and can be disabled."""
    texts = pd.Series(["red", None, "blue"] * 1000, name="colour")
    smaller = shrink(texts)
    assert list(smaller.cat.categories) == ["blue", "red"]
    assert (smaller.name, list(smaller[2:4])) == ("colour", ["blue", "red"])
    assert shrink(texts, categories=False) is texts
    many = pd.Series([str(number) for number in range(100)] * 100)
    assert shrink(many).dtype == "category"
    different = pd.Series([str(number) for number in range(1000)], dtype="string")
    assert shrink(different) is different


def test_shared_frames_stay_apart() -> None:
    """A smaller frame and its original do not share changes."""
    frame = pd.DataFrame({"a": np.arange(100), "b": np.arange(100) / 7})
    smaller = shrink(frame)
    smaller.loc[0, "b"] = 5.0
    frame.loc[1, "b"] = 6.0
    assert (frame["b"][0], smaller["b"][1]) == (0.0, 1 / 7)


def test_polars() -> None:
    """Polars frames keep their values, names and missing values."""
    frame = pl.DataFrame(
        {
            "a": [1, None, 300] * 50,
            "b": [0.5, None, -0.0] * 50,
            "c": [0.1] * 150,
            "d": ["red", "blue", None] * 50,
        }
    )
    smaller = shrink(frame)
    assert smaller.dtypes[:3] == [pl.Int16, pl.Float32, pl.Float64]
    assert smaller.cast(dict(frame.schema)).equals(frame)
    for kept in ([0.1], [None], ["a", "b"], [True]):
        series = pl.Series("a", kept)
        assert shrink(series) is series
    assert shrink(pl.Series("a", [1, 2])).to_list() == [1, 2]


def test_arrow() -> None:
    """Arrow tables keep their values and metadata, chunk by chunk."""
    schema = pa.schema(
        [("a", pa.int64()), ("b", pa.float64()), ("c", pa.string())],
        metadata={"made": "here"},
    )
    rows = [
        {"a": 1, "b": 0.5, "c": "some long text"},
        {"a": None, "b": None, "c": None},
    ] * 99
    parts = [pa.Table.from_pylist(rows, schema=schema) for _ in range(3)]
    table = pa.concat_tables(parts)
    smaller = shrink(table)
    assert [str(each) for each in smaller.schema.types[:2]] == ["int8", "float"]
    assert pa.types.is_dictionary(smaller.schema.types[2])
    assert smaller.schema.metadata == schema.metadata
    assert smaller.to_pylist() == table.to_pylist()
    kept = pa.table({"a": pa.array([None], pa.int64()), "b": [0.1], "c": ["text"]})
    assert shrink(kept) is kept
