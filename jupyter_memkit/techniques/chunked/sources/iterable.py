"""Any iterable, in lists of items, or in frames if the items are frames."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sized
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.techniques.chunked.sources.arranging import (
    arrange_columns,
    list_columns,
)
from jupyter_memkit.techniques.chunked.sources.base import Loaded, Piece, Request
from jupyter_memkit.techniques.chunked.sources.cutting import cut_pieces
from jupyter_memkit.techniques.chunked.sources.digests import digest_items

_FRAMES = frozenset({"DataFrame", "RecordBatch", "Table"})


@dataclass(frozen=True, slots=True, kw_only=True)
class IterableSource:
    """An iterable, or an iterator, which can be read only once.

    Frames are cut into frames of the requested rows, unless they are in an object that
    has a length and is not a list: its items are the rows.
    """

    data: Iterable[Any]
    name: str
    row_bytes: None = None
    backend: None = None

    @property
    def total_rows(self) -> int | None:
        """The number of items, or rows of frames, if the iterable has a length."""
        if isinstance(self.data, (list, tuple)) and _is_frame(next(iter(self.data), 0)):
            return sum(map(len, self.data))
        return self._length

    @property
    def _length(self) -> int | None:
        if not isinstance(self.data, Sized):
            return None
        try:
            return len(self.data)
        except (TypeError, NotImplementedError):
            # Not all objects of the class have one, such as a DataLoader of torch over
            # data without a length, or a sparse matrix.
            return None

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
        length = self._length
        if length is None:
            message = (
                f"a run over {self.name} cannot be resumed, because it may be readable "
                "only once; use a list, an array or a file"
            )
            raise SourceError(message)
        return [type(self.data).__name__, length, digest_items(self.data)]

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Read items: from the start, or from the position of an iterator."""
        items: Iterator[Any] = iter(self.data)
        is_spent = items is self.data
        if isinstance(self.data, (list, tuple)) or self._length is None:
            first = list(islice(items, 1))
            is_of_frames = bool(first) and _is_frame(first[0])
            items = chain(_pop(first), items)
            if is_of_frames:
                number, skipped = request.start or (0, 0)
                yield from cut_pieces(self._frames(items, number), request, skipped)
                return
        position = request.start or 0
        next(islice(items, position, position), None)
        # A chunk leaves the list when it is handed out, so that only its user holds it.
        ready = [list(islice(items, request.rows()))]
        if not ready[0] and is_spent:
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

    def _frames(self, items: Iterator[Any], first: int) -> Generator[Piece, None, None]:
        """Yield the frames from one on, with the columns of the first in its order."""
        total = self._length
        kind, names = None, None
        frames = map(_as_frame, islice(items, first, None))
        for number, item in enumerate(frames, first):
            own = list_columns(item)
            kind, names = kind or type(item), names or own
            if type(item) is not kind or own is None or set(own) != set(names or ()):
                message = (
                    f"item {number} of {self.name} is not a {kind.__name__} with the "
                    f"columns {', '.join(map(str, names or ()))}, like those before; "
                    "use only frames with the same columns"
                )
                raise SourceError(message)
            ready = Loaded(arrange_columns(item, names))
            del item
            yield Piece(
                load=ready,
                start=number,
                end=number + 1,
                fraction=(number + 1) / total if total else None,
            )


def _pop(items: list[Any]) -> Iterator[Any]:
    """Yield items without a reference to them."""
    while items:
        yield items.pop(0)


def _is_frame(item: Any) -> bool:
    return type(item).__name__ in _FRAMES and list_columns(item) is not None


def _as_frame(item: Any) -> Any:
    """Return an item, or a table of a batch of pyarrow, as batches cannot be joined."""
    batch = find_loaded("pyarrow", "RecordBatch")
    if batch is None or not isinstance(item, batch):
        return item
    return find_loaded("pyarrow", "Table").from_batches([item])
