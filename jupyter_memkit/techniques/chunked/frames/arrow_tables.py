"""Gives the columns of Arrow tables and polars frames the types of the run."""

from __future__ import annotations

from typing import Any

from jupyter_memkit.techniques.chunked.frames.backends import import_backend
from jupyter_memkit.techniques.chunked.frames.casting import (
    NotHeldError,
    cast_table,
    encode_categories,
    find_casts,
    is_castable,
)
from jupyter_memkit.techniques.chunked.frames.column_types import ColumnTypes
from jupyter_memkit.techniques.chunked.sources.dtypes import NULL, parse_type


class ArrowTables:
    """Gives the tables of a run the same types.

    Parameters
    ----------
    types : ColumnTypes
        The types of the run.
    """

    def __init__(self, types: ColumnTypes) -> None:
        self._types = types
        # The types of the tables so far, which decide where none was requested.
        self._seen: dict[str, str] = {}
        # The last schema that needed no cast.
        self._fitting: Any = None

    def cast_polars(self, frame: Any, first_row: int) -> Any:
        """Return a polars frame whose columns have the types of the run.

        Raises
        ------
        MemkitError
            If values of a column do not fit its type.
        """
        wanted = {*self._types.wanted, *self._types.categories}
        own = [name for name in frame.columns if name in wanted]
        if not own:
            return frame
        # A table without rows shows which types change, and is converted at once.
        before = frame[own].clear().to_arrow()
        after = self.cast(before, first_row)
        changed = [
            field.name
            for field, was in zip(after.schema, before.schema, strict=True)
            if field.type != was.type
        ]
        if not changed:
            return frame
        cast = self.cast(frame[changed].to_arrow(), first_row)
        polars = import_backend("polars")
        return frame.with_columns(*(polars.Series(n, cast[n]) for n in changed))

    def cast(self, table: Any, first_row: int) -> Any:
        """Return an Arrow table whose columns have the types of the run.

        Raises
        ------
        MemkitError
            If values of a column do not fit its type.
        """
        if table.schema == self._fitting:
            return table
        categories = self._types.categories
        wanted = {n: k for n, k in self._types.wanted.items() if n not in categories}
        for field in table.schema:
            kind = wanted.get(field.name, NULL)
            if parse_type(kind) is None and kind != str(field.type):
                library = self._types.backend or "Arrow"
                raise self._types.make_unknown_error(field.name, library)
        before = table.schema
        try:
            table = cast_table(table, find_casts(table, wanted))
        except NotHeldError as error:
            raise self._types.make_not_held_error(error, first_row) from error
        table = encode_categories(table, categories)
        self._reject_changes(table.schema, first_row)
        if table.schema == before:
            self._fitting = before
        return table

    def _reject_changes(self, schema: Any, first_row: int) -> None:
        """Reject columns of another type than before that cannot become that type."""
        for field in schema:
            got = str(field.type)
            kind = parse_type(got)
            if kind != field.type or got == NULL:
                continue
            wanted = self._seen.setdefault(field.name, got)
            if got != wanted and not is_castable(kind, parse_type(wanted)):
                raise self._types.make_conflict(field.name, got, wanted, first_row)
