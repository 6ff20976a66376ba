"""The interface of every source of chunks, and the request that it receives.

Each family of sources has a module; its class only has to match `Source`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.remedies import write_list

# The backend of stored tables, which are converted to the user's library.
FROM_FILES = "table"

# The same, but read on the main thread, to which a database connection may belong.
FROM_QUERY = "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """How a source is read.

    Attributes
    ----------
    rows : callable
        Called before each piece; returns how many rows it should have. This changes
        from piece to piece, as the run learns how much memory a row takes.
    columns : tuple of str, optional
        The only columns that are needed; None is all.
    types : mapping of str to str
        Types of columns, by their pandas names, which override those of the source.
    given : frozenset of str
        Columns whose types the user gave, or an earlier reading found.
    categories : frozenset of str
        Columns that the user wants as categories.
    backend : str, optional
        The library of the chunks: ``"pandas"``, ``"polars"``, ``"arrow"``,
        ``"numpy"``.
    start : object, optional
        The `Piece.end` of an earlier reading, to continue from.
    end : object, optional
        Where to stop; all from the start to here is then one piece.
    exact : bool
        Whether the user fixed the rows, so that only the last piece may have fewer.
    portable : bool
        Whether pieces are loaded in other processes; each must then know its rows.
    separate : bool
        Whether pieces are loaded in any order: they end where reading can start, so
        they may have more rows than requested.
    """

    rows: Callable[[], int]
    columns: tuple[str, ...] | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    backend: str | None = None
    start: Any = None
    end: Any = None
    exact: bool = False
    portable: bool = False
    separate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a source, before it is loaded.

    Attributes
    ----------
    load : callable
        Returns the rows in the form of the source's library: a pyarrow table, a
        pandas frame, an array, a list. It is called once, and keeps nothing. If it
        has a method ``parts``, that yields the same rows in parts of a given size.
    start, end : object
        The start and the end of the piece, as JSON values.
    rows : int, optional
        Its number of rows, if known before it is loaded.
    fraction : float, optional
        The fraction of the source up to the end of this piece, if known.
    is_separate : bool
        Whether it can be loaded at any time, also repeatedly, and in other processes.
    """

    load: Callable[[], Any]
    start: Any
    end: Any
    rows: int | None = None
    fraction: float | None = None
    is_separate: bool = False


class Source(Protocol):
    """Data that can be read piece by piece."""

    @property
    def name(self) -> str:
        """The name of the source in messages."""

    @property
    def total_rows(self) -> int | None:
        """The number of rows, if it is cheap to find."""

    @property
    def row_bytes(self) -> float | None:
        """The stored bytes of a row, if they are cheap to find."""

    @property
    def backend(self) -> str | None:
        """The library of the chunks; None is its own, `FROM_FILES` the user's."""

    def columns(self) -> tuple[str, ...] | None:
        """Return the names of its columns; None if it has none."""

    def types(self, backend: str | None) -> dict[str, str]:
        """Return the types of columns over the whole source, as far as known."""

    def fingerprint(self) -> Any:
        """Return a JSON value that changes when the data do.

        For data in memory, it changes if samples of them do.
        """

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Read from the start, or from the start of the request.

        A generator, so that closing it closes the file. It must not hold a piece that
        it has handed out, because that would keep two in memory.
        """


def find_row_bytes(source: Source, columns: tuple[str, ...] | None) -> float | None:
    """Return the stored bytes of a row, if they are cheap to find.

    Parameters
    ----------
    source : Source
        If it reads only the requested columns, it has a method ``row_bytes_of``.
    columns : tuple of str, optional
        The requested columns; None is all.
    """
    measure = getattr(source, "row_bytes_of", None)
    if measure is None:
        return source.row_bytes
    row_bytes: float | None = measure(columns)
    return row_bytes


def find_starts(source: Source, count: int) -> list[Any]:
    """Return places where reading can start, spread over a source.

    Parameters
    ----------
    source : Source
        If it can start at any of its rows or lines, it has a method ``find_starts``.
    count : int
        The most places.

    Returns
    -------
    list
        Values of `Request.start` in order, the first of which is the start: None.
    """
    find = getattr(source, "find_starts", None)
    return [None] if find is None else list(find(count))


def spread(total: int, count: int) -> list[int]:
    """Return numbers from 0 on below a total, evenly spread, at most `count` of them.

    Examples
    --------
    >>> spread(1_000, 4), spread(2, 4)
    ([0, 250, 500, 750], [0, 1])
    """
    return sorted({total * number // count for number in range(count)})


def load_parts(load: Callable[[], Any], rows: int) -> Iterator[Any]:
    """Load the rows of a piece, in parts where it can be read so.

    Parameters
    ----------
    load : callable
        The `Piece.load`.
    rows : int
        The most rows of a part, if the piece has parts.
    """
    parts = getattr(load, "parts", None)
    if parts is None:
        yield load()
    else:
        yield from parts(rows)


class TypeChange(MemkitError):  # noqa: N818 - an event, after which a run may start over
    """Later values of a column do not fit the type of the first ones.

    Parameters
    ----------
    name : str
        The name of the source in messages.
    changes : mapping of str to tuple of str
        The previous type, and the one that holds all values so far, by column.
    rows : mapping of str to int, optional
        The row of the first value that does not fit, by column, if known.

    Attributes
    ----------
    types : mapping of str to str
        The types that hold all values so far, by column.
    """

    def __init__(
        self,
        name: str,
        changes: Mapping[str, tuple[str, str]],
        rows: Mapping[str, int] | None = None,
    ) -> None:
        rows = dict(rows or {})
        described = ", ".join(
            f"{column} of {name} is {before} "
            # Before the first row there is only what the user gave.
            + ("by --types" if rows.get(column) == 0 else "in earlier rows")
            + f" and {after} in "
            + (f"row {rows[column]:,}" if column in rows else "later ones")
            for column, (before, after) in changes.items()
        )
        pairs = (f"{column}={after}" for column, (_, after) in changes.items())
        super().__init__(f"{described}; use --types {write_list(pairs)}")
        self.types = {column: after for column, (_, after) in changes.items()}
        self._arguments = (name, dict(changes), rows)

    def after(self, rows: int) -> TypeChange:
        """Return the same change, with its rows counted from `rows` rows earlier."""
        name, changes, known = self._arguments
        return TypeChange(name, changes, {c: row + rows for c, row in known.items()})

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the arguments, from which the other process builds the same error."""
        return TypeChange, self._arguments


class Loaded:
    """Rows that are in memory already: a `Piece.load` that drops its reference."""

    def __init__(self, rows: Any) -> None:
        self._rows = [rows]

    def __call__(self) -> Any:
        """Return the rows, and drop the reference to them."""
        return self._rows.pop()
