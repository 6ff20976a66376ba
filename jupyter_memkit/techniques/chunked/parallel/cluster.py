"""What a run over chunks needs of a cluster, whichever library manages it."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.parallel.worker_process import Setup
from jupyter_memkit.techniques.chunked.results.combine import Operation
from jupyter_memkit.techniques.chunked.sources.base import Request

if TYPE_CHECKING:
    from typing_extensions import Self

# How often a task runs again if its worker is lost.
RETRIES = 3


class Cluster(ABC):
    """A cluster for one run.

    Its tasks are `cluster_tasks`; the library returns a future for each.

    Attributes
    ----------
    name : str
        The name of the library.
    n_workers : int
        The number of chunks that run at the same time.
    """

    name: str
    n_workers: int

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Call `close`."""
        self.close()

    @abstractmethod
    def share(self, run: str, setup: Setup, request: Request) -> Any:
        """Send the workers what all chunks need, once, and return its future."""

    @abstractmethod
    def work(self, run: str, number: int, shared: Any, packed_task: bytes) -> Any:
        """Run the function over a piece, and return the future of the `Reply`."""

    @abstractmethod
    def join(
        self,
        run: str,
        number: int,
        operation: Operation,
        replies: Sequence[Any],
        *,
        skips: bool,
    ) -> Any:
        """Join the values of consecutive chunks, and return the future of the parts.

        Parameters
        ----------
        run : str
            The run.
        number : int
            The number of the first chunk.
        operation : Operation
            The reduction.
        replies : sequence of future
            The replies of the chunks, in order.
        skips : bool
            Whether a chunk that failed is left out, or ends the run.
        """

    @abstractmethod
    def is_done(self, future: Any) -> bool:
        """Return whether a task has ended, also with an error."""

    @abstractmethod
    def has_failed(self, future: Any) -> bool:
        """Return whether the cluster gave up a task."""

    @abstractmethod
    def wait(self, futures: Sequence[Any]) -> None:
        """Wait until a task has ended."""

    @abstractmethod
    def result(self, future: Any) -> Any:
        """Return the result of a task, or raise its error."""

    @abstractmethod
    def has_lost_worker(self, error: Exception) -> bool:
        """Return whether a task was given up because it lost its workers."""

    @abstractmethod
    def end(self, run: str, futures: Sequence[Any]) -> None:
        """Cancel tasks that wait or run, and drop the function of the run.

        Parameters
        ----------
        run : str
            The run.
        futures : sequence of future
            All its tasks that are not over.
        """

    @abstractmethod
    def close(self) -> None:
        """Close what was started for the run, but not the user's own."""


def import_cluster_library(module: str, *, where: str, name: str, extra: str) -> Any:
    """Import the library of a cluster, which the user chose with the cluster.

    Raises
    ------
    MemkitError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        message = (
            f"running on {where} needs {name} ({error}); install it with: "
            f'pip install "jupyter_memkit[{extra}]"'
        )
        raise MemkitError(message) from error
