"""Chunks on a cluster, of Dask or of Ray: the same values, even if a worker is lost."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import ReduceError, StopChunks, chunked
from jupyter_memkit.techniques.chunked.outcome import ChunkOutcome, JoinedOutcome
from jupyter_memkit.techniques.chunked.parallel import cluster_tasks
from jupyter_memkit.techniques.chunked.parallel.cluster import Cluster
from jupyter_memkit.techniques.chunked.results.combine import find_operation
from jupyter_memkit.techniques.chunked.results.partial import partial
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from tests.techniques.chunked.parallel.running import (
    make_cell,
    run_on,
    values,
)

N_ROWS = 50_000


@pytest.fixture(scope="module", autouse=True)
def _nothing_left(dask_leaves_nothing: None) -> None:
    """Clean up after Dask, after the last test of this file."""


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a table to a CSV and a Parquet file."""
    n = np.arange(N_ROWS)
    frame = pd.DataFrame({"cat": np.array(["a", "b", "c"])[n % 3], "qty": n})
    folder = tmp_path_factory.mktemp("orders")
    frame.to_csv(folder / "orders.csv", index=False)
    frame.to_parquet(folder / "orders.parquet", row_group_size=9_000)
    return folder


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_same_values_in_order(cluster: Cluster, orders: Path, kind: str) -> None:
    """The values and the rows of the chunks are those of a run in one process."""
    path = orders / f"orders.{kind}"

    def describe(chunk: Any) -> tuple[int, int]:
        return int(chunk.index[0]), int(chunk.qty.sum())

    alone = chunked(path, rows=4_000).map(describe).run("append").value
    outcomes = run_on(cluster, path, describe, rows=4_000)
    assert values(outcomes) == alone
    assert [outcome.number for outcome in outcomes] == list(range(1, 14))
    assert sum(outcome.rows for outcome in outcomes) == N_ROWS
    assert all(outcome.growth_bytes is not None for outcome in outcomes)


@pytest.mark.parametrize(
    "make",
    [
        lambda: list(range(100)),
        lambda: iter(range(100)),
        lambda: np.arange(100),
        lambda: pa.table({"n": range(100)}),
        lambda: pd.Series(range(100)),
    ],
    ids=["list", "iterator", "array", "table", "series"],
)
def test_objects(cluster: Cluster, make: Any) -> None:
    """Each task gets its own rows of data in memory."""

    def add_up(chunk: Any) -> int:
        return int(sum(chunk["n"].to_pylist() if hasattr(chunk, "schema") else chunk))

    alone = chunked(make(), rows=7).map(add_up).run("append").value
    assert values(run_on(cluster, make(), add_up, rows=7)) == alone


@pytest.mark.parametrize("op", ["sum", "concat", "union"])
def test_joined_on_the_workers(cluster: Cluster, orders: Path, op: str) -> None:
    """Parts are joined on the workers, with the same result."""

    def add_up(chunk: Any) -> Any:
        sums = chunk.groupby("cat").qty.sum()
        return set(sums) if op == "union" else sums

    operation = find_operation(op)
    path = orders / "orders.csv"
    alone = chunked(path, rows=1_000).map(add_up).run(op).value
    outcomes = run_on(cluster, path, add_up, rows=1_000, operation=operation)
    assert len(outcomes) == 7
    assert all(isinstance(outcome, JoinedOutcome) for outcome in outcomes)
    assert [getattr(outcome, "chunks", 0) for outcome in outcomes] == [8] * 6 + [2]
    assert sum(outcome.rows for outcome in outcomes) == N_ROWS
    part, *parts = values(outcomes)
    for more in parts:
        part = operation.join(part, more)
    result = operation.finish(part)
    assert result.equals(alone) if hasattr(alone, "equals") else result == alone


def test_a_value_that_does_not_join(cluster: Cluster) -> None:
    """It is returned separately, so that it is rejected as in one process."""
    operation = find_operation("sum")
    outcomes = run_on(
        cluster,
        [*range(12)],
        lambda chunk: "text" if chunk[0] == 5 else chunk[0],
        rows=1,
        operation=operation,
    )
    joined = [getattr(outcome, "chunks", 0) for outcome in outcomes]
    assert (joined, values(outcomes)[1]) == ([5, 0, 2, 4], "text")
    with pytest.raises(ReduceError):
        operation.begin("text")


@pytest.mark.parametrize("op", [None, "sum"])
def test_errors(cluster: Cluster, op: str | None) -> None:
    """An error is the function's own, raised after the chunks before it."""
    operation = None if op is None else find_operation(op)

    def fail_at_five(chunk: list[int]) -> int:
        if chunk[0] == 5:
            message = "no five"
            raise ValueError(message)
        return chunk[0]

    numbers, before = list(range(10)), list[ChunkOutcome]()
    with pytest.raises(ValueError, match="no five") as raised:
        run_on(
            cluster,
            numbers,
            fail_at_five,
            rows=1,
            operation=operation,
            outcomes=before,
        )
    assert sum(values(before)) == sum(range(5))
    last = traceback.extract_tb(raised.value.__traceback__)[-1]
    assert (last.name, last.line) == ("fail_at_five", "raise ValueError(message)")
    outcomes = run_on(
        cluster, numbers, fail_at_five, rows=1, operation=operation, skips=True
    )
    assert sum(values(outcomes)) == sum(numbers) - 5
    assert [outcome.number for outcome in outcomes if outcome.error] == [6]


@pytest.mark.parametrize("op", [None, "sum"])
def test_stop(cluster: Cluster, op: str | None) -> None:
    """A stop keeps the chunks before it, and drops those after it."""

    def stop_at_five(chunk: list[int]) -> int:
        if chunk[0] == 5:
            raise StopChunks
        return chunk[0]

    operation = None if op is None else find_operation(op)
    outcomes = run_on(cluster, range(50), stop_at_five, rows=1, operation=operation)
    assert sum(values(outcomes)) == sum(range(5))


def test_limit(cluster: Cluster) -> None:
    """No more chunks are sent than the limit."""
    outcomes = run_on(
        cluster, range(90), sum, rows=1, operation=find_operation("sum"), limit=10
    )
    assert sum(values(outcomes)) == sum(range(10))


def test_a_generator_that_raises(cluster: Cluster) -> None:
    """Its error is raised after the chunks before it."""

    def count() -> Iterator[int]:
        yield from range(10)
        message = "gone"
        raise OSError(message)

    before: list[ChunkOutcome] = []
    with pytest.raises(OSError, match="gone"):
        run_on(cluster, count(), sum, rows=2, outcomes=before)
    assert sum(values(before)) == sum(range(10))


def test_types_of_the_first_chunk(cluster: Cluster, tmp_path: Path) -> None:
    """The first chunk decides the types, whichever worker gets the next one."""
    path = tmp_path / "a.parquet"
    column = pa.array([1] * 3_000 + [None] * 10 + [2] * 2_990, pa.int64())
    pq.write_table(
        pa.table({"a": column}), path, row_group_size=1_000, write_statistics=False
    )
    before: list[ChunkOutcome] = []
    with pytest.raises(TypeChange, match="is int64 in earlier rows and float64 in l"):
        run_on(cluster, path, len, rows=1_000, backend="pandas", outcomes=before)
    assert len(before) == 3


def test_lost_worker(cluster: Cluster, tmp_path: Path) -> None:
    """A worker that is killed during the run changes nothing."""
    marker = tmp_path / "killed"

    def die_once(chunk: list[int]) -> int:
        if chunk[0] == 20 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return chunk[0]

    outcomes = run_on(
        cluster, range(50), die_once, rows=1, operation=find_operation("sum")
    )
    assert marker.exists()
    assert sum(values(outcomes)) == sum(range(50))
    assert sum(outcome.rows for outcome in outcomes) == 50


def test_values_that_cannot_be_sent(cluster: Cluster) -> None:
    """Rows that cannot be pickled raise an error before anything is sent."""
    with pytest.raises(MemkitError, match="the rows of the list cannot be sent"):
        run_on(cluster, [threading.Lock()], len, rows=1)


def test_task_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that starts after its run has ended does not bring its function back."""
    monkeypatch.setattr(cluster_tasks, "_ended", deque(maxlen=1))
    cluster_tasks.forget("ended")
    with pytest.raises(RuntimeError, match="ended"):
        cluster_tasks.work("ended", cast("Any", None), b"")
    assert "ended" not in cluster_tasks._workers


def test_cell(cluster: Cluster) -> None:
    """A cell finds the variables that it reads, and the place of its chunk."""
    namespace = {"rate": 3, "lock": threading.Lock()}
    body = make_cell("n = len(chunk)\nn * rate + chunk_info.first_row", namespace)
    assert values(run_on(cluster, range(6), body, rows=2)) == [6, 8, 10]


def test_accumulating_cell(cluster: Cluster) -> None:
    """A cell that accumulates in a variable is rejected, with the reduction to use."""
    body = make_cell("total += len(chunk)", {"total": 0})
    with pytest.raises(MemkitError, match="--reduce sum"):
        run_on(cluster, [1], body, rows=1)


def test_partial_statistics(on: Any, orders: Path) -> None:
    """Partial statistics that are merged on a cluster equal those of the whole."""

    def mean_by_cat(chunk: Any) -> Any:
        return partial(chunk, by="cat").agg(qty=["mean", "std"])

    chunks = chunked(orders / "orders.csv", rows=1_000)
    got = chunks.map(mean_by_cat).run("merge", on=on).value
    expected = pd.read_csv(orders / "orders.csv").groupby("cat")
    pd.testing.assert_frame_equal(got, expected.agg({"qty": ["mean", "std"]}))
