"""Datasets of Hugging Face: tables of what they store, in their own order."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_memkit.errors import MemkitError, SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.huggingface import is_huggingface

pytestmark = pytest.mark.ml


@pytest.fixture
def datasets() -> Any:
    """The library, which shows no progress bars."""
    module = importlib.import_module("datasets")
    module.disable_progress_bars()
    return module


def make(datasets: Any) -> Any:
    """Return a dataset of a hundred rows."""
    return datasets.Dataset.from_dict(
        {"n": list(range(100)), "text": [f"t{n}" for n in range(100)]}
    )


def first(source: Any, **options: Any) -> Any:
    """Return the first chunk, of three rows."""
    return next(iter(chunked(source, rows=3, **options)))


def test_frames(datasets: Any) -> None:
    """The chunks are frames, as of a file."""
    kinds = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.Table}
    for stream in (make(datasets), make(datasets).to_iterable_dataset()):
        for backend, kind in kinds.items():
            chunk = first(stream, backend=backend)
            assert isinstance(chunk, kind)
            assert list(np.asarray(chunk["n"])) == [0, 1, 2]
        assert chunked(stream, rows=7).map(len).reduce("sum") == 100
        assert list(first(stream, columns=["text"]).columns) == ["text"]
        with pytest.raises(MemkitError, match="no column 'nn'; did you mean n"):
            first(stream, columns=["nn"])


def test_selections_and_formats(datasets: Any) -> None:
    """The rows are those of the dataset, in its order and with its columns."""
    dataset = make(datasets)
    assert list(first(dataset.select([5, 3, 90])).n) == [5, 3, 90]
    mixed = dataset.shuffle(seed=1)
    assert list(first(mixed).n) == mixed[:3]["n"]
    for kind in ("numpy", "pandas", "arrow"):
        assert list(first(dataset.with_format(kind, columns=["n"])).columns) == ["n"]
    doubled = dataset.with_transform(lambda rows: {"n": [2 * n for n in rows["n"]]})
    assert first(doubled) == [{"n": 0}, {"n": 2}, {"n": 4}]
    assert dataset.format["type"] is None


def test_nested_features(datasets: Any) -> None:
    """Arrays and structures are as stored, in any library."""
    features = datasets.Features({"m": datasets.Array2D((2, 2), "float32")})
    matrices = [[[1.0, 2.0], [3.0, 4.0]]] * 4
    dataset = datasets.Dataset.from_dict({"m": matrices}, features=features)
    for backend in ("pandas", "polars", "arrow"):
        assert len(first(dataset, backend=backend)) == 3
    chunk = first(dataset, backend="arrow")
    assert chunk["m"].to_pylist()[0] == matrices[0]


def test_stream_of_rows(datasets: Any) -> None:
    """A stream of rows of Python has the same types throughout."""

    def rows() -> Any:
        yield from ({"n": n, "text": "a" if n % 4 else None} for n in range(10))

    stream = datasets.IterableDataset.from_generator(rows)
    chunks = list(chunked(stream, rows=4, backend="pandas"))
    assert [list(chunk.text.isna()) for chunk in chunks] == [
        [True, False, False, False],
        [True, False, False, False],
        [True, False],
    ]
    assert chunked(stream, rows=4).map(lambda df: df.n.sum()).reduce("sum") == 45


def test_bad_input(datasets: Any) -> None:
    """A dictionary of datasets, and an empty dataset, are refused in one sentence."""
    several = datasets.DatasetDict({"train": make(datasets)})
    with pytest.raises(SourceError, match=r"several datasets \(train\); use one"):
        chunked(several)
    empty = make(datasets).select([])
    with pytest.raises(SourceError, match="the Dataset has no rows"):
        chunked(empty).map(len).reduce("sum")
    with pytest.raises(SourceError, match="cannot be resumed"):
        chunked(make(datasets).to_iterable_dataset())._source.fingerprint()


def test_training(datasets: Any) -> None:
    """A dataset has parts to shuffle; a stream is read again in each epoch."""
    batches = chunked(make(datasets)).batches(30, shuffle=100, seed=0)
    found = [n for batch in batches for n in batch.n]
    assert sorted(found) == list(range(100))
    stream = chunked(make(datasets).to_iterable_dataset()).batches(30)
    assert [len(batch) for _ in range(2) for batch in stream] == [30, 30, 30, 10] * 2


def test_workers(datasets: Any) -> None:
    """Its tables can be sent to other processes."""
    chunks = chunked(make(datasets), rows=30, backend="arrow")
    assert chunks.map(len).run("sum", workers=1).value == 100


def test_recognized(datasets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset is recognized without importing the library."""
    dataset = make(datasets)
    assert (is_huggingface(dataset), is_huggingface([1])) == (True, False)
    monkeypatch.delitem(sys.modules, "datasets")
    assert not is_huggingface(dataset)
    assert "datasets" not in sys.modules
