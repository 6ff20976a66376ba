"""Clusters of Dask and of Ray, and runs on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from distributed import Client, LocalCluster

from jupyter_memkit.techniques.chunked.parallel.choosing import open_cluster
from jupyter_memkit.techniques.chunked.parallel.cluster import Cluster
from tests.techniques.chunked.parallel.running import BUDGET_BYTES


@pytest.fixture(scope="module")
def started_client() -> Iterator[Client]:
    """Start two workers of Dask in separate processes."""
    with (
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=2, threads_per_worker=1, dashboard_address=":0"
        ) as own,
        Client(own, set_as_default=False) as client,  # type: ignore[no-untyped-call]
    ):
        yield client


@pytest.fixture
def client(started_client: Client) -> Client:
    """A client with two workers, also after a test that has killed one."""
    started_client.wait_for_workers(2)
    return started_client


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    """Start a cluster of Ray with two cores."""
    ray = pytest.importorskip("ray")
    ray.init(address="local", num_cpus=2, include_dashboard=False)
    yield ray
    ray.shutdown()


@pytest.fixture(params=["dask", pytest.param("ray", marks=pytest.mark.ml)])
def on(request: pytest.FixtureRequest) -> Any:
    """The value of the option for a cluster of each library, with two workers."""
    if request.param == "ray":
        request.getfixturevalue("ray")
        return "ray"
    return request.getfixturevalue("client")


@pytest.fixture
def cluster(on: Any) -> Iterator[Cluster]:
    """The cluster of a run, on running workers."""
    with open_cluster(on, memory_bytes=BUDGET_BYTES) as cluster:
        yield cluster
