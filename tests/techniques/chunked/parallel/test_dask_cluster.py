"""Which cluster of Dask a run uses, and what it leaves there."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from distributed import Client

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.parallel import cluster_tasks, dask_cluster
from jupyter_memkit.techniques.chunked.parallel.dask_cluster import DaskCluster
from tests.techniques.chunked.parallel.running import (
    BUDGET_BYTES,
    run_on,
    values,
)
from tests.waiting import interrupt_when, wait_until

pytestmark = pytest.mark.traced_children


@pytest.fixture(scope="module", autouse=True)
def _nothing_left(dask_leaves_nothing: None) -> None:
    """Clean up after Dask, after the last test of this file."""


def count_functions() -> int:
    """Return how many runs a worker keeps the function of."""
    return len(cluster_tasks._workers)


def test_functions_are_dropped(client: Client) -> None:
    """After a run no worker keeps its function, or the data that it refers to."""
    with DaskCluster(client, memory_bytes=BUDGET_BYTES) as cluster:
        assert values(run_on(cluster, [1, 2, 3], sum, rows=1)) == [1, 2, 3]
    wait_until(lambda: not any(client.run(count_functions).values()))


def test_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address without a scheduler raises an error of one sentence."""
    monkeypatch.setattr(dask_cluster, "_CONNECT_S", 1)
    with pytest.raises(MemkitError, match="there is no Dask scheduler at"):
        DaskCluster("tcp://127.0.0.1:1", memory_bytes=BUDGET_BYTES)


@pytest.mark.parametrize("on", [7, [1], None, np.arange(2)], ids=type)
def test_neither_client_nor_address(on: Any) -> None:
    """Anything else is refused by its type, without comparing its value."""
    name = type(on).__name__
    with pytest.raises(MemkitError, match=f"a {name} is neither a Dask client nor"):
        DaskCluster(on, memory_bytes=BUDGET_BYTES)


def test_closed(client: Client) -> None:
    """A client whose connection is closed is refused."""
    address = client.scheduler_info()["address"]
    closed = Client(address, set_as_default=False)  # type: ignore[no-untyped-call]
    closed.close()  # type: ignore[no-untyped-call]
    with pytest.raises(MemkitError, match="the Dask client is closed"):
        DaskCluster(closed, memory_bytes=BUDGET_BYTES)


def test_address(client: Client) -> None:
    """A run connects to an address, and leaves the workers there running."""
    address = client.scheduler_info()["address"]
    with DaskCluster(address, memory_bytes=BUDGET_BYTES) as cluster:
        assert sum(values(run_on(cluster, range(10), sum, rows=3))) == sum(range(10))
    client.wait_for_workers(2)


def test_own_cluster_is_closed(client: Client, tmp_path: Path) -> None:
    """Ctrl-C ends the workers that the run started, even while they are at work."""
    del client
    before = set(psutil.Process().children(recursive=True))
    begun = tmp_path / "begun"

    def sleep_long(_chunk: Any) -> None:
        begun.touch()
        time.sleep(600)

    def work() -> None:
        with DaskCluster("dask", memory_bytes=BUDGET_BYTES, n_workers=1) as cluster:
            run_on(cluster, range(10), sleep_long, rows=1)

    thread = interrupt_when(begun)
    with pytest.raises(KeyboardInterrupt):
        work()
    thread.join()
    assert set(psutil.Process().children(recursive=True)) <= before


def test_current_client(client: Client) -> None:
    """The current client is used, and stays open."""
    with client.as_current(), DaskCluster("dask", memory_bytes=BUDGET_BYTES) as cluster:
        assert cluster.client is client
        assert cluster.n_workers == 2
    assert client.status == "running"


def test_worker_that_always_dies(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one error that names the chunk, and nothing hangs."""
    local: Any = client.cluster
    monkeypatch.setattr(local.scheduler, "allowed_failures", 0)

    def die(chunk: list[int]) -> int:
        if chunk[0] == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return chunk[0]

    with (
        DaskCluster(client, memory_bytes=BUDGET_BYTES) as cluster,
        pytest.raises(MemkitError, match="every worker that got chunk"),
    ):
        run_on(cluster, range(3), die, rows=1)
