"""What the lines of a file hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What some lines tell.

    Attributes
    ----------
    types : mapping of str to str
        The type of each column, in their order.
    empty : frozenset of str
        The columns without any value.
    has_index : bool
        Whether the lines have one value more than there are names, which pandas
        takes for an index.
    """

    types: Mapping[str, str]
    empty: frozenset[str] = frozenset()
    has_index: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a file's lines hold.

    Attributes
    ----------
    names : tuple of str
        The columns of the file.
    types : mapping of str to str
        Their types. Text is ``"str"`` for pandas, and ``"object"`` holds truth values
        of which some are missing.
    empty : frozenset of str
        The columns of which the sample has no value.
    columns : tuple of str
        The columns to read.
    separator : str
        What is between two values.
    backend : str
        Whose types they are.
    body_start : int
        Where the first line after the names begins, in bytes.
    row_bytes : float
        The bytes of a line.
    has_index : bool
        Whether the lines have one value more than there are names.
    """

    names: tuple[str, ...]
    types: Mapping[str, str]
    empty: frozenset[str]
    columns: tuple[str, ...]
    separator: str
    backend: str
    body_start: int
    row_bytes: float
    has_index: bool = False

    def _check_columns(self, request: Request) -> None:
        """Refuse columns that a library calls otherwise than pandas does."""
        for name in request.columns or ():
            if name not in self.types:
                message = (
                    f"{self.backend} does not call a column {name!r}; leave --columns "
                    "out, or give --backend pandas"
                )
                raise SourceError(message)

    def choose(self, request: Request) -> Layout:
        """Return the layout with the columns and types of a request."""
        self._check_columns(request)
        wanted = set(self.names if request.columns is None else request.columns)
        types = {**self.types, **request.types}
        types.update(dict.fromkeys(request.categories, "category"))
        return dataclasses.replace(
            self,
            types={name: types[name] for name in self.names},
            # A type that the user gave is no guess.
            empty=frozenset(n for n in self.empty if types[n] == self.types[n]),
            # Rows without any column could not be counted.
            columns=tuple(n for n in self.names if n in wanted) or self.names[:1],
        )
