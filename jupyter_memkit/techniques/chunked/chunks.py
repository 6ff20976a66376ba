"""The Python API: data as an iterable of chunks."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.mapped import Mapped
from jupyter_memkit.techniques.chunked.source import Source, open_source


class Chunked:
    """The chunks of a source, got from `chunked`; each iteration reads them anew."""

    def __init__(self, source: Source, rows: int) -> None:
        self._source = source
        self._rows = rows

    def __iter__(self) -> Iterator[Any]:
        """Read the source from its start, chunk by chunk."""
        return self._source.iterate(self._rows)

    def __repr__(self) -> str:
        """Name the source and the size of the chunks."""
        return f"<chunks of {self._rows:,} rows from {self._source.name}>"

    def map(self, function: Callable[[Any], Any]) -> Mapped:
        """Return the function's values over the chunks; nothing runs yet.

        Parameters
        ----------
        function : callable
            Takes a chunk and returns its value. It may raise `StopChunks`.

        Returns
        -------
        Mapped
            To iterate over, or to `reduce`.
        """
        return Mapped(self._source, self._rows, function)


def chunked(source: Any, *, rows: int | None = None) -> Chunked:
    """Read data that is too large for memory one chunk at a time.

    Parameters
    ----------
    source : path, array, frame or iterable
        A CSV or TSV file (also ``.gz``, ``.bz2``, ``.xz``) or a Parquet file, whose
        chunks are pandas frames; what ``pandas.read_csv(..., chunksize=...)``
        returned; a numpy array, a pandas or polars frame or series, or a pyarrow
        table, whose chunks are slices that share its memory; or any other iterable,
        whose chunks are lists.
    rows : int, optional
        Rows of a chunk; by default 100,000, or 10,000 items of an iterable.

    Returns
    -------
    Chunked
        An iterable of chunks. A ``for`` loop's variable keeps one chunk while the
        next is read; ``.map(function)`` holds one at a time.

    Raises
    ------
    SourceError
        When there is no such file, or the object cannot be read in chunks.
    MemkitError
        When ``rows`` is no whole number of at least 1.

    Examples
    --------
    >>> [sum(chunk) for chunk in chunked(range(10), rows=4)]
    [6, 22, 17]
    >>> chunked(range(10), rows=4).map(sum).reduce("sum")
    45
    """
    opened = open_source(source)
    return Chunked(opened, opened.default_rows if rows is None else _check_rows(rows))


def _check_rows(rows: Any) -> int:
    try:
        number = operator.index(rows)
    except TypeError:
        number = 0
    if number < 1 or isinstance(rows, bool):
        message = f"rows must be a whole number of at least 1, not {rows!r}"
        raise MemkitError(message)
    return number
