"""A Ray cluster for one run: the user's, or one that is started for it.

Each worker of a run is an actor, whose process works on one chunk at a time. Ray
restarts it if it is lost, with the chunks that it had; its end frees all that the run
left in it.
"""

from __future__ import annotations

import importlib
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.parallel import cluster_tasks
from jupyter_memkit.techniques.chunked.parallel.cluster import (
    RETRIES,
    Cluster,
    import_cluster_library,
)
from jupyter_memkit.techniques.chunked.parallel.worker_process import Reply, Setup
from jupyter_memkit.techniques.chunked.results.combine import Operation
from jupyter_memkit.techniques.chunked.sources.base import Request

# The value of the option for the current cluster, or else a new one.
CURRENT = "ray"

# Ray refuses to start with less for the objects that processes share.
_LEAST_SHARED_BYTES = 128 << 20


class RayCluster(Cluster):
    """The Ray cluster that this process is connected to, or else one on this machine.

    Parameters
    ----------
    memory_bytes : int
        How much all workers together may grow.
    n_workers : int, optional
        The number of workers; by default one per core.

    Raises
    ------
    MemkitError
        If Ray is not installed, its cluster does not start, or it has no core.
    """

    name = "Ray"

    def __init__(self, *, memory_bytes: int, n_workers: int | None = None) -> None:
        self._ray = import_cluster_library(
            "ray", where="a Ray cluster", name=self.name, extra="ray"
        )
        self._workers: list[Any] = []
        # By the future of a chunk that runs or waits, its worker.
        self._given: dict[Any, Any] = {}
        self._own = ExitStack()
        try:
            if not self._ray.is_initialized():
                self._start(memory_bytes, n_workers or os.cpu_count() or 1)
            self._places = self._find_places()
        except BaseException:
            self._own.close()
            raise
        self.n_workers = len(self._places)
        if not self.n_workers:
            message = (
                "the Ray cluster has no cores; call ray.shutdown(), and ray.init() "
                "without num_cpus=0"
            )
            raise MemkitError(message)

    def share(self, run: str, setup: Setup, request: Request) -> Any:
        """Store it with this process, where no lost worker takes it away."""
        del run
        return self._ray.put((setup, request))

    def work(self, run: str, number: int, shared: Any, packed_task: bytes) -> Any:
        """Give the piece to the worker that has fewest."""
        worker = self._find_worker()
        task = worker.work.options(name=f"{run}-{number}")
        future = task.remote(run, shared, packed_task)
        self._given[future] = worker
        return future

    def join(
        self,
        run: str,
        number: int,
        operation: Operation,
        replies: Sequence[Any],
        *,
        skips: bool,
    ) -> Any:
        """Run it as a task beside the workers, which need not wait for it."""
        task = self._ray.remote(
            num_cpus=0, max_retries=RETRIES, name=f"{run}-join-{number}"
        )
        return task(cluster_tasks.join).remote(operation, skips, *replies)

    def is_done(self, future: Any) -> bool:
        """Ask for it without waiting."""
        done, _ = self._ray.wait([future], timeout=0, fetch_local=False)
        return bool(done)

    def has_failed(self, future: Any) -> bool:
        """Look at the result, which is the error itself."""
        try:
            return self.is_done(future) and self._ray.get(future) is None
        except self._ray.exceptions.RayError:
            return True

    def wait(self, futures: Sequence[Any]) -> None:
        """Wait for each of them once, as Ray requires."""
        self._ray.wait(list(dict.fromkeys(futures)), fetch_local=False)

    def result(self, future: Any) -> Any:
        """Return the result, or raise the error without the traceback in its text."""
        try:
            return self._ray.get(future)
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from None

    def has_lost_worker(self, error: Exception) -> bool:
        """Recognize the errors for actors and tasks."""
        exceptions = self._ray.exceptions
        lost = (
            exceptions.RayActorError,
            exceptions.WorkerCrashedError,
            exceptions.OutOfMemoryError,
        )
        return isinstance(error, lost)

    def end(self, run: str, futures: Sequence[Any]) -> None:
        """End the workers, with the tasks that wait or run."""
        del run, futures
        for worker in self._workers:
            self._ray.kill(worker)
        self._workers.clear()
        self._given.clear()

    def close(self) -> None:
        """End the cluster if it was started here."""
        self._own.close()

    def _start(self, memory_bytes: int, n_workers: int) -> None:
        self._own.callback(self._ray.shutdown)
        try:
            with _signals_kept():
                self._ray.init(
                    address="local",
                    num_cpus=n_workers,
                    include_dashboard=False,
                    configure_logging=False,
                    object_store_memory=max(_LEAST_SHARED_BYTES, memory_bytes),
                )
        except Exception as error:
            message = (
                f"Ray did not start ({error}); start it with ray.init(), which shows "
                f"why, and then use --on {CURRENT}"
            )
            raise MemkitError(message) from error

    def _find_places(self) -> list[str]:
        """Return the node of each worker: one for each core."""
        return [
            node["NodeID"]
            for node in self._ray.nodes()
            if node["Alive"]
            for _ in range(int(node["Resources"].get("CPU", 0)))
        ]

    def _start_workers(self) -> list[Any]:
        """Start them where they belong, without waiting until a core is free there.

        Other actors of the user may occupy the cores for good.
        """
        strategies = importlib.import_module("ray.util.scheduling_strategies")
        make = self._ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=RETRIES)
        actor = make(_Worker)
        return [
            actor.options(
                scheduling_strategy=strategies.NodeAffinitySchedulingStrategy(
                    place, soft=True
                )
            ).remote()
            for place in self._places
        ]

    def _find_worker(self) -> Any:
        if not self._workers:
            self._workers = self._start_workers()
        self._given = {
            future: worker
            for future, worker in self._given.items()
            if not self.is_done(future)
        }
        given = list(self._given.values())
        return min(self._workers, key=given.count)


class _Worker:
    """The actor: works on the chunks of one run."""

    def work(
        self, run: str, shared: tuple[Setup, Request], packed_task: bytes
    ) -> Reply:
        return cluster_tasks.work(run, shared, packed_task)


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Keep what SIGTERM does, which Ray would change."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)
