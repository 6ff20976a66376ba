"""Anything that a for loop can go through, in lists of items."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sized
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jupyter_memkit.errors import SourceError


@dataclass(frozen=True, slots=True, kw_only=True)
class IterableSource:
    """An iterable, or an iterator, which can be read only once."""

    data: Iterable[Any]
    name: str
    default_rows: int = 10_000

    @property
    def total_rows(self) -> int | None:
        """The number of items where the iterable has a length."""
        return len(self.data) if isinstance(self.data, Sized) else None

    def iterate(self, rows: int) -> Generator[list[Any], None, None]:
        """Read items: from the start, or from where an iterator stands."""
        items = iter(self.data)
        # A chunk leaves the list as it is handed out, so that only its user holds it.
        ready = [list(islice(items, rows))]
        if not ready[0] and items is self.data:
            message = (
                f"{self.name} gives no items: an iterator can be read only once; "
                "make it again, or give a list or a function's fresh generator"
            )
            raise SourceError(message)
        while ready[0]:
            yield ready.pop()
            ready.append(list(islice(items, rows)))
