"""The types of the columns of a run, and the errors for values that do not fit."""

from __future__ import annotations

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.frames.casting import NotHeldError
from jupyter_memkit.techniques.chunked.remedies import write_list
from jupyter_memkit.techniques.chunked.sources.base import Request
from jupyter_memkit.techniques.chunked.sources.dtypes import NULL


class ColumnTypes:
    """The types that the columns of all chunks have.

    Parameters
    ----------
    source : str
        The name of the source in messages.
    request : Request
        The request for the chunks.

    Attributes
    ----------
    source : str
        The same name.
    requested : mapping of str to str
        The types of the request.
    categories : frozenset of str
        Columns that the user wants as categories.
    backend : str, optional
        The library of the chunks.
    wanted : dict of str to str
        The types of all chunks. The first rows decide those that were not requested.
    """

    def __init__(self, source: str, request: Request) -> None:
        self.source = source
        self.requested = request.types
        self.categories = request.categories
        self.backend = request.backend
        # Of columns that are not read, a type need not be one of the library.
        self.wanted = {
            name: kind
            for name, kind in request.types.items()
            if kind != NULL and (request.columns is None or name in request.columns)
        }

    def make_conflict(
        self, column: str, got: str, wanted: str, first_row: int
    ) -> MemkitError:
        """Return the error for types that no type holds both of."""
        # A run that starts over requests the type of later rows.
        is_requested = column in self.requested
        where = "in other rows or by --types" if is_requested else "in earlier rows"
        return MemkitError(
            f"{column} of {self.source} is {got} from row {first_row:,} on, but "
            f"{wanted} {where}, and unless values change no type holds "
            "both; leave it out with --columns, or read the files of each type "
            "separately"
        )

    def make_not_held_error(self, error: NotHeldError, first_row: int) -> MemkitError:
        """Return the error for stored values that the wanted type does not hold."""
        column = error.column
        remedy = (
            f"use --types {write_list([f'{column}=object'])}, which keeps all values"
            if self.backend in {"pandas", "numpy"}
            else f"leave out {column} with --columns, or read the files of each type "
            "separately"
        )
        return MemkitError(
            f"{column} of {self.source} is {error.got} from row {first_row:,} on, with "
            f"values that {self.wanted[column]}, its type in other rows or by --types, "
            f"does not hold ({error}); {remedy}"
        )

    def make_unknown_error(self, column: str, library: str) -> MemkitError:
        """Return the error for a requested type that the library does not have."""
        return MemkitError(
            f"{library} has no type {self.wanted[column]!r}, which --types gives "
            f"{column}; use one such as int64, float64, bool"
        )
