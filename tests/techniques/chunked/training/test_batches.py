"""Batches of rows: every row once an epoch, in an order that follows from the seed."""

from __future__ import annotations

import dataclasses
import gzip
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from jupyter_memkit.errors import MemkitError, SourceError
from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.training.epochs import read_epoch
from jupyter_memkit.techniques.chunked.training.order import BatchPlan, Shard
from jupyter_memkit.techniques.chunked.training.parts import Parts
from tests.steady import STEADY


def write_table(path: Path, n_rows: int = 1_000) -> Path:
    """Write the numbers of the rows, their squares and a text, in small row groups."""
    numbers = np.arange(n_rows)
    frame = pd.DataFrame({"n": numbers, "x": numbers**2.0, "text": "a"})
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        parquet.write_table(pa.Table.from_pandas(frame), path, row_group_size=50)
    return path


@settings(STEADY, max_examples=200)
@given(data=st.data())
def test_every_row_once(data: st.DataObject) -> None:
    """Over all shards every row comes exactly once an epoch, but for the last few."""
    n_rows = data.draw(st.integers(0, 60), "rows")
    size = data.draw(st.integers(1, 70), "size")
    shuffle = data.draw(st.none() | st.integers(size, 140), "shuffle")
    count = data.draw(st.integers(1, 4), "shards")
    drop_last = data.draw(st.booleans(), "drop_last")
    chunk = data.draw(st.none() | st.integers(1, 70), "chunk")
    batches = chunked(np.arange(n_rows), rows=chunk).batches(
        size, shuffle=shuffle, seed=1, drop_last=drop_last
    )
    found: list[int] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(count):
            shard = Shard(number=number, count=count)
            try:
                epoch = [*read_epoch(batches._parts, batches._plan, 0, shard=shard)]
            except MemkitError:
                assert not n_rows or (count == 1 and drop_last and n_rows < size)
                return
            lengths = [len(batch) for batch in epoch]
            full = lengths if drop_last else lengths[:-1]
            assert set(full) <= {size}
            found += [int(value) for batch in epoch for value in batch]
    assert len(set(found)) == len(found)
    if not drop_last:
        assert sorted(found) == list(range(n_rows))
    elif count == 1:
        assert len(found) == n_rows - n_rows % size


@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv"])
def test_files(name: str, backend: str, tmp_path: Path) -> None:
    """The batches of a file have the form of its chunks, also when shuffled."""
    path = write_table(tmp_path / name)
    batches = chunked(path, backend=backend).batches(64, shuffle=200, seed=0)
    found = list(batches)
    kinds = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.Table}
    assert all(type(batch) is kinds[backend] for batch in found)
    assert [len(batch) for batch in found] == [64] * 15 + [40]
    numbers = [int(n) for batch in found for n in np.asarray(batch["n"])]
    assert numbers != sorted(numbers)
    assert sorted(numbers) == list(range(1_000))
    squares = [float(x) for batch in found for x in np.asarray(batch["x"])]
    assert squares == [n**2 for n in numbers]


def test_seed_and_epoch() -> None:
    """The order follows from the seed and the epoch, and from nothing else."""

    def read(seed: int, epoch: int, chunk: int = 5) -> list[int]:
        batches = chunked(np.arange(200), rows=chunk).batches(8, shuffle=50, seed=seed)
        batches.epoch = epoch
        return [int(value) for batch in batches for value in batch]

    assert read(1, 0) == read(1, 0)
    assert read(1, 1) == read(1, 1)
    assert len({tuple(read(seed, epoch)) for seed in (1, 2) for epoch in (0, 1)}) == 4
    batches = chunked(np.arange(200), rows=5).batches(8, shuffle=50, seed=1)
    epochs = [[int(value) for batch in batches for value in batch] for _ in range(2)]
    assert epochs == [read(1, 0), read(1, 1)]


def test_unseeded() -> None:
    """Without a seed one is drawn, which repeats the order."""
    batches = chunked(np.arange(100)).batches(10, shuffle=100)
    first = np.concatenate(list(batches))
    again = chunked(np.arange(100)).batches(10, shuffle=100, seed=batches.seed)
    assert np.array_equal(np.concatenate(list(again)), first)


def test_shuffling_quality(tmp_path: Path) -> None:
    """With a tenth of the rows as reservoir the order of the file is gone."""
    n_rows = 20_000
    parquet.write_table(
        pa.table({"n": np.arange(n_rows)}), tmp_path / "a.parquet", row_group_size=100
    )
    batches = chunked(tmp_path / "a.parquet").batches(100, shuffle=2_000, seed=0)
    found = []
    for _ in range(10):
        numbers = np.concatenate([batch.n.to_numpy() for batch in batches])
        # The rows are their own ranks.
        found.append(np.corrcoef(np.arange(n_rows), numbers)[0, 1])
    assert np.max(np.abs(found)) < 0.05


def test_length() -> None:
    """The number of batches is known where the number of rows is."""
    table = np.arange(10)
    for drop_last, expected in ((False, 4), (True, 3)):
        batches = chunked(table).batches(3, drop_last=drop_last)
        assert len(batches) == len(list(batches)) == expected
    with pytest.raises(TypeError, match="are not known before they are read"):
        len(chunked(iter(range(10))).batches(3))
    assert repr(chunked(table).batches(3)) == "<batches of 3 rows from the ndarray>"


def test_larger_than_the_data() -> None:
    """A batch larger than the data has all of it, unless only full ones are wanted."""
    assert [list(batch) for batch in chunked(np.arange(3)).batches(10)] == [[0, 1, 2]]
    with pytest.raises(MemkitError, match="3 rows, which do not fill a batch of 10"):
        list(chunked(np.arange(3)).batches(10, drop_last=True))


def test_read_in_order_only(tmp_path: Path) -> None:
    """A source without parts is shuffled within the reservoir, with a warning."""
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(write_table(tmp_path / "a.csv").read_bytes()))
    batches = chunked(path, rows=10).batches(20, shuffle=100, seed=0)
    with pytest.warns(UserWarning, match="read only from start to end, so a reservoir"):
        found = np.concatenate([batch.n.to_numpy() for batch in batches])
    assert sorted(found) == list(range(1_000))
    assert np.abs(found - np.arange(1_000)).max() < 100
    with pytest.raises(SourceError, match="so 2 processes cannot share it"):
        list(read_epoch(batches._parts, batches._plan, 0, shard=Shard(count=2)))


def test_large_row_groups(tmp_path: Path) -> None:
    """Row groups larger than the reservoir leave an order, which a warning says."""
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"n": np.arange(1_000)}), path)
    with pytest.warns(UserWarning, match=r"every 1,000 rows.*use shuffle=1_000"):
        found = list(chunked(path).batches(50, shuffle=100, seed=0))
    assert sorted(pd.concat(found).n) == list(range(1_000))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(chunked(path).batches(50, shuffle=1_000, seed=0))


def test_fewer_parts_than_processes(tmp_path: Path) -> None:
    """Where there are fewer parts than processes, a warning says who reads nothing."""
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"n": np.arange(100)}), path, row_group_size=50)
    batches = chunked(path).batches(10)
    with pytest.warns(UserWarning, match="at only 2 of its rows, so 1 of 3"):
        first = list(read_epoch(batches._parts, batches._plan, 0, shard=Shard(count=3)))
    assert sum(map(len, first)) == 50


def test_small_files_are_cut_finer(tmp_path: Path) -> None:
    """A small file has enough parts to be shared, although one chunk would hold it."""
    source = chunked(write_table(tmp_path / "a.csv", 500))
    parts = Parts(source._source, source._settings)
    assert parts.rows > 500
    found = parts.find()
    assert found is not None
    assert len(found) >= 60
    assert parts.find() is found


def test_processes_agree_on_the_parts(tmp_path: Path) -> None:
    """Ranks that have different memory to spare share the same parts of a file."""
    source = chunked(write_table(tmp_path / "a.csv", 100_000))
    found: list[int] = []
    for number, memory_bytes in enumerate((390 << 20, 400 << 20)):
        settings = dataclasses.replace(source._settings, memory_bytes=memory_bytes)
        parts = Parts(source._source, settings)
        shard = Shard(number=number, count=2)
        for batch in read_epoch(parts, BatchPlan(size=1_000), 0, shard=shard):
            found += batch.n.tolist()
    assert sorted(found) == list(range(100_000))


def test_changed_array() -> None:
    """The values of an array may change during an epoch: its rows stay in place."""
    array = np.ones(100)
    epoch = iter(chunked(array, rows=10).batches(10, shuffle=20, seed=0))
    next(epoch)
    array *= 2
    assert len(list(epoch)) == 9


def test_changed_file(tmp_path: Path) -> None:
    """Parts are looked up again for a new file; one that changes ends the epoch."""
    path = write_table(tmp_path / "a.csv", 100)
    batches = chunked(path).batches(10, shuffle=100, seed=0)
    assert sum(map(len, batches)) == 100
    write_table(path, 150)
    assert sum(map(len, batches)) == 150
    epoch = iter(batches)
    next(epoch)
    # Replaced at once, because what is read ahead meanwhile could find half of it.
    write_table(tmp_path / "new.csv", 200).replace(path)
    with pytest.raises(SourceError, match="changed during the epoch"):
        list(epoch)


def test_iterators() -> None:
    """An iterator gives one epoch, and no row is lost before it."""
    batches = chunked(iter(range(10)), rows=3).batches(4)
    assert list(batches) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    with pytest.raises(SourceError, match="read only once"):
        list(batches)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda c: c.batches(-1), "size must be a whole number of at least 1, not -1"),
        (lambda c: c.batches(2, seed=-1), "seed must be a whole number of at least 0"),
        (lambda c: c.batches(2, shuffle=True), "shuffle must be a whole number"),
        (lambda c: c.batches(20, shuffle=10), "use shuffle=200 or more"),
        (lambda c: c.batches(2).numpy("m"), "'m' is not a column .* are n, x, text"),
        (lambda c: next(c.batches(2).numpy()), r"columns=\['n', 'x'\]"),
        (lambda c: next(c.batches(2).numpy("n")), r"'text' of .*columns=\['x', 'n'\]"),
        (lambda c: next(c.batches(2).numpy("text")), "the target of .* not numbers"),
    ],
)
def test_bad_input(make: Callable[[Any], Any], message: str, tmp_path: Path) -> None:
    """What is invalid is refused in one sentence with its remedy."""
    source = chunked(write_table(tmp_path / "a.parquet"))
    with pytest.raises(MemkitError, match=message):
        make(source)


def test_remedies(tmp_path: Path) -> None:
    """The columns and the sizes that messages suggest work."""
    path = write_table(tmp_path / "a.parquet")
    batches = chunked(path, columns=["x", "n"]).batches(2)
    features, target = next(batches.numpy("n"))
    assert (features.tolist(), target.tolist()) == ([[0.0], [1.0]], [0, 1])
    with pytest.raises(MemkitError, match="limit counts chunks"):
        chunked(path, limit=3).batches(2)
    with pytest.raises(MemkitError, match="has no rows"):
        list(chunked(np.arange(0)).batches(2))


def test_budget() -> None:
    """A reservoir or a batch that exceeds the budget is refused before training."""
    table = np.zeros((100_000, 10))
    source = chunked(table, memory="1MB", rows=100)
    with pytest.raises(
        MemkitError, match=r"a reservoir of 50,000 .* at most 6_250 rows"
    ):
        next(iter(source.batches(10, shuffle=50_000)))
    assert len(next(iter(source.batches(10, shuffle=6_250)))) == 10
    with pytest.raises(MemkitError, match=r"a batch of 50,000 .* at most 12_500 rows"):
        next(iter(source.batches(50_000)))


@pytest.mark.parametrize("suffix", ["csv", "feather", "h5", "npz", "parquet"])
def test_deleted_between_epochs(tmp_path: Path, suffix: str) -> None:
    """A file that is gone is called missing, and not damaged."""
    path = tmp_path / f"a.{suffix}"
    if suffix == "h5":
        with h5py.File(path, "w") as file:
            file["n"] = np.arange(100)
    elif suffix == "npz":
        np.savez(path, n=np.arange(100))
    elif suffix == "feather":
        pd.DataFrame({"n": np.arange(100)}).to_feather(path)
    else:
        write_table(path)
    batches = chunked(path).batches(10)
    assert list(batches)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=rf"a\.{suffix}"):
        list(batches)


def test_plan_of_nothing() -> None:
    """A plan without sizes has a batch per chunk, in order."""
    source = chunked(np.arange(10), rows=4)
    parts = Parts(source._source, source._settings)
    found = [batch.tolist() for batch in read_epoch(parts, BatchPlan(), 0)]
    assert found == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
