"""Any iterable, in lists of items."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sized
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Loaded, Piece, Request
from jupyter_memkit.techniques.chunked.sources.digests import digest_items


@dataclass(frozen=True, slots=True, kw_only=True)
class IterableSource:
    """An iterable, or an iterator, which can be read only once."""

    data: Iterable[Any]
    name: str
    row_bytes: None = None
    backend: None = None

    @property
    def total_rows(self) -> int | None:
        """The number of items, if the iterable has a length."""
        return len(self.data) if isinstance(self.data, Sized) else None

    @property
    def can_repeat(self) -> bool:
        """Whether it can be iterated over again, as an iterator cannot."""
        return not isinstance(self.data, Iterator)

    def columns(self) -> None:
        """Return None: items have no columns."""

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return no types: items have no columns."""
        return {}

    def fingerprint(self) -> Any:
        """Return the number of items, and a digest of samples of a built-in collection.

        Raises
        ------
        SourceError
            If the iterable has no length, and so may be an iterator.
        """
        if not isinstance(self.data, Sized):
            message = (
                f"a run over {self.name} cannot be resumed, because it may be readable "
                "only once; use a list, an array or a file"
            )
            raise SourceError(message)
        return [type(self.data).__name__, len(self.data), digest_items(self.data)]

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Read items: from the start, or from the position of an iterator."""
        items = iter(self.data)
        position = request.start or 0
        next(islice(items, position, position), None)
        # A chunk leaves the list when it is handed out, so that only its user holds it.
        ready = [list(islice(items, request.rows()))]
        if not ready[0] and items is self.data:
            message = (
                f"{self.name} yields no items: an iterator can be read only once; "
                "create it again, or use a list"
            )
            raise SourceError(message)
        total = self.total_rows
        while ready[0] and (request.end is None or position < request.end):
            start, rows = position, len(ready[0])
            position += rows
            yield Piece(
                load=Loaded(ready.pop()),
                start=start,
                end=position,
                rows=rows,
                fraction=position / total if total else None,
            )
            ready.append(list(islice(items, request.rows())))
