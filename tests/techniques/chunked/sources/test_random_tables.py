"""Random CSV files in chunks equal what each library reads from the whole.

Heads, samples and blocks are a few bytes long. More files take longer:
``MEMKIT_RANDOM_TABLES=10000``, starting with the seed ``MEMKIT_RANDOM_SEED``. Among
more than 1,000 files, every hundredth is large.
"""

from __future__ import annotations

import io
import random
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import csv

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.delimited import (
    line_ends,
    sample,
    source,
)
from tests.techniques.chunked.sources.random_tables import (
    COUNT,
    FIRST,
    Table,
    make_table,
)

# Why a file that a library reads as a whole may be rejected, with a remedy.
_NAMES = (
    *("has no rows", "not encoded", "a duplicate", "before the column names"),
    *("a quote in a column", "has no column ''", "is empty"),
)
REJECTIONS = {
    "pandas": (
        *("more than 64 bits", "the index of", "has no rows"),
        "no type holds both",
    ),
    "arrow": (
        *(*_NAMES, "bool in later ones", "two columns named"),
        *("cannot be parsed by pyarrow", "the open quote"),
    ),
    "polars": (
        *_NAMES,
        "a lone CR",
        "middle of a value",
        "cannot be read in chunks",
        "in later ones; use",
        "cannot be parsed by polars",
    ),
}


def read_whole(path: Path, backend: str, separator: str) -> Any:
    """Return what a library reads from the whole file, or its exception."""
    content = path.read_bytes()
    try:
        if backend == "pandas":
            return pd.read_csv(path, sep=separator, low_memory=False)
        if backend == "polars":
            return pl.read_csv(content, separator=separator, infer_schema_length=None)
        return csv.read_csv(
            io.BytesIO(content),
            read_options=csv.ReadOptions(block_size=len(content) + 1),
            parse_options=csv.ParseOptions(
                delimiter=separator, newlines_in_values=True
            ),
        )
    except Exception as error:  # noqa: BLE001 - whatever the library raises
        return error


def read_chunks(path: Path, types: dict[str, str], **options: Any) -> Any:
    """Return the chunks joined, following each remedy for a type; or the error."""
    try:
        return join(list(chunked(path, types=types, **options)), options["backend"])
    except TypeChange as change:
        assert len(types) < 100, f"the remedies for types do not end: {types}"
        return read_chunks(path, {**types, **change.types}, **options)
    except MemkitError as error:
        return error


def join(chunks: list[Any], backend: str) -> Any:
    """Join chunks."""
    if not chunks:
        return MemkitError("it has no rows")
    if backend == "pandas":
        return pd.concat(chunks)
    return pl.concat(chunks) if backend == "polars" else pa.concat_tables(chunks)


def assert_equal(got: Any, whole: Any, backend: str) -> None:
    """Check that two frames of a library are equal."""
    if backend == "pandas":
        pd.testing.assert_frame_equal(got, whole)
    elif backend == "polars":
        assert got.schema == whole.schema
        assert got.equals(whole)
    else:
        assert got.schema.equals(whole.schema)
        assert repr(got.to_pydict()) == repr(whole.to_pydict())  # NaN is NaN.


def make_small(monkeypatch: pytest.MonkeyPatch, rng: random.Random) -> None:
    """Make samples and blocks a few bytes long, so that types appear late."""
    head = rng.choice((1, 30, 200, 1 << 20))
    monkeypatch.setattr(sample, "HEAD_BYTES", head)
    monkeypatch.setattr(source, "HEAD_BYTES", head)
    monkeypatch.setattr(sample, "_SAMPLE_BYTES", rng.choice((10, 40, 200)))
    monkeypatch.setattr(sample, "_SAMPLES", rng.choice((1, 3, 8)))
    monkeypatch.setattr(sample, "_SKIPPED_BYTES", rng.choice((1, 7, 100)))
    monkeypatch.setattr(line_ends, "_PART_BYTES", rng.choice((1, 2, 5, 50, 1 << 18)))


def check_table(
    folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int, backend: str
) -> str:
    """Compare the file of a seed with its library, and return the outcome."""
    is_large = COUNT > 1_000 and seed % 100 == 0
    table: Table = make_table(seed, is_large=is_large)
    rng = random.Random(-seed - 1)
    if not is_large:
        make_small(monkeypatch, rng)
    path = folder / f"table{table.suffix}"
    path.write_bytes(table.content)
    separator = table.options.get("sep", "\t" if table.suffix == ".tsv" else ",")
    whole = read_whole(path, backend, separator)
    rows = rng.choice((7, None) if is_large else (1, 2, 3, 7, 30, None))
    got = read_chunks(path, {}, backend=backend, rows=rows, read=table.options)
    where = f"seed {seed}, {backend}: {table.content[:200]!r}"
    if not isinstance(got, MemkitError):
        assert not isinstance(whole, Exception), f"{where}: {whole}"
        try:
            assert_equal(got, whole, backend)
        except AssertionError as error:
            raise AssertionError(where) from error
        return "equal"
    if isinstance(whole, Exception):
        return "rejected by both"
    assert any(why in str(got) for why in REJECTIONS[backend]), f"{where}: {got}"
    return "rejected"


@pytest.mark.parametrize("backend", ["pandas", "arrow", "polars"])
def test_random_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    """Joined chunks equal the whole, or there is one clear error; mostly the former."""
    warnings.simplefilter("ignore")
    came = [
        check_table(tmp_path, monkeypatch, seed, backend)
        for seed in range(FIRST, FIRST + COUNT)
    ]
    # polars reads a lone CR, and a quote within a value, differently.
    assert came.count("equal") > COUNT / (6 if backend == "polars" else 2)
