"""Dask frames, bags and arrays, computed one partition at a time."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import (
    Loaded,
    Piece,
    Request,
    Source,
)
from jupyter_memkit.techniques.chunked.sources.cutting import cut_pieces

_KINDS = (
    ("dask.dataframe", ("DataFrame", "Series")),
    ("dask.bag", ("Bag",)),
    ("dask.array", ("Array",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DaskSource:
    """A collection of Dask, in the order of its partitions.

    Each partition is computed by the scheduler that the user chose for Dask, or by
    the cluster of the current client, and is then in this process as a whole.

    Parameters
    ----------
    collection : dask.dataframe.DataFrame, Series, dask.bag.Bag or dask.array.Array
        The collection.
    """

    collection: Any
    # The chunks have the type of the partitions.
    backend: None = None

    @property
    def name(self) -> str:
        """The type of the collection."""
        return f"the Dask {type(self.collection).__name__}"

    @property
    def total_rows(self) -> int | None:
        """The length of the first axis of an array, if it is known."""
        if not _is(self.collection, "dask.array"):
            return None
        length = self.collection.shape[0]
        return None if math.isnan(length) else int(length)

    @property
    def row_bytes(self) -> float | None:
        """The bytes of a row of an array of numbers."""
        if not _is(self.collection, "dask.array") or self.collection.dtype.hasobject:
            return None
        count = math.prod(map(float, self.collection.shape[1:]))
        return None if math.isnan(count) else self.collection.dtype.itemsize * count

    def columns(self) -> tuple[str, ...] | None:
        """Return the names of the columns of a frame."""
        if not _is(self.collection, "dask.dataframe", "DataFrame"):
            return None
        names: tuple[str, ...] = tuple(self.collection.columns)
        return names

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return no types: Dask gives all partitions the same types."""
        return {}

    def fingerprint(self) -> Any:
        """Return Dask's own token, which covers the modification times of files."""
        token = sys.modules["dask"].base.tokenize(self.collection)
        return [type(self.collection).__name__, token]

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Compute one partition after the other."""
        first, skipped = request.start or (0, 0)
        yield from cut_pieces(self._partitions(request, first), request, skipped)

    def _partitions(self, request: Request, first: int) -> Generator[Piece, None, None]:
        count, compute = self._open(request.columns)
        for number in range(first, count):
            ready = Loaded(compute(number))
            yield Piece(
                load=ready,
                start=number,
                end=number + 1,
                fraction=(number + 1) / count,
            )

    def _open(
        self, columns: tuple[str, ...] | None
    ) -> tuple[int, Callable[[int], Any]]:
        """Return the number of partitions, and a function that computes one."""
        collection = self.collection
        if _is(collection, "dask.array"):
            if not collection.ndim:
                message = (
                    f"{self.name} without dimensions has no rows; use one with an axis"
                )
                raise SourceError(message)
            blocks = collection.blocks
            return collection.numblocks[0], lambda number: blocks[number].compute()
        if columns is not None:
            # Rows without any column could not be counted.
            collection = collection[list(columns) or list(collection.columns[:1])]
        partitions = collection.to_delayed()
        if not _is(collection, "dask.bag"):
            return len(partitions), lambda number: partitions[number].compute()
        return len(partitions), lambda number: list(partitions[number].compute())


def is_dask_collection(source: Any) -> bool:
    """Return whether this is a Dask frame, series, bag or array; imports nothing."""
    return any(_is(source, module, *names) for module, names in _KINDS)


def open_dask_collection(collection: Any) -> Source:
    """Return the source that reads a collection of Dask, one partition at a time."""
    return DaskSource(collection=collection)


def _is(source: Any, module: str, *names: str) -> bool:
    """Return whether an object is of a class in a module that may not be loaded."""
    loaded = sys.modules.get(module)
    kinds = names or next(found for name, found in _KINDS if name == module)
    with contextlib.suppress(AttributeError):  # While the module is being imported.
        return any(isinstance(source, getattr(loaded, kind)) for kind in kinds)
    return False
