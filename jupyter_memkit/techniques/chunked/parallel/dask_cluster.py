"""A Dask cluster for one run: the user's, or one that is started for it."""

from __future__ import annotations

import contextlib
import importlib
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.parallel import cluster_tasks
from jupyter_memkit.techniques.chunked.parallel.cluster import (
    RETRIES,
    Cluster,
    import_cluster_library,
)
from jupyter_memkit.techniques.chunked.parallel.worker_process import Setup
from jupyter_memkit.techniques.chunked.results.combine import Operation
from jupyter_memkit.techniques.chunked.sources.base import Request

# The value of the option for the current client, or else a new cluster.
CURRENT = "dask"

# The memory of a local worker's libraries, and the part of its limit at which Dask
# pauses it.
_LIBRARIES_BYTES = 256 << 20
_PAUSE = 0.8

_CONNECT_S = 10


class DaskCluster(Cluster):
    """A Dask client for one run, and the cluster that was started for it, if any.

    Parameters
    ----------
    on : str, distributed.Client or distributed.deploy.Cluster
        A client, a cluster, the address of a scheduler, or ``"dask"``: the current
        client, or else a cluster on this machine, which `close` ends.
    memory_bytes : int
        How much all workers together may grow.
    n_workers : int, optional
        The workers of a cluster on this machine; by default one per core.

    Attributes
    ----------
    client : distributed.Client
        The client.

    Raises
    ------
    MemkitError
        If Dask is not installed, `on` is something else, there is no scheduler at the
        address, or no worker.
    """

    name = "Dask"

    def __init__(
        self, on: Any, *, memory_bytes: int, n_workers: int | None = None
    ) -> None:
        self._distributed = import_cluster_library(
            "distributed", where="a cluster", name=self.name, extra="cluster"
        )
        self._own = contextlib.ExitStack()
        try:
            self.client = self._connect(on, memory_bytes, n_workers)
            self.n_workers = len(self.client.nthreads())
        except BaseException:
            self._own.close()
            raise
        if not self.n_workers:
            self._own.close()
            message = (
                "the Dask cluster has no workers; start some, and call "
                "client.wait_for_workers(1)"
            )
            raise MemkitError(message)

    def share(self, run: str, setup: Setup, request: Request) -> Any:
        """Send it in a task, which runs again if its worker is lost."""
        return self._submit(f"{run}-function", cluster_tasks.hand_over, setup, request)

    def work(self, run: str, number: int, shared: Any, packed_task: bytes) -> Any:
        """Submit the task."""
        with warnings.catch_warnings():
            # Rows in memory are sent with the task, because scattered data would be
            # lost with its worker.
            warnings.filterwarnings("ignore", "Sending large graph")
            return self._submit(
                f"{run}-{number}", cluster_tasks.work, run, shared, packed_task
            )

    def join(
        self,
        run: str,
        number: int,
        operation: Operation,
        replies: Sequence[Any],
        *,
        skips: bool,
    ) -> Any:
        """Submit the task."""
        key = f"{run}-join-{number}"
        return self._submit(key, cluster_tasks.join, operation, skips, *replies)

    def is_done(self, future: Any) -> bool:
        """Ask the future."""
        return bool(future.done())

    def has_failed(self, future: Any) -> bool:
        """Ask the future."""
        return future.status in {"error", "cancelled", "lost"}

    def wait(self, futures: Sequence[Any]) -> None:
        """Wait as the current client, which Dask requires."""
        with self.client.as_current():
            self._distributed.wait(futures, return_when="FIRST_COMPLETED")

    def result(self, future: Any) -> Any:
        """Ask the future."""
        return future.result()

    def has_lost_worker(self, error: Exception) -> bool:
        """Recognize the error of Dask's scheduler."""
        return isinstance(error, self._distributed.KilledWorker)

    def end(self, run: str, futures: Sequence[Any]) -> None:
        """Cancel the tasks, and let each worker drop the function."""
        # A closed cluster has nothing to cancel.
        with contextlib.suppress(Exception):
            self.client.cancel(futures, force=True)
            self.client.run(cluster_tasks.forget, run, on_error="ignore")

    def close(self) -> None:
        """Close the client and the cluster that it started, but not the user's own."""
        self._own.close()

    def _submit(self, key: str, function: Callable[..., Any], *arguments: Any) -> Any:
        return self.client.submit(
            function, *arguments, key=key, pure=False, retries=RETRIES
        )

    def _connect(self, on: Any, memory_bytes: int, n_workers: int | None) -> Any:
        distributed = self._distributed
        if isinstance(on, distributed.Client):
            if on.status == "closed":
                message = "the Dask client is closed; connect a new one: Client(...)"
                raise MemkitError(message)
            return on
        is_cluster = isinstance(on, distributed.deploy.Cluster)
        if not is_cluster and type(on) is not str:
            message = (
                f"a {type(on).__name__} is neither a Dask client nor the address of "
                "a scheduler; "
                f"--on {CURRENT} runs on a cluster on this machine"
            )
            raise MemkitError(message)
        if is_cluster or on != CURRENT:
            return self._open_address(on)
        with contextlib.suppress(ValueError):
            return distributed.Client.current()
        n_workers = n_workers or importlib.import_module("dask.system").CPU_COUNT
        share_bytes = memory_bytes // n_workers
        cluster = self._own.enter_context(
            distributed.LocalCluster(
                n_workers=n_workers,
                threads_per_worker=1,
                memory_limit=int((_LIBRARIES_BYTES + share_bytes) / _PAUSE),
                dashboard_address=":0",
            )
        )
        return self._own.enter_context(
            distributed.Client(cluster, set_as_default=False)
        )

    def _open_address(self, on: Any) -> Any:
        try:
            client = self._distributed.Client(
                on, timeout=_CONNECT_S, set_as_default=False
            )
        # The last one where a cluster is closed.
        except (OSError, ValueError, RuntimeError) as error:
            message = (
                f"there is no Dask scheduler at {on} ({error}); use its address, "
                "such as --on tcp://127.0.0.1:8786"
            )
            raise MemkitError(message) from error
        return self._own.enter_context(client)
