"""Puts the columns of every chunk in one order.

Readers differ: some return the columns in the order of the request, others in that of
the file, and the files of a folder may have different orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.sizes.registry import name_library
from jupyter_memkit.techniques.chunked.columns import list_names
from jupyter_memkit.techniques.chunked.sources.base import load_parts

# Those whose frames and tables can be arranged.
_LIBRARIES = frozenset({"pandas", "polars", "pyarrow"})


def arrange_columns(rows: Any, names: Sequence[str] | None) -> Any:
    """Return rows with their columns in an order.

    Parameters
    ----------
    rows : object
        A frame or a table; anything else is returned as it is.
    names : sequence of str, optional
        The columns in order. Others, such as those of pandas' index, come last.
    """
    own = None if names is None else list_columns(rows)
    if names is None or own is None:
        return rows
    known = dict.fromkeys(own)
    ordered = list({**{n: None for n in names if n in known}, **known})
    if ordered == own or len(known) < len(own):
        return rows
    # For polars' own select, a name such as * is a pattern.
    is_arrow = name_library(type(rows)) == "pyarrow"
    return rows.select(ordered) if is_arrow else rows[ordered]


def list_columns(rows: Any) -> list[Any] | None:
    """Return the columns of a frame or a table; None for anything else.

    None also for columns of several levels, because a request names only one.
    """
    library = name_library(type(rows))
    names = list_names(rows) if library in _LIBRARIES else None
    if names is not None and library == "pandas" and rows.columns.nlevels > 1:
        return None
    return names


@dataclass(frozen=True, slots=True, kw_only=True)
class Arranged:
    """A `Piece.load` whose rows get their columns in an order.

    Parameters
    ----------
    load : callable
        The `Piece.load` of the file.
    names : tuple of str
        The columns in order.
    """

    load: Callable[[], Any]
    names: tuple[str, ...]

    def __call__(self) -> Any:
        """Return the rows."""
        return arrange_columns(self.load(), self.names)

    def parts(self, rows: int) -> Iterator[Any]:
        """Yield the rows in parts."""
        for part in load_parts(self.load, rows):
            ready = [arrange_columns(part, self.names)]
            del part
            yield ready.pop()
