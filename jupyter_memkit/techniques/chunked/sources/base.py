"""What every source of chunks offers, and what is asked of it.

A family of sources is one small file; its class only has to look like `Source`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.remedies import write_list

# The backend of a source whose tables the user does not know yet: theirs.
FROM_FILES = "table"

# The same, read on the thread that runs: a connection to a database belongs to one.
FROM_QUERY = "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """How a source is to be read.

    Attributes
    ----------
    rows : callable
        Tells, before each piece, how many rows it is to have. The answer changes
        from piece to piece, as the run learns what a row costs.
    columns : tuple of str, optional
        The only columns that are needed; None is all.
    types : mapping of str to str
        Types of columns, by pandas' names for them, that go before the source's own.
    categories : frozenset of str
        Columns that the user wants as categories.
    backend : str, optional
        What the chunks become: ``"pandas"``, ``"polars"``, ``"arrow"``, ``"numpy"``.
    start : object, optional
        The `Piece.end` of an earlier reading, from where to go on.
    end : object, optional
        Where to stop: then all from the start to here is one piece.
    exact : bool
        Whether the user fixed the rows: then no piece but the last has others.
    portable : bool
        Whether pieces are loaded in other processes: each must then know its rows.
    """

    rows: Callable[[], int]
    columns: tuple[str, ...] | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    categories: frozenset[str] = frozenset()
    backend: str | None = None
    start: Any = None
    end: Any = None
    exact: bool = False
    portable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a source, before it is loaded.

    Attributes
    ----------
    load : callable
        Returns the rows as the source's library has them: a pyarrow table, a pandas
        frame, an array, a list. It is called once, and keeps nothing.
    start, end : object
        Where the piece begins and ends, in what JSON can hold.
    rows : int, optional
        Its rows, where they are known before it is loaded.
    fraction : float, optional
        The part of the source that ends with this piece, 0 to 1, where known.
    """

    load: Callable[[], Any]
    start: Any
    end: Any
    rows: int | None = None
    fraction: float | None = None


class Source(Protocol):
    """Data that can be read piece by piece."""

    @property
    def name(self) -> str:
        """How messages call the source."""

    @property
    def total_rows(self) -> int | None:
        """The number of rows where it is cheaply known."""

    @property
    def row_bytes(self) -> float | None:
        """The bytes of a row as it is stored, where they are cheaply known."""

    @property
    def backend(self) -> str | None:
        """What its chunks are where nobody asks: `FROM_FILES`, or None as they are."""

    def columns(self) -> tuple[str, ...] | None:
        """Return the names of its columns; None where it has none."""

    def types(self, backend: str | None) -> dict[str, str]:
        """Return the types of columns over the whole source, where they are known."""

    def fingerprint(self) -> Any:
        """Return what changes when the data do, in what JSON can hold."""

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Read from the start, or from where the request says.

        A generator, so that closing it closes the file. It must not hold a piece
        that it has handed out: that would keep two in memory.
        """


def find_row_bytes(source: Source, columns: tuple[str, ...] | None) -> float | None:
    """Return the bytes of a row as it is stored, where they are cheaply known.

    Parameters
    ----------
    source : Source
        One that reads only what is wanted has a method ``row_bytes_of``.
    columns : tuple of str, optional
        The columns that are wanted; None is all.
    """
    measure = getattr(source, "row_bytes_of", None)
    if measure is None:
        return source.row_bytes
    row_bytes: float | None = measure(columns)
    return row_bytes


class TypeChange(MemkitError):  # noqa: N818 - what happened to the column
    """A column's values further on do not fit the type that they began with.

    Parameters
    ----------
    name : str
        How messages call the source.
    changes : mapping of str to tuple of str
        The type before, and the one that holds all values so far, by column.
    rows : mapping of str to int, optional
        In which row it showed, where that is known.

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
        said = ", ".join(
            f"{column} is {before} before and {after} "
            + (f"in row {rows[column]:,}" if column in rows else "here")
            for column, (before, after) in changes.items()
        )
        pairs = (f"{column}={after}" for column, (_, after) in changes.items())
        super().__init__(
            f"{name} changes its types: {said}; give --types {write_list(pairs)}"
        )
        self.types = {column: after for column, (_, after) in changes.items()}
        self._made_of = (name, dict(changes), rows)

    def after(self, rows: int) -> TypeChange:
        """Return the same, where so many rows came before those that it knows of."""
        name, changes, known = self._made_of
        return TypeChange(name, changes, {c: row + rows for c, row in known.items()})

    def __reduce__(self) -> tuple[Any, ...]:
        """Come out of another process as it was."""
        return TypeChange, self._made_of


class Loaded:
    """Rows that are in memory already: the `load` of a piece, which lets go of them."""

    def __init__(self, rows: Any) -> None:
        self._rows = [rows]

    def __call__(self) -> Any:
        """Hand the rows over."""
        return self._rows.pop()
