"""Converts the rows of a source to the chunks of the cell: frames, tables or arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.sizes.registry import name_library
from jupyter_memkit.techniques.chunked.columns import has_columns
from jupyter_memkit.techniques.chunked.frames.arrow_tables import ArrowTables
from jupyter_memkit.techniques.chunked.frames.backends import import_backend
from jupyter_memkit.techniques.chunked.frames.column_types import ColumnTypes
from jupyter_memkit.techniques.chunked.frames.pandas_frames import PandasFrames
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.arranging import arrange_columns
from jupyter_memkit.techniques.chunked.sources.base import Request

_TABLES = frozenset({"pandas", "polars", "arrow"})


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
        types = ColumnTypes(name, request)
        self._is_typed = bool(types.wanted or types.categories)
        self._frames = PandasFrames(types)
        self._tables = ArrowTables(types)

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
            if not self._is_typed or kind not in _TABLES:
                return rows
            backend = kind
        if backend in {"pandas", "numpy"} and kind in {"pandas", "arrow"}:
            is_table = kind == "arrow"
            return self._frames.make(rows, first_row, backend, is_table=is_table)
        if backend in {"polars", "arrow"} and has_columns(rows):
            if kind == "arrow":
                rows = self._tables.cast(rows, first_row)
            elif kind == "polars":
                rows = self._tables.cast_polars(rows, first_row)
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


def _kind(rows: Any) -> str:
    """Return the library of an object."""
    root = name_library(type(rows))
    return {"pyarrow": "arrow"}.get(root, root)


def _to_polars(rows: Any) -> Any:
    polars = import_backend("polars")
    try:
        return polars.from_arrow(rows)
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException) as error:
        said = str(error).partition("\n")[0].rstrip(".")
        message = (
            f"polars cannot hold a column ({said}); use --backend pandas or arrow, or "
            "leave it out with --columns"
        )
        raise MemkitError(message) from error


_CONVERSIONS: Mapping[tuple[str, str], Callable[[Any], Any]] = {
    ("arrow", "polars"): _to_polars,
    ("pandas", "polars"): lambda rows: import_backend("polars").from_pandas(rows),
    ("pandas", "arrow"): lambda rows: import_backend("arrow").Table.from_pandas(
        rows, preserve_index=False
    ),
    ("polars", "pandas"): lambda rows: rows.to_pandas(),
    ("polars", "arrow"): lambda rows: rows.to_arrow(),
    ("polars", "numpy"): lambda rows: rows.to_numpy(),
    ("numpy", "pandas"): lambda rows: import_backend("pandas").DataFrame(rows),
    ("numpy", "polars"): lambda rows: import_backend("polars").DataFrame(rows),
    ("builtins", "numpy"): lambda rows: import_library("numpy", "arrays").asarray(rows),
    ("builtins", "pandas"): lambda rows: import_backend("pandas").DataFrame(rows),
    ("builtins", "polars"): lambda rows: import_backend("polars").DataFrame(rows),
}
