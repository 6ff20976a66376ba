"""Every chunk has its columns in one order, whatever the files have."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.arranging import arrange_columns
from jupyter_memkit.techniques.chunked.sources.base import Request, load_parts
from jupyter_memkit.techniques.chunked.sources.opening import open_source

FRAME = pd.DataFrame({"price": [1.0] * 6, "qty": [100.0] * 6, "year": [7.0] * 6})

WRITERS: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    ".csv": lambda frame, path: frame.to_csv(path, index=False),
    ".parquet": lambda frame, path: frame.to_parquet(path),
    ".arrow": lambda frame, path: frame.to_feather(path),
    ".jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
}


def write(folder: Path, suffix: str, *orders: list[str]) -> Path:
    """Write files with the same columns in several orders."""
    for number, names in enumerate(orders):
        WRITERS[suffix](FRAME[names], folder / f"{number}{suffix}")
    return folder


def as_array(chunk: Any, backend: str) -> Any:
    """Return a chunk of any backend as an array."""
    if backend == "arrow":
        return np.column_stack(chunk.columns)
    return chunk if backend == "numpy" else chunk.to_numpy()


@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow", "numpy"])
@pytest.mark.parametrize("suffix", list(WRITERS))
@pytest.mark.parametrize("columns", [None, ["qty", "year", "price"], ["year", "price"]])
@pytest.mark.parametrize("rows", [None, 4, 6])
def test_files_of_other_orders(
    tmp_path: Path,
    backend: str,
    suffix: str,
    columns: list[str] | None,
    rows: int | None,
) -> None:
    """All files have the order of the request, or that of the first file."""
    write(tmp_path, suffix, ["price", "qty", "year"], ["year", "qty", "price"])
    chunks = list(chunked(tmp_path, backend=backend, columns=columns, rows=rows))
    got = np.concatenate([as_array(chunk, backend) for chunk in chunks])
    names = columns or ["price", "qty", "year"]
    np.testing.assert_array_equal(got, pd.concat([FRAME, FRAME])[names].to_numpy())


@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow", "numpy"])
@pytest.mark.parametrize("suffix", list(WRITERS))
def test_order_of_the_request(tmp_path: Path, backend: str, suffix: str) -> None:
    """One file has the order of the request, in every format."""
    write(tmp_path, suffix, ["price", "qty", "year"])
    (chunk,) = chunked(
        tmp_path / f"0{suffix}", backend=backend, columns=["qty", "price"]
    )
    np.testing.assert_array_equal(
        as_array(chunk, backend), FRAME[["qty", "price"]].to_numpy()
    )


def test_keys_in_the_order_of_the_request(tmp_path: Path) -> None:
    """Columns in the names of folders have their place in the order too."""
    for year in (2023, 2024):
        folder = tmp_path / f"year={year}"
        folder.mkdir()
        FRAME[["price", "qty"]].to_parquet(folder / "a.parquet")
    for chunk in chunked(tmp_path, backend="pandas", columns=["year", "qty"]):
        assert list(chunk.columns) == ["year", "qty"]


def test_order_in_other_processes(tmp_path: Path) -> None:
    """Pieces that are sent to other processes have the same order there."""
    write(tmp_path, ".parquet", ["price", "qty", "year"], ["qty", "year", "price"])
    pieces = open_source(tmp_path).pieces(Request(rows=lambda: 3, portable=True))
    for piece in list(pieces):
        sent = pickle.loads(pickle.dumps(piece))
        for part in load_parts(sent.load, 2):
            assert part.column_names == ["price", "qty", "year"]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_tables_that_are_in_order(make: Callable[[Any], Any]) -> None:
    """Rows that are in order already are not copied, and other columns come last."""
    rows = make({"a": [1], "b": [2], "column_names": [3]})
    assert arrange_columns(rows, ["a", "b"]) is rows
    names = arrange_columns(rows, ["b", "none"])
    names = names.column_names if isinstance(names, pa.Table) else list(names.columns)
    assert names == ["b", "a", "column_names"]
    assert arrange_columns([1, 2], ["a"]) == [1, 2]


def test_series_with_a_label_like_an_attribute() -> None:
    """A series has no columns, even if a label of it is called so."""
    series = pd.Series([1, 2], index=["columns", "b"])
    assert arrange_columns(series, ["b"]) is series


@pytest.mark.parametrize("names", [["*", "b"], ["b", "^.*$"], ["^b$", "b"]], ids=str)
@pytest.mark.parametrize("suffix", list(WRITERS))
@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow"])
def test_names_that_are_patterns(
    tmp_path: Path, names: list[str], suffix: str, backend: str
) -> None:
    """A name that polars takes for a pattern names one column."""
    for number in (0, 1):
        frame = pd.DataFrame({"b": [1, 2, 3], names[0]: [4, 5, 6], names[1]: [7, 8, 9]})
        order = list(reversed(names)) if number else names
        WRITERS[suffix](frame[order], tmp_path / f"{number}{suffix}")
        wanted = frame[names].to_numpy().tolist() * 2
    chunks = list(chunked(tmp_path, backend=backend, rows=4))
    assert np.concatenate([as_array(c, backend) for c in chunks]).tolist() == wanted


@pytest.mark.parametrize("name", ["*", "^.*$"])
@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow"])
def test_lazy_names_that_are_patterns(name: str, backend: str) -> None:
    """A column of a LazyFrame is read alone whatever its name means to polars."""
    frame = pl.LazyFrame({name: [1, 2, 3], "b": [4, 5, 6]})
    (chunk,) = chunked(frame, columns=[name], backend=backend)
    assert as_array(chunk, backend).tolist() == [[1], [2], [3]]
