"""Batches as an IterableDataset of torch, divided among workers and ranks."""

from __future__ import annotations

import importlib
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import chunked

N_ROWS = 1_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in small row groups."""
    numbers = np.arange(N_ROWS)
    table = pa.table({"n": numbers, "x": numbers / 2, "text": ["a"] * N_ROWS})
    parquet.write_table(table, tmp_path / "rows.parquet", row_group_size=50)
    return tmp_path / "rows.parquet"


@pytest.fixture
def data() -> Any:
    """Torch's module."""
    return importlib.import_module("torch.utils.data")


def read(data: Any, dataset: Any, n_workers: int) -> list[int]:
    """Return the numbers of an epoch of a loader."""
    loader = data.DataLoader(dataset, batch_size=None, num_workers=n_workers)
    return [int(n) for batch in loader for n in batch["n"]]


@pytest.mark.ml
# Torch's advice for machines with fewer cores.
@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("n_workers", [0, 3])
def test_workers(path: Path, data: Any, n_workers: int) -> None:
    """Workers read every row once, in another order each epoch, as the seed decides."""
    batches = chunked(path, columns=["n", "x"]).batches(64, shuffle=300, seed=0)
    dataset = batches.torch()
    first, second = (read(data, dataset, n_workers) for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(N_ROWS))
    assert first != second
    dataset.set_epoch(0)
    assert read(data, dataset, n_workers) == first


@pytest.mark.ml
@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_epochs_out_of_step(path: Path, data: Any) -> None:
    """A batch that one process alone took costs the others no row, and gives none."""
    dataset = chunked(path, columns=["n"]).batches(64, shuffle=300, seed=0).torch()
    next(iter(dataset))
    assert sorted(read(data, dataset, 2)) == list(range(N_ROWS))
    assert sorted(read(data, dataset, 3)) == list(range(N_ROWS))


@pytest.mark.ml
def test_ranks(path: Path, data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ranks of a distributed training share the rows, also in workers."""
    import torch  # noqa: PLC0415 - may not be installed

    found: list[int] = []
    dataset = chunked(path, columns=["n"]).batches(16).torch()
    for rank in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(torch.distributed, "is_initialized", lambda: True)
            patch.setattr(torch.distributed, "get_rank", lambda rank=rank: rank)
            patch.setattr(torch.distributed, "get_world_size", lambda: 2)
            sent = pickle.dumps(dataset)
        # A worker is a new process, which knows no ranks.
        found += read(data, pickle.loads(sent), 2)
    assert sorted(found) == list(range(N_ROWS))


@pytest.mark.ml
def test_tensors(path: Path) -> None:
    """With a target the features are a tensor of torch's default type."""
    import torch.utils.data  # noqa: PLC0415 - may not be installed

    source = chunked(path, columns=["n", "x"], backend="arrow")
    features, target = next(iter(source.batches(4).torch("n")))
    assert (features.dtype, target.dtype) == (torch.float32, torch.int64)
    assert features.tolist() == [[0.0], [0.5], [1.0], [1.5]]
    batch = next(iter(source.batches(4).torch()))
    assert (batch["n"].dtype, batch["x"].dtype) == (torch.int64, torch.float64)
    (items,) = chunked([(1, 2.0), (3, 4.0)]).batches(2).torch()
    assert [each.tolist() for each in items] == [[1, 3], [2.0, 4.0]]


@pytest.mark.ml
@pytest.mark.parametrize("change", [">f4", "rows", "columns", None])
def test_arrays_of_any_layout(change: str | None) -> None:
    """Tensors have the values of an array in any layout, and memory of their own."""
    array = np.arange(20, dtype="f4").reshape(10, 2)
    if change == ">f4":
        array = array.astype(change)
    elif change is not None:
        array = array[::-1] if change == "rows" else array[:, ::-1]
    before = array.tolist()
    for target in (None, lambda rows: (rows[:, :1], rows[:, 1])):
        batches = chunked(array).batches(3).torch(target)
        parts = [part if target is None else part[0] for part in batches]
        values = [row for part in parts for row in part.tolist()]
        assert values == [row[: len(values[0])] for row in before]
        for part in parts:
            part.zero_()
    assert array.tolist() == before


@pytest.mark.ml
def test_bad_input(path: Path, data: Any, tmp_path: Path) -> None:
    """What has no numbers, no rows or no parts is refused in one sentence."""
    with pytest.raises(MemkitError, match=r"'text' .*columns=\['n', 'x'\]"):
        next(iter(chunked(path).batches(4).torch()))
    pd.DataFrame({"n": []}).to_csv(tmp_path / "empty.csv", index=False)
    with pytest.raises(MemkitError, match="has no rows"):
        list(chunked(np.zeros(0)).batches(4).torch())
    dataset = chunked([1, 2, 3]).batches(2).torch()
    loader = data.DataLoader(dataset, batch_size=None, num_workers=2)
    with pytest.raises(MemkitError, match="use num_workers=0"):
        list(loader)
    assert [batch.tolist() for batch in dataset] == [[1, 2], [3]]


def test_not_imported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that the user has not imported is not imported."""
    for name in ("torch.utils.data", "xgboost", "lightgbm"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    batches = chunked(path).batches(4)
    with pytest.raises(
        MemkitError, match=r"not imported; run: import torch.utils.data"
    ):
        batches.torch()
    with pytest.raises(MemkitError, match="run: import xgboost"):
        batches.xgboost("n")
    with pytest.raises(MemkitError, match="run: import lightgbm"):
        batches.lightgbm("n")
    assert "torch.utils.data" not in sys.modules
