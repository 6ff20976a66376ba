"""Nested values of JSON lines are the objects that each library reads."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.base import TypeChange


def make_row(number: int) -> dict[str, Any]:
    """Return an object whose nested values differ from row to row."""
    row: dict[str, Any] = {
        "id": number,
        "text": f"é{number}",
        "attr": {"x": number} if number % 2 else {"y": [{"z": None}, {"w": [[1], []]}]},
        "tags": ["a"] * (number % 3),
    }
    if number % 5:
        row["some"] = {"k": number} if number % 7 else None
    return row


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write a file with one object per line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_nested_values_are_those_of_pandas(tmp_path: Path) -> None:
    """Dicts have their own keys only, and lists are lists, at any depth."""
    path = write(tmp_path / "a.jsonl", [make_row(number) for number in range(400)])
    expected = pd.read_json(path, lines=True, dtype=False)
    frame = pd.concat(list(chunked(path, rows=70, backend="pandas")))
    pd.testing.assert_frame_equal(frame[list(expected.columns)], expected)
    assert repr(frame["attr"].tolist()) == repr(expected["attr"].tolist())
    assert {type(tags) for tags in frame["tags"]} == {list}


def test_nested_values_in_numpy(tmp_path: Path) -> None:
    """Arrays hold the same objects."""
    rows = [{"attr": {"x": 1}, "tags": [1, 2]}, {"attr": {"y": 2}, "tags": [3, 4]}]
    (array,) = chunked(write(tmp_path / "a.jsonl", rows), backend="numpy", rows=9)
    assert array.tolist() == [list(row.values()) for row in rows]
    (tags,) = chunked(tmp_path / "a.jsonl", backend="numpy", rows=9, columns=["tags"])
    assert isinstance(tags, np.ndarray)
    assert tags.tolist() == [[1, 2], [3, 4]]


def test_nested_values_that_appear_late(tmp_path: Path) -> None:
    """The error for nested values behind the sample has the types that read them."""
    pad = "x" * 250
    rows: list[dict[str, Any]] = [{"a": None, "b": 1, "pad": pad} for _ in range(8_000)]
    rows[6_000] |= {"a": {"x": 1}, "b": [1]}
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    with pytest.raises(TypeChange) as raised:
        chunked(path, rows=1_000, backend="pandas").map(len).reduce("sum")
    chunks = chunked(path, rows=1_000, backend="pandas", types=raised.value.types)
    frame = pd.concat(list(chunks))
    assert frame[["a", "b"]].loc[6_000].tolist() == [{"x": 1}, [1]]


def test_nested_values_of_several_files(tmp_path: Path) -> None:
    """Files whose nested values differ are one column."""
    write(tmp_path / "a.jsonl", [{"a": {"x": 1}}])
    write(tmp_path / "b.jsonl", [{"a": [{"y": 1}]}])
    frame = pd.concat(list(chunked(tmp_path, backend="pandas")))
    assert frame["a"].tolist() == [{"x": 1}, [{"y": 1}]]


def test_nested_values_of_polars(tmp_path: Path) -> None:
    """Frames of polars have structures, with all keys, as its own reader."""
    rows = [{"attr": {"x": 1}}, {"attr": {"y": 2}}]
    path = write(tmp_path / "a.jsonl", rows)
    (frame,) = chunked(path, backend="polars", rows=9)
    assert frame.equals(pl.read_ndjson(path))


@pytest.mark.parametrize("line", ["[1]", '{"a": {"x": 1}, "b": 1}', '{"a": '])
def test_bad_line_beside_nested_values(tmp_path: Path, line: str) -> None:
    """A line that is not an object, or has a new column, is named."""
    pad = "x" * 250
    lines = [json.dumps({"a": {"x": number}, "pad": pad}) for number in range(8_000)]
    lines[6_000] = line
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    with pytest.raises(SourceError, match=r"6001|sample=all"):
        chunked(path, rows=1_000, backend="pandas").map(len).reduce("sum")


@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow"])
def test_unpaired_surrogate(tmp_path: Path, backend: str) -> None:
    """Text that is not Unicode is rejected with its line and column."""
    rows = [{"i": number, "a": "\U0001f600"} for number in range(400)]
    rows[350]["a"] = "\ud800"
    path = write(tmp_path / "a.jsonl", rows)
    with pytest.raises(SourceError, match=r"^line 351 of a.jsonl .* \(a contains an"):
        chunked(path, rows=70, backend=backend).map(len).reduce("sum")
