"""A torch Dataset, in lists of its items."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sized
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request, Source
from jupyter_memkit.techniques.chunked.sources.iterable import IterableSource
from jupyter_memkit.techniques.chunked.sources.ranges import item_pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSource:
    """A Dataset with items by number.

    Parameters
    ----------
    dataset : torch.utils.data.Dataset
        A dataset with ``__getitem__`` and ``__len__``.
    """

    dataset: Any
    row_bytes: None = None
    backend: None = None

    @property
    def name(self) -> str:
        """The type of the dataset."""
        return f"the {type(self.dataset).__name__}"

    @property
    def total_rows(self) -> int:
        """The number of items."""
        return len(self.dataset)

    def columns(self) -> None:
        """Return None: items have no columns."""

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return no types: items have no columns."""
        return {}

    def fingerprint(self) -> Any:
        """Return the type and the number of items."""
        return [type(self.dataset).__name__, self.total_rows]

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Take items by their numbers."""
        load = partial(_load_items, self.dataset)
        yield from item_pieces(request, self.total_rows, load)


def is_torch_dataset(source: Any) -> bool:
    """Return whether this is a Dataset of torch; never imports torch."""
    data = sys.modules.get("torch.utils.data")
    return data is not None and isinstance(source, data.Dataset)


def open_torch_dataset(dataset: Any) -> Source:
    """Return the source that reads a Dataset, by number or by iteration.

    Raises
    ------
    SourceError
        If its items have numbers, but it has no length.
    """
    data = sys.modules["torch.utils.data"]
    name = f"the {type(dataset).__name__}"
    if isinstance(dataset, data.IterableDataset):
        return IterableSource(data=dataset, name=name)
    if not isinstance(dataset, Sized):
        message = f"{name} has no length; add a __len__ method to its class"
        raise SourceError(message)
    return DatasetSource(dataset=dataset)


def _load_items(dataset: Any, start: int, end: int) -> list[Any]:
    fetch_many = getattr(dataset, "__getitems__", None)
    if fetch_many is not None:  # As torch's own loader does.
        return list(fetch_many(list(range(start, end))))
    return [dataset[number] for number in range(start, end)]
