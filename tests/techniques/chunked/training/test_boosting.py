"""Batches for XGBoost and LightGBM train the models that all data at once would."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import chunked

pytestmark = pytest.mark.ml


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in small row groups."""
    points = np.random.default_rng(0).normal(size=(600, 3))
    frame = pd.DataFrame(points, columns=["a", "b", "c"])
    frame["y"] = (points.sum(axis=1) > 0).astype(int)
    table = pa.Table.from_pandas(frame)
    parquet.write_table(table, tmp_path / "rows.parquet", row_group_size=100)
    return tmp_path / "rows.parquet"


def test_xgboost(path: Path) -> None:
    """The iterator gives the same rows each time, and the same model."""
    xgboost = pytest.importorskip("xgboost")
    frame = pd.read_parquet(path)
    features = frame[["a", "b", "c"]].to_numpy()
    whole = xgboost.QuantileDMatrix(features, frame.y)
    ours = xgboost.QuantileDMatrix(chunked(path).batches(128).xgboost("y"))
    options = {"objective": "binary:logistic", "nthread": 1, "seed": 0}
    found, wanted = (
        xgboost.train(options, data, 3).predict(xgboost.DMatrix(features))
        for data in (ours, whole)
    )
    assert ours.num_row() == 600
    assert np.array_equal(found, wanted)


def test_lightgbm(path: Path) -> None:
    """The sequence answers for rows, slices and lists, and gives the same model."""
    lightgbm = pytest.importorskip("lightgbm")
    frame = pd.read_parquet(path)
    features = frame[["a", "b", "c"]].to_numpy()
    rows = chunked(path).batches(128).lightgbm("y")
    assert len(rows) == 600
    assert np.array_equal(rows[599], features[599])
    assert np.array_equal(rows[90:310], features[90:310])
    assert np.array_equal(rows[0:600:7], features[::7])
    assert np.array_equal(rows[[5, 3, 500]], features[[5, 3, 500]])
    assert np.array_equal(rows.target, frame.y)
    options = {"objective": "binary", "num_threads": 1, "verbose": -1, "seed": 0}
    found, wanted = (
        lightgbm.train(options, lightgbm.Dataset(data, label=target), 3).predict(
            features
        )
        for data, target in ((rows, rows.target), (features, frame.y))
    )
    assert np.array_equal(found, wanted)


def test_lightgbm_bad_input(path: Path) -> None:
    """Rows without numbers are refused, and so is another order."""
    pytest.importorskip("lightgbm")
    with pytest.raises(MemkitError, match="leave out shuffle"):
        chunked(path).batches(10, shuffle=100).lightgbm("y")
    with pytest.raises(MemkitError, match="write it to a Parquet file first"):
        chunked(iter([[1.0]])).batches(10).lightgbm(lambda rows: (rows, rows))
