"""The columns of a file, and how they are read."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Request

# The types that pandas' columns can be read as; others are made in the cell.
_OF_PANDAS = (
    *("bool", "float32", "float64", "int16", "int32", "int64", "int8", "object", "str"),
    *("uint16", "uint32", "uint64", "uint8"),
)
_KNOWN = frozenset({*_OF_PANDAS, "category", "integer", "large_string", "string"})


# The name and the type of each level of an index.
Index = tuple[tuple[Hashable, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns inferred from some lines.

    Attributes
    ----------
    types : mapping of str to str
        The type of each column, in the order of the file.
    empty : frozenset of str
        The columns without any value.
    has_index : bool
        Whether the lines have more values than there are names; pandas then makes an
        index of the first.
    """

    types: Mapping[str, str]
    empty: frozenset[str] = frozenset()
    has_index: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of a file, and how they are read.

    Attributes
    ----------
    names : tuple of str
        The columns of the file.
    types : mapping of str to str
        Their types. For pandas ``"str"`` is text, and ``"object"`` is Booleans with
        missing values.
    empty : frozenset of str
        The columns without a value in the sample.
    columns : tuple of str
        The columns to read.
    separator : str
        The separator of values.
    backend : str
        The library whose types these are.
    body_start : int
        The offset of the first line after the names, in bytes.
    row_bytes : float
        The average bytes per line.
    has_index : bool
        Whether the lines have more values than there are names.
    index : tuple
        The index that pandas makes of columns; empty if it makes none.
    given : frozenset of str
        The columns with other types than those inferred, because the user gave them.
    categories : mapping of str to str
        The types that the columns of categories would have otherwise.
    late_texts : frozenset of str
        The columns of text whose first values, in the head of the file, are numbers.
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
    index: Index = ()
    given: frozenset[str] = frozenset()
    categories: Mapping[str, str] = field(default_factory=dict)
    late_texts: frozenset[str] = frozenset()

    def _check_columns(self, request: Request) -> None:
        """Reject columns that the library names differently from pandas."""
        for name in request.columns or ():
            if name not in self.types:
                message = (
                    f"{self.backend} finds no column {name!r}; omit --columns, or use "
                    "--backend pandas"
                )
                raise SourceError(message)

    def _check_types(self, request: Request) -> None:
        """Reject types of columns that text cannot be read as."""
        for name, kind in request.types.items():
            # With options, pandas reads dates, and types that hold missing values.
            is_plain = self.types.get(name) in _KNOWN
            if self.backend == "pandas" and is_plain and kind not in _KNOWN:
                message = (
                    f"{name} cannot be read from text as {kind}; use one of "
                    f"{', '.join(_OF_PANDAS)}, or convert it in the cell"
                )
                raise SourceError(message)

    def choose(self, request: Request) -> Layout:
        """Return the layout with the columns and types of a request."""
        self._check_columns(request)
        self._check_types(request)
        wanted = set(self.names if request.columns is None else request.columns)
        inferred = {**self.types, **request.types}
        types = {**inferred, **dict.fromkeys(request.categories, "category")}
        # Rows without any column could not be counted.
        readable = [name for name in self.names if types[name] != "integer"]
        default = tuple(readable[:1]) or self.names[:1]
        return dataclasses.replace(
            self,
            types={name: types[name] for name in self.names},
            # A type that the user gave is not a guess.
            empty=frozenset(n for n in self.empty if inferred[n] == self.types[n]),
            given=frozenset(n for n in self.names if types[n] != self.types[n]),
            columns=tuple(n for n in self.names if n in wanted) or default,
            categories={n: inferred[n] for n in self.names if n in request.categories},
            late_texts=self.late_texts - request.given,
        )
