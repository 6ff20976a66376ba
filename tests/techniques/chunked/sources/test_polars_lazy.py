"""Streaming a polars LazyFrame."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Request
from jupyter_memkit.techniques.chunked.sources.polars_lazy import (
    LazyFrameSource,
    is_lazy_frame,
)
from tests.techniques.chunked.sources.engine import chunks_of, load_from, load_one

N_ROWS = 1_000


@pytest.fixture
def frame(tmp_path: Path) -> pl.LazyFrame:
    """A query over a file with a missing value near the end."""
    path = tmp_path / "a.parquet"
    numbers = [number if number != 900 else None for number in range(N_ROWS)]
    pl.DataFrame({"id": range(N_ROWS), "n": numbers}).write_parquet(path)
    return pl.scan_parquet(path).with_columns(double=pl.col("id") * 2)


def test_chunks_are_the_result(frame: pl.LazyFrame) -> None:
    """The chunks are polars frames that together are the whole result, in order."""
    chunks = list(chunks_of(LazyFrameSource(frame=frame), rows=300))
    assert [len(chunk) for chunk in chunks] == [300, 300, 300, 100]
    assert pl.concat(chunks).equals(frame.collect())


def test_pandas(frame: pl.LazyFrame) -> None:
    """Frames of pandas have one type, even if values are missing only later."""
    source = LazyFrameSource(frame=frame)
    frames = list(chunks_of(source, rows=300, backend="pandas", types={"n": "float64"}))
    expected = frame.collect().to_arrow().to_pandas()
    pd.testing.assert_frame_equal(pd.concat(frames), expected)


def test_columns(frame: pl.LazyFrame) -> None:
    """The columns are known before the run, and only the requested ones are read."""
    source = LazyFrameSource(frame=frame)
    assert source.columns() == ("id", "n", "double")
    (chunk,) = chunks_of(source, rows=N_ROWS, columns=("double",))
    assert chunk.columns == ["double"]
    assert [len(chunk) for chunk in chunks_of(source, rows=600, columns=())] == [
        600,
        400,
    ]


def test_continues(frame: pl.LazyFrame) -> None:
    """A piece can be read separately, and so can the rest."""
    source = LazyFrameSource(frame=frame)
    pieces = source.pieces(Request(rows=lambda: 400))
    first, second = next(pieces), next(pieces)
    expected = second.load()
    pieces.close()
    assert [len(rows) for rows in load_from(source, first.end, 400)] == [400, 200]
    assert load_one(source, second, 400).equals(expected)


def test_no_resume(frame: pl.LazyFrame) -> None:
    """A run over a query cannot be resumed, and the error says what to use instead."""
    with pytest.raises(SourceError, match="sink_parquet"):
        LazyFrameSource(frame=frame).fingerprint()


def test_failing_query(frame: pl.LazyFrame) -> None:
    """A query that fails raises one clear error; the user's own error passes."""
    source = LazyFrameSource(frame=frame.select("nowhere"))
    with pytest.raises(SourceError, match=r"the LazyFrame fails .*nowhere") as caught:
        list(chunks_of(source))
    assert "\n" not in str(caught.value)
    missing = LazyFrameSource(frame=pl.scan_parquet("missing.parquet"))
    with pytest.raises(SourceError, match=r"missing\.parquet"):
        missing.columns()


def test_recognized() -> None:
    """A LazyFrame is recognized, and a frame is not taken for one."""
    frame = pl.DataFrame({"a": [1]})
    assert (is_lazy_frame(frame.lazy()), is_lazy_frame(frame)) == (True, False)


SCRIPT = """
import sys
import polars as pl
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.chunks import Chunked
from jupyter_memkit.techniques.chunked.sources.polars_lazy import LazyFrameSource

for rows in (100_000, 10_000_000):
    # The first run takes the memory that the library keeps.
    frame = pl.select(a=pl.int_range(rows)).lazy().select(
        *((pl.col("a") * i).cast(pl.Float64).alias(f"c{i}") for i in range(8))
    )
    settings = Settings(memory_bytes=1 << 30, rows=20_000)
    run = Chunked(LazyFrameSource(frame=frame), settings)
    summary = run.map(lambda chunk: chunk["c1"].sum()).run("sum")
print(summary.rows, summary.peak_bytes - summary.before_bytes)
"""


def test_memory_is_that_of_a_few_batches() -> None:
    """A result of 610 MiB grows the process by far less."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "POLARS_MAX_THREADS": "2"},
    )
    rows, growth_bytes = map(int, done.stdout.split())
    assert rows == 10_000_000
    assert growth_bytes < 300 << 20
