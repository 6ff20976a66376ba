"""Converts the rows of a source to the chunks of the cell: frames, tables or arrays.

All frames of a run have the same types. In pandas these are the types of the whole
file: integers are floats everywhere if one is missing anywhere.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.remedies import write_list
from jupyter_memkit.techniques.chunked.sources.arranging import arrange_columns
from jupyter_memkit.techniques.chunked.sources.base import Request, TypeChange
from jupyter_memkit.techniques.chunked.sources.casting import (
    NotHeldError,
    cast_table,
    cast_values,
    encode_categories,
    find_casts,
    is_castable,
)
from jupyter_memkit.techniques.chunked.sources.dtypes import (
    NULL,
    find_common,
    holds,
    is_text,
    name_of_text,
    parse_type,
    widen,
    widen_for_missing,
    without_nullable,
)
from jupyter_memkit.techniques.chunked.sources.files import import_library

BACKENDS = ("pandas", "polars", "arrow", "numpy")

_TABLES = frozenset({"pandas", "polars", "arrow"})
_MODULES = {"pandas": "pandas", "polars": "polars", "arrow": "pyarrow"}


def find_backend() -> str:
    """Return the default library of the chunks of a table: the first installed one.

    It does not depend on imports, so a cell does the same after a restart.
    """
    for backend, module in _MODULES.items():
        if module in sys.modules or importlib.util.find_spec(module) is not None:
            return backend
    return "numpy"


def load_backend(backend: str | None) -> None:
    """Import the libraries of a backend, before the memory of chunks is measured."""
    modules = [
        "pyarrow.csv",
        "pyarrow.parquet",
        *([] if backend is None else [backend]),
        *(["pandas"] if backend == "numpy" else []),
    ]
    for module in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(_MODULES.get(module, module))


class FrameMaker:
    """Makes the chunks of a run, which have the same columns and types.

    Parameters
    ----------
    name : str
        The name of the source in messages.
    request : Request
        The request for the chunks.
    """

    def __init__(self, name: str, request: Request) -> None:
        self._name = name
        self._request = request
        self._is_pandas = request.backend in {"pandas", "numpy"}
        # Of columns that are not read, a type need not be one of the library.
        self._types = {
            name: kind
            for name, kind in request.types.items()
            if kind != NULL and (request.columns is None or name in request.columns)
        }
        # Whether the names of the types are pandas' own yet.
        self._is_named = False
        self._categories: dict[str, Any] = {}
        # The types in Arrow tables, and the last schema that needed no cast.
        self._seen: dict[str, str] = {}
        self._fitting: Any = None
        self._index_type: str | None = None

    def __call__(self, rows: Any, first_row: int) -> Any:
        """Return rows as a chunk of the backend.

        Parameters
        ----------
        rows : object
            The rows that `Piece.load` returned.
        first_row : int
            The number of the first row, where the index continues.

        Raises
        ------
        TypeChange
            If the values of a column do not fit the type of the chunks before.
        MemkitError
            If no type holds both.
        """
        rows = arrange_columns(rows, self._request.columns)
        kind = _kind(rows)
        backend = self._request.backend
        if backend is None:
            # The types are the user's own: such sources know none.
            is_asked = self._types or self._request.categories
            if not is_asked or kind not in _TABLES:
                return rows
            backend = kind
        if backend in {"pandas", "numpy"} and kind in {"pandas", "arrow"}:
            return self._make_frame(rows, first_row, backend)
        if backend in {"polars", "arrow"} and kind in {"polars", "arrow"}:
            rows = self._cast(rows, first_row)
        if kind == backend:
            return rows
        convert = _CONVERSIONS.get((kind, backend))
        if convert is None:
            message = (
                f"the chunks of {self._name} are of type {type(rows).__name__}, which "
                f"cannot be converted to {backend}; leave out --backend"
            )
            raise MemkitError(message)
        return convert(rows)

    def _make_frame(self, rows: Any, first_row: int, backend: str) -> Any:
        """Return a frame of pandas, or its array, with the types of the whole."""
        is_table = _kind(rows) == "arrow"
        if not is_table and not hasattr(rows, "columns"):
            return rows.to_numpy() if backend == "numpy" else rows
        self._name_types(backend)
        frame = self._number_rows(rows, first_row) if is_table else rows
        if backend == "numpy":
            frame = without_nullable(frame)
        frame = self._agree(frame, first_row, is_stored=is_table)
        if backend == "pandas":
            return frame
        # A table of one column has always been an array of one dimension.
        is_one = is_table and len(frame.columns) == 1
        return frame.iloc[:, 0].to_numpy() if is_one else self._to_array(frame)

    def _name_types(self, backend: str) -> None:
        """Give the types of the request the names that pandas gives them."""
        if self._is_named:
            return
        self._is_named = True
        pandas = _library("pandas")
        text = name_of_text()
        names = {"str": text, "large_string": text, "mixed": "object"}
        for column, kind in self._types.items():
            known = names.get(kind, kind)
            try:
                dtype = pandas.api.types.pandas_dtype(known)
            except (TypeError, ValueError) as error:
                raise _make_unknown_error(column, kind, "pandas") from error
            plain = (
                getattr(dtype, "numpy_dtype", dtype) if backend == "numpy" else dtype
            )
            self._types[column] = known if known in names else str(plain)

    def _cast(self, rows: Any, first_row: int) -> Any:
        """Give the columns of a table of Arrow or polars the types of the request."""
        if not hasattr(rows, "columns"):
            return rows
        if _kind(rows) == "arrow":
            return self._cast_table(rows, first_row)
        wanted = {*self._types, *self._request.categories}
        own = [name for name in rows.columns if name in wanted]
        if not own:
            return rows
        table = rows.select(own).to_arrow()
        cast = self._cast_table(table, first_row)
        changed = [
            field.name
            for field, before in zip(cast.schema, table.schema, strict=True)
            if field.type != before.type
        ]
        polars = _library("polars")
        return rows.with_columns(*(polars.Series(n, cast[n]) for n in changed))

    def _cast_table(self, table: Any, first_row: int) -> Any:
        """Give the columns of an Arrow table the types of the request, if they fit."""
        categories = self._request.categories
        if table.schema == self._fitting:
            return table
        types = {n: kind for n, kind in self._types.items() if n not in categories}
        for field in table.schema:
            kind = types.get(field.name, "null")
            if parse_type(kind) is None and kind != str(field.type):
                backend = self._request.backend or "Arrow"
                raise _make_unknown_error(field.name, kind, backend)
        before = table.schema
        try:
            table = cast_table(table, find_casts(table, types))
        except NotHeldError as error:
            raise self._make_error(error, first_row) from error
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
                raise self._make_conflict(field.name, got, wanted, first_row)

    def _make_error(self, error: NotHeldError, first_row: int) -> MemkitError:
        """Return the error for stored values that a type does not hold."""
        column, wanted = error.column, self._types[error.column]
        remedy = (
            f"use --types {write_list([f'{column}=object'])}, which keeps all values"
            if self._is_pandas
            else f"leave out {column} with --columns, or read the files of each type "
            "separately"
        )
        return MemkitError(
            f"{column} of {self._name} is {error.got} from row {first_row:,} on, with "
            f"values that {wanted}, its type in other rows or by --types, does not "
            f"hold ({error}); {remedy}"
        )

    def _number_rows(self, table: Any, first_row: int) -> Any:
        """Return a frame whose default index continues that of the chunk before."""
        if table.schema == self._fitting:
            return number_rows(table, first_row)
        types = {n: kind for n, kind in self._types.items() if not is_text(kind)}
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
        if not casts and not whole and self._types.keys() >= set(table.column_names):
            self._fitting = table.schema
        try:
            table = cast_table(table, casts)
        except NotHeldError as error:
            raise self._make_error(error, first_row) from error
        frame = number_rows(table, first_row)
        pandas = _library("pandas")
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

    def _agree(self, frame: Any, first_row: int, *, is_stored: bool) -> Any:
        """Give a frame the types of the frames before it."""
        self._check_index(frame.index)
        changed: dict[str, tuple[str, str]] = {}
        # Naming a type takes longer than looking it up, and a frame may be wide.
        names = {dtype: str(dtype) for dtype in set(frame.dtypes)}
        for column, dtype in frame.dtypes.items():
            got = names[dtype]
            wanted = self._types.setdefault(column, got)
            if (
                column in self._request.categories
                or (wanted == "category" and column not in self._request.types)
                or got == wanted == "category"
            ):
                frame[column] = self._categorize(column, frame[column])
            elif got != wanted:
                fitted, wider = self._fit(column, frame[column], is_stored=is_stored)
                if fitted is not None:
                    frame[column] = fitted
                elif wider == wanted:
                    raise self._make_conflict(column, got, wanted, first_row)
                else:
                    changed[column] = (wanted, wider)
        if changed:
            raise TypeChange(self._name, changed)
        return frame

    def _fit(self, column: str, values: Any, *, is_stored: bool) -> tuple[Any, str]:
        """Return values in the type of their column, and the type that would hold them.

        The former is None if they do not fit, the latter the previous type if no type
        holds both.
        """
        got, wanted = str(values.dtype), self._types[column]
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
        if wider == wanted or column in self._request.types:
            fitted = cast_values(values, wanted)
            if fitted is not None:
                return fitted, wanted
        if is_stored and is_text(wider) and not holds(wider, wanted):
            wider = wanted  # Stored numbers do not become text.
        return None, wider

    def _make_conflict(
        self, column: str, got: str, wanted: str, first_row: int
    ) -> MemkitError:
        """Return the error for types that no type holds both of."""
        # A run that starts over asks for the type of later rows.
        is_asked = column in self._request.types
        where = "in other rows or by --types" if is_asked else "in earlier rows"
        return MemkitError(
            f"{column} of {self._name} is {got} from row {first_row:,} on, but "
            f"{wanted} {where}, and unless values change no type holds "
            "both; leave it out with --columns, or read the files of each type "
            "separately"
        )

    def _to_array(self, frame: Any) -> Any:
        """Return a frame as an array, in which no integer lost digits."""
        array = frame.to_numpy()
        if array.dtype.kind != "f":
            return array
        for column, dtype in frame.dtypes.items():
            if dtype.kind in "iu" and cast_values(frame[column], "float64") is None:
                message = (
                    f"an array has one type for all columns, and no float holds the "
                    f"integers of {column} of {self._name}; use --backend pandas, or "
                    f"leave out {column} with --columns"
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
                f"the index of {self._name} is {self._index_type} in earlier rows and "
                f"{got} in later ones; give each of its columns a name, or leave out "
                "lines before the names with --read skiprows=1"
            )
            raise MemkitError(message)

    def _categorize(self, column: str, values: Any) -> Any:
        """Give a column all categories so far, in order of appearance."""
        pandas = sys.modules["pandas"]
        values = values.astype("category")
        seen = self._categories.get(column)
        if seen is not None:
            new = values.cat.categories.difference(seen.categories, sort=False)
            known = seen.categories.append(new) if len(new) else seen.categories
            is_ordered = seen.ordered and values.cat.ordered
            values = values.astype(pandas.CategoricalDtype(known, is_ordered))
        self._categories[column] = values.dtype
        return values


def _cast(values: Any, wanted: str) -> Any:
    if wanted == "object" and str(values.dtype) == "object":
        return values
    return values.astype(wanted)


def _make_unknown_error(column: str, kind: str, backend: str) -> MemkitError:
    return MemkitError(
        f"{backend} has no type {kind!r}, which --types gives {column}; use one such "
        "as int64, float64, bool"
    )


def number_rows(table: Any, first_row: int) -> Any:
    """Return a frame whose default index continues that of the chunk before."""
    pandas = _library("pandas")
    frame = table.to_pandas()
    for field in table.schema:
        objects = (field.metadata or {}).get(b"objects")
        if objects is not None:
            frame[field.name] = _OBJECTS[objects](frame[field.name])
    if type(frame.index) is pandas.RangeIndex:
        described = (table.schema.pandas_metadata or {}).get("index_columns") or [None]
        ranged = described[0] if isinstance(described[0], dict) else {}
        step = ranged.get("step", 1)
        start = ranged.get("start", 0) + first_row * step
        frame.index = pandas.RangeIndex(
            start, start + step * len(frame), step, name=ranged.get("name")
        )
    return frame


def _fill(values: Any, missing: Any) -> Any:
    return values.astype(object).where(values.notna(), missing)


def _load_json(texts: Any) -> Any:
    pandas = sys.modules["pandas"]
    return pandas.Series(_parse_json(texts), texts.index, dtype=object)


def _parse_json(texts: Iterable[Any]) -> list[Any]:
    # As one list, which is twice as fast as one by one.
    values = ",".join(text if type(text) is str else "NaN" for text in texts)
    parsed: list[Any] = json.loads(f"[{values}]")
    return parsed


# How a source marks a column of objects: missing values are NaN, as in pandas' own
# readers of text, or None, or the objects are encoded as JSON.
_OBJECTS: Mapping[bytes, Callable[[Any], Any]] = {
    b"nan": partial(_fill, missing=math.nan),
    b"none": partial(_fill, missing=None),
    b"json": _load_json,
}


def _kind(rows: Any) -> str:
    """Return the library of an object."""
    root = type(rows).__module__.partition(".")[0]
    return {"pyarrow": "arrow"}.get(root, root)


def _library(backend: str) -> Any:
    return import_library(_MODULES[backend], f"{backend} chunks")


_CONVERSIONS: Mapping[tuple[str, str], Callable[[Any], Any]] = {
    ("arrow", "polars"): lambda rows: _library("polars").from_arrow(rows),
    ("pandas", "polars"): lambda rows: _library("polars").from_pandas(rows),
    ("pandas", "arrow"): lambda rows: _library("arrow").Table.from_pandas(
        rows, preserve_index=False
    ),
    ("polars", "pandas"): lambda rows: rows.to_pandas(),
    ("polars", "arrow"): lambda rows: rows.to_arrow(),
    ("polars", "numpy"): lambda rows: rows.to_numpy(),
    ("numpy", "pandas"): lambda rows: _library("pandas").DataFrame(rows),
    ("numpy", "polars"): lambda rows: _library("polars").DataFrame(rows),
    ("builtins", "numpy"): lambda rows: import_library("numpy", "arrays").asarray(rows),
    ("builtins", "pandas"): lambda rows: _library("pandas").DataFrame(rows),
    ("builtins", "polars"): lambda rows: _library("polars").DataFrame(rows),
}
