"""Several files as one table, with the same columns and types throughout."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.remedies import write_list
from jupyter_memkit.techniques.chunked.sources.arranging import Arranged
from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_FILES,
    Loaded,
    Piece,
    Request,
    Source,
    TypeChange,
    find_row_bytes,
    find_starts,
    spread,
)
from jupyter_memkit.techniques.chunked.sources.cutting import join_rows
from jupyter_memkit.techniques.chunked.sources.dtypes import unite as unite_text
from jupyter_memkit.techniques.chunked.sources.dtypes import unite_stored


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralSource:
    """Sources of one family, one after the other."""

    sources: tuple[Source, ...]
    name: str

    @property
    def backend(self) -> str | None:
        """The library of the first source's chunks."""
        return self.sources[0].backend

    @property
    def total_rows(self) -> int | None:
        """The rows of all files, if they are known for each."""
        rows = [source.total_rows for source in self.sources]
        known = [number for number in rows if number is not None]
        return sum(known) if len(known) == len(rows) else None

    @property
    def row_bytes(self) -> float | None:
        """The bytes of a row of the first file."""
        return self.sources[0].row_bytes

    def row_bytes_of(self, columns: tuple[str, ...] | None) -> float | None:
        """Return the bytes of a row of the first file in some of the columns."""
        return find_row_bytes(self.sources[0], columns)

    def columns(self) -> tuple[str, ...] | None:
        """Return the names of the columns that all files have."""
        first = self.sources[0].columns()
        if first is None:
            return None
        common = set(first).intersection(
            *(source.columns() or () for source in self.sources[1:])
        )
        return tuple(name for name in first if name in common)

    def _reject_differences(self) -> None:
        """Reject files with different columns."""
        first = self.sources[0].columns()
        for source in self.sources[1:]:
            own = source.columns()
            if own is None or first is None or set(own) == set(first):
                continue
            lacking = [name for name in first if name not in own]
            extra = [name for name in own if name not in first]
            differs = [
                *([f"lacks {', '.join(lacking)}"] if lacking else []),
                *([f"also has {', '.join(extra)}"] if extra else []),
            ]
            common = write_list(name for name in first if name in own)
            message = (
                f"{source.name} {' and '.join(differs)}, unlike "
                f"{self.sources[0].name}; use --columns {common}, or fewer files"
            )
            raise SourceError(message)

    def types(self, backend: str | None) -> dict[str, str]:
        """Return the types that hold the values of all files."""
        types: dict[str, str] = {}
        # Where no type holds the values of all files, the chunks show the difference.
        apart: set[str] = set()
        unite = unite_stored if _stores_types(self.sources[0]) else unite_text
        for source in self.sources:
            for name, kind in source.types(backend).items():
                before = types.setdefault(name, kind)
                if before == kind or name in apart:
                    continue
                shared = unite(before, kind, backend)
                if shared is None:
                    apart.add(name)
                else:
                    types[name] = shared
        return {name: kind for name, kind in types.items() if name not in apart}

    def fingerprint(self) -> Any:
        """Return the fingerprint of each file."""
        return [source.fingerprint() for source in self.sources]

    def find_starts(self, count: int) -> list[Any]:
        """Return the starts of some sources, or several of each if there are few."""
        n_sources = len(self.sources)
        places = [
            [number, start]
            for number in spread(n_sources, count)
            for start in find_starts(self.sources[number], max(1, count // n_sources))
        ]
        return [None, *places[1:]]

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Read one source after the other, small ones together."""
        if request.columns is None:
            self._reject_differences()
        is_joined = not (request.portable or request.separate or request.exact)
        if self.backend != FROM_FILES or not is_joined:
            yield from self._read(request)
        else:
            yield from _join_small(self._read(request), request)

    def _read(self, request: Request) -> Generator[Piece, None, None]:
        first, start = request.start or (0, None)
        order = request.columns or self.sources[0].columns()
        last, end = request.end or (len(self.sources) - 1, None)
        for number in range(first, last + 1):
            part = dataclasses.replace(
                request,
                start=start if number == first else None,
                end=end if number == last else None,
            )
            source = self.sources[number]
            is_ordered = not order or (
                request.columns is None and source.columns() == order
            )
            for piece in source.pieces(part):
                ready = [self._place(number, piece, None if is_ordered else order)]
                del piece
                yield ready.pop()

    def _place(self, number: int, piece: Piece, order: tuple[str, ...] | None) -> Piece:
        fraction = piece.fraction
        return dataclasses.replace(
            piece,
            load=Arranged(load=piece.load, names=order) if order else piece.load,
            start=[number, piece.start],
            end=[number, piece.end],
            fraction=None
            if fraction is None
            else (number + fraction) / len(self.sources),
        )


def _stores_types(source: Source) -> bool:
    """Return whether the values of a file have types, unlike those in text."""
    # The file of a folder whose name is a column.
    source = getattr(source, "source", source)
    return bool(getattr(source, "stores_types", False))


def _join_small(
    pieces: Generator[Piece, None, None], request: Request
) -> Generator[Piece, None, None]:
    """Join pieces that are smaller than requested, such as those of small files."""
    held: list[Any] = []
    rows, start, end, fraction = 0, None, None, None
    for piece in pieces:
        try:
            loaded = piece.load()
        except TypeChange as change:
            raise change.after(rows) from None
        if held and not _are_alike(held[-1], loaded):
            ready = [_join_held(held, rows, start, end, fraction)]
            rows = 0
            yield ready.pop()
        start = start if held else piece.start
        end, fraction = piece.end, piece.fraction
        del piece
        rows += len(loaded)
        held.append(loaded)
        del loaded
        if rows * 2 >= request.rows() and request.end is None:
            ready = [_join_held(held, rows, start, end, fraction)]
            rows = 0
            yield ready.pop()
    if held:
        yield _join_held(held, rows, start, end, fraction)


def _are_alike(one: Any, other: Any) -> bool:
    """Return whether rows are of one type, and their columns too."""
    if type(one) is not type(other):
        return False
    if hasattr(type(one), "schema"):
        return bool(one.schema == other.schema)
    return bool(one.dtypes.equals(other.dtypes))


def _join_held(
    held: list[Any], rows: int, start: Any, end: Any, fraction: float | None
) -> Piece:
    """Empty the list of held rows, and return them as one piece."""
    parts, held[:] = held[:], []
    joined = parts.pop() if len(parts) == 1 else join_rows(parts)
    return Piece(
        load=Loaded(joined), start=start, end=end, rows=rows, fraction=fraction
    )
