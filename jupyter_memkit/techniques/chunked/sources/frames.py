"""Converts the rows of a source to the chunks of the cell: frames, tables or arrays.

All frames of a run have the same types. In pandas these are the types of the whole
file: integers are floats everywhere if one is missing anywhere.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.sources.base import Request, TypeChange
from jupyter_memkit.techniques.chunked.sources.dtypes import (
    holds,
    name_of_text,
    widen,
    widen_for_missing,
)
from jupyter_memkit.techniques.chunked.sources.files import import_library

BACKENDS = ("pandas", "polars", "arrow", "numpy")

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
    ]
    for module in modules:
        with suppress(ImportError):
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
        self._types = dict(request.types)
        if request.backend == "pandas" and self._types:
            names = {"str": name_of_text(), "mixed": "object"}
            self._types = {n: names.get(t, t) for n, t in self._types.items()}
        self._categories: dict[str, Any] = {}
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
        backend = self._request.backend
        if backend is None:
            return rows
        kind = _kind(rows)
        if backend == "pandas" and kind in {"pandas", "arrow"}:
            frame = _number_rows(rows, first_row) if kind == "arrow" else rows
            return self._agree(frame, first_row) if hasattr(frame, "columns") else frame
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

    def _agree(self, frame: Any, first_row: int) -> Any:
        """Give a frame the types of the frames before it."""
        self._check_index(frame.index)
        changed: dict[str, tuple[str, str]] = {}
        # Naming a type takes longer than looking it up, and a frame may be wide.
        names = {dtype: str(dtype) for dtype in set(frame.dtypes)}
        for column, dtype in frame.dtypes.items():
            got = names[dtype]
            if got == "category" or column in self._request.categories:
                frame[column] = self._categorize(column, frame[column])
                continue
            wanted = self._types.setdefault(column, got)
            if got == wanted:
                continue
            is_missing = frame[column].isna().all()
            wider = widen_for_missing(wanted) if is_missing else widen(wanted, got)
            if wanted == "uint64" and got in {"float64", "str", "object"}:
                wider = wanted  # Floats would lose digits, and text may be numbers.
            if holds(wanted, got) or (is_missing and wider == wanted):
                frame[column] = _cast(frame[column], wanted)
                continue
            if wider == wanted:
                # A run that starts over asks for the type of later rows.
                is_asked = column in self._request.types
                where = "in other rows or by --types" if is_asked else "in earlier rows"
                message = (
                    f"{column} of {self._name} is {got} from row {first_row:,} on, but "
                    f"{wanted} {where}, and unless values change no type holds both; "
                    "leave it out with --columns, or read the files of each type "
                    "separately"
                )
                raise MemkitError(message)
            changed[column] = (wanted, wider)
        if changed:
            raise TypeChange(self._name, changed)
        return frame

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


def _number_rows(table: Any, first_row: int) -> Any:
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


def _arrow_to_numpy(table: Any) -> Any:
    numpy = import_library("numpy", "numpy chunks")
    columns = []
    for field, column in zip(table.schema, table.columns, strict=True):
        values = column.to_numpy()
        if (field.metadata or {}).get(b"objects") == b"json":
            # An array of lists would be a matrix.
            values = numpy.fromiter(_parse_json(column.to_pylist()), object)
        columns.append(values)
    return numpy.column_stack(columns) if len(columns) > 1 else columns[0]


_CONVERSIONS: Mapping[tuple[str, str], Callable[[Any], Any]] = {
    ("arrow", "polars"): lambda rows: _library("polars").from_arrow(rows),
    ("arrow", "numpy"): _arrow_to_numpy,
    ("pandas", "polars"): lambda rows: _library("polars").from_pandas(rows),
    ("pandas", "arrow"): lambda rows: _library("arrow").Table.from_pandas(
        rows, preserve_index=False
    ),
    ("pandas", "numpy"): lambda rows: rows.to_numpy(),
    ("polars", "pandas"): lambda rows: rows.to_pandas(),
    ("polars", "arrow"): lambda rows: rows.to_arrow(),
    ("polars", "numpy"): lambda rows: rows.to_numpy(),
    ("numpy", "pandas"): lambda rows: _library("pandas").DataFrame(rows),
    ("numpy", "polars"): lambda rows: _library("polars").DataFrame(rows),
    ("builtins", "numpy"): lambda rows: import_library("numpy", "arrays").asarray(rows),
    ("builtins", "pandas"): lambda rows: _library("pandas").DataFrame(rows),
    ("builtins", "polars"): lambda rows: _library("polars").DataFrame(rows),
}
