"""Gives pandas frames the types of the run.

These are the types of the whole file: integers are floats everywhere if one is missing
anywhere.
"""

from __future__ import annotations

import contextlib
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.columns import has_columns
from jupyter_memkit.techniques.chunked.frames.backends import import_backend
from jupyter_memkit.techniques.chunked.frames.casting import (
    NotHeldError,
    cast_table,
    cast_values,
    find_casts,
    is_castable,
)
from jupyter_memkit.techniques.chunked.frames.column_types import ColumnTypes
from jupyter_memkit.techniques.chunked.frames.from_arrow import convert_table
from jupyter_memkit.techniques.chunked.results.categories import append_categories
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.dtypes import (
    find_common,
    holds,
    is_text,
    name_of_text,
    widen,
    widen_for_missing,
    without_nullable,
)


class PandasFrames:
    """Makes pandas frames, or arrays, that have the same types.

    Parameters
    ----------
    types : ColumnTypes
        The types of the run.
    """

    def __init__(self, types: ColumnTypes) -> None:
        self._types = types
        # Whether the names of the types are pandas' own yet.
        self._is_named = False
        self._categories: dict[str, Any] = {}
        # The last schema that needed no cast.
        self._fitting: Any = None
        self._index_type: str | None = None

    def make(self, rows: Any, first_row: int, backend: str, *, is_table: bool) -> Any:
        """Return rows as a frame with the types of the run, or as an array.

        Parameters
        ----------
        rows : pyarrow.Table, pandas.DataFrame or pandas.Series
            The rows. A pandas object already has its index.
        first_row : int
            The number of the first row, where the index of a table continues.
        backend : str
            ``"pandas"``, or ``"numpy"`` for an array.
        is_table : bool
            Whether they are an Arrow table.

        Raises
        ------
        TypeChange
            If the values of a column do not fit the type of the chunks before.
        MemkitError
            If no type holds both.
        """
        if not is_table and not has_columns(rows):
            return rows.to_numpy() if backend == "numpy" else rows
        self._name_types(backend)
        frame = self._number_rows(rows, first_row) if is_table else rows
        frame = self._agree(frame, first_row, backend, is_stored=is_table)
        if backend == "pandas":
            return frame
        # A table of one column becomes an array of one dimension.
        is_one = is_table and len(frame.columns) == 1
        return frame.iloc[:, 0].to_numpy() if is_one else self._to_array(frame)

    def _name_types(self, backend: str) -> None:
        """Give the types of the request the names that pandas gives them."""
        if self._is_named:
            return
        self._is_named = True
        pandas = import_backend("pandas")
        text = name_of_text()
        names = {"str": text, "large_string": text, "mixed": "object"}
        # pandas gives this name to two types, and makes the other one of it.
        names["string[pyarrow]"] = "string[pyarrow]"
        # Each type once, because a frame may have thousands of columns.
        found: dict[str, str] = {}
        for column, kind in self._types.wanted.items():
            known = names.get(kind, kind)
            if known not in found:
                try:
                    dtype = pandas.api.types.pandas_dtype(known)
                except (TypeError, ValueError) as error:
                    raise self._types.make_unknown_error(column, "pandas") from error
                if backend == "numpy":
                    dtype = getattr(dtype, "numpy_dtype", dtype)
                found[known] = known if known in names else str(dtype)
            self._types.wanted[column] = found[known]

    def _number_rows(self, table: Any, first_row: int) -> Any:
        """Return a frame whose default index continues that of the chunk before."""
        if table.schema == self._fitting:
            return convert_table(table, first_row)
        wanted = self._types.wanted
        types = {name: kind for name, kind in wanted.items() if not is_text(kind)}
        casts = {
            name: kind
            for name, kind in find_casts(table, types).items()
            if is_castable(table.schema.field(name).type, kind)
        }
        whole = [
            field.name
            for field in table.schema
            if types.get(field.name) == "object"
            and str(field.type).startswith(("int", "uint"))
        ]
        if (
            not casts
            and not whole
            and self._types.wanted.keys() >= set(table.column_names)
        ):
            self._fitting = table.schema
        try:
            table = cast_table(table, casts)
        except NotHeldError as error:
            raise self._types.make_not_held_error(error, first_row) from error
        frame = convert_table(table, first_row)
        pandas = import_backend("pandas")
        for name in casts:
            dtype = pandas.api.types.pandas_dtype(types[name])
            if name in frame.columns and hasattr(dtype, "__from_arrow__"):
                values = dtype.__from_arrow__(table[name])
                frame[name] = pandas.Series(values, frame.index)
        for name in whole:
            # As floats, missing values would cost digits.
            values = table[name].to_pylist()
            frame[name] = pandas.Series(values, frame.index, dtype=object)
        return frame

    def _agree(
        self, frame: Any, first_row: int, backend: str, *, is_stored: bool
    ) -> Any:
        """Give a frame the types of the frames before it."""
        if backend == "numpy":
            frame = without_nullable(frame)
        self._check_index(frame.index)
        changed: dict[str, tuple[str, str]] = {}
        # Naming a type takes longer than looking it up, and a frame may be wide.
        names = {dtype: str(dtype) for dtype in set(frame.dtypes)}
        for column, dtype in frame.dtypes.items():
            got = names[dtype]
            wanted = self._types.wanted.setdefault(column, got)
            if (
                column in self._types.categories
                or (wanted == "category" and column not in self._types.requested)
                or got == wanted == "category"
            ):
                frame[column] = self._categorize(column, frame[column])
            elif got != wanted:
                fitted, wider = self._fit(column, frame[column], is_stored=is_stored)
                if fitted is not None:
                    frame[column] = fitted
                elif wider == wanted:
                    raise self._types.make_conflict(column, got, wanted, first_row)
                else:
                    changed[column] = (wanted, wider)
        if changed:
            raise TypeChange(self._types.source, changed)
        return frame

    def _fit(self, column: str, values: Any, *, is_stored: bool) -> tuple[Any, str]:
        """Return values in the type of their column, and the type that would hold them.

        The former is None if they do not fit, the latter the previous type if no type
        holds both.
        """
        got, wanted = str(values.dtype), self._types.wanted[column]
        is_missing = bool(values.isna().all())
        if is_missing:
            wider = widen_for_missing(wanted)
        else:
            wider = find_common(wanted, got) if is_stored else widen(wanted, got)
        if wanted == "uint64" and got in {"float64", "str", "object"} and not is_stored:
            wider = wanted  # Floats would lose digits, and text may be numbers.
        can_hold = holds(wanted, got) or (is_stored and wanted == "object")
        if can_hold or (is_missing and wider == wanted):
            with contextlib.suppress(TypeError, ValueError):
                return _cast(values, wanted), wanted
        if wider == wanted or column in self._types.requested:
            fitted = cast_values(values, wanted)
            if fitted is not None:
                return fitted, wanted
        if is_stored and is_text(wider) and not holds(wider, wanted):
            wider = wanted  # Stored numbers do not become text.
        return None, wider

    def _to_array(self, frame: Any) -> Any:
        """Return a frame as an array, in which no integer lost digits."""
        array = frame.to_numpy()
        if array.dtype.kind != "f":
            return array
        for column, dtype in frame.dtypes.items():
            if dtype.kind in "iu" and cast_values(frame[column], "float64") is None:
                message = (
                    f"an array has one type for all columns, and no float holds the "
                    f"integers of {column} of {self._types.source}; use "
                    f"--backend pandas, or leave out {column} with --columns"
                )
                raise MemkitError(message)
        return array

    def _check_index(self, index: Any) -> None:
        """Reject an index of another type than before."""
        dtypes = [index.dtype] if index.nlevels == 1 else index.dtypes
        got = ", ".join(map(str, dtypes))
        self._index_type = self._index_type or got
        if got != self._index_type:
            message = (
                f"the index of {self._types.source} is {self._index_type} in earlier "
                f"rows and {got} in later ones; give each of its columns a name, or "
                "leave out lines before the names with --read skiprows=1"
            )
            raise MemkitError(message)

    def _categorize(self, column: str, values: Any) -> Any:
        """Give a column all categories so far.

        Stored ones are in order of appearance, and those that the user asks for are
        sorted, as ``read_csv`` and ``astype("category")`` sort them.
        """
        values = values.astype("category")
        known, is_ordered = values.cat.categories, values.cat.ordered
        seen = self._categories.get(column)
        if seen is not None:
            known = append_categories(seen.categories, known)
            is_ordered = seen.ordered and is_ordered
        if column in self._types.categories and not is_ordered:
            with contextlib.suppress(TypeError):  # Of different types.
                known = known.sort_values()
        values = values.cat.set_categories(known, ordered=is_ordered)
        self._categories[column] = values.dtype
        return values


def _cast(values: Any, wanted: str) -> Any:
    if wanted == "object" and str(values.dtype) == "object":
        return values
    return values.astype(wanted)
