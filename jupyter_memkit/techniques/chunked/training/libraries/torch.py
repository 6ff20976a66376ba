"""Batches as an IterableDataset of torch, divided among workers and ranks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.utils.data

from jupyter_memkit.techniques.chunked.training.epochs import read_epoch
from jupyter_memkit.techniques.chunked.training.features import ToArrays
from jupyter_memkit.techniques.chunked.training.order import BatchPlan, Shard
from jupyter_memkit.techniques.chunked.training.parts import Parts

# The most workers of a DataLoader: each counts its epochs in its own place.
_MOST_WORKERS = 1024

_IterableDataset: Any = torch.utils.data.IterableDataset


class TorchBatches(_IterableDataset):  # type: ignore[misc] # its base is not known
    """Batches of tensors, as `Batches.torch` returns them.

    Workers are restarted in each epoch, from the same copy of the dataset, so the
    numbers of their epochs are in shared memory.

    Parameters
    ----------
    parts : Parts
        The source.
    plan : BatchPlan
        How it is cut.
    target : str or callable, optional
        As for `ToArrays`.
    epoch : int
        The number of the first epoch.
    """

    def __init__(
        self,
        parts: Parts,
        plan: BatchPlan,
        target: str | Callable[[Any], Any] | None,
        epoch: int,
    ) -> None:
        # Found here, and not again by each worker.
        parts.find()
        self._parts = parts
        self._plan = plan
        self._target = target
        epochs: Any = torch.full((_MOST_WORKERS,), epoch)
        self._epochs = epochs.share_memory_()
        self._rank = _find_rank() or (0, 1)

    def __iter__(self) -> Iterator[Any]:
        """Start the next epoch of this process: its share of the batches."""
        info = torch.utils.data.get_worker_info()
        worker, workers = (0, 1) if info is None else (info.id, info.num_workers)
        rank, ranks = _find_rank() or self._rank
        epoch = int(self._epochs[worker])
        self._epochs[worker] += 1
        shard = Shard(
            number=rank * workers + worker, count=ranks * workers, siblings=workers
        )
        dtype = None
        if self._target is not None:
            dtype = str(torch.get_default_dtype()).removeprefix("torch.")
        convert = _Collate(ToArrays(self._parts.source.name, self._target, dtype))
        for batch in read_epoch(
            self._parts, self._plan, epoch, convert=convert, shard=shard
        ):
            yield _to_tensors(batch)

    def set_epoch(self, epoch: int) -> None:
        """Continue with another epoch.

        Parameters
        ----------
        epoch : int
            Its number, from 0.
        """
        self._epochs.fill_(epoch)

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for a worker, where the ranks are not known."""
        return {**self.__dict__, "_rank": _find_rank() or self._rank}


class _Collate:
    """Converts blocks to arrays, and leaves items in lists to torch."""

    def __init__(self, to_arrays: ToArrays) -> None:
        self._to_arrays = to_arrays

    def __call__(self, rows: Any) -> Any:
        if isinstance(rows, list) and self._to_arrays.target is None:
            return rows
        return self._to_arrays(rows)


def _to_tensors(batch: Any) -> Any:
    if isinstance(batch, list):
        return torch.utils.data.default_collate(batch)
    if isinstance(batch, tuple):
        return tuple(map(_to_tensors, batch))
    if isinstance(batch, dict):
        return {name: _to_tensors(values) for name, values in batch.items()}
    return torch.from_numpy(_own(batch))


def _own(array: Any) -> Any:
    """Return an array as torch takes it, with its own memory.

    A tensor may be written to, but not the user's array, nor the memory of a table.
    """
    flags, dtype = array.flags, array.dtype
    if flags.owndata and flags.writeable and dtype.isnative:
        return array
    return array.astype(dtype.newbyteorder("="), order="C")


def _find_rank() -> tuple[int, int] | None:
    """Return the rank of this process and their number; None if it has none."""
    distributed = torch.distributed
    if not distributed.is_available() or not distributed.is_initialized():
        return None
    return distributed.get_rank(), distributed.get_world_size()
