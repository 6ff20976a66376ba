"""Rows of Python values, as databases return them, in tables of the same types.

A column has the type of its first values. A column that is empty at first gets its type
with the first values; values that do not fit raise a `TypeChange`, with which a run
starts over. Values without a type in Arrow become text.
"""

from __future__ import annotations

import contextlib
import numbers
import re
from collections.abc import Callable, Sequence
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.base import Request, TypeChange
from jupyter_memkit.techniques.chunked.sources.dtypes import unite, widen

_TIME = re.compile(r"(?:datetime64|timestamp)\[(s|ms|us|ns)(?:, (?:tz=)?(.+))?\]")
_ALIASES = {"str": "large_string"}


class RowTables:
    """Makes the tables of a run.

    Parameters
    ----------
    name : str
        The name of the source in messages.
    names : sequence of str
        The columns.
    request : Request
        The request, whose types override those that are found.
    """

    def __init__(self, name: str, names: Sequence[str], request: Request) -> None:
        self._arrow = import_library("pyarrow", name)
        self._name = name
        self._names = list(names)
        self._is_pandas = request.backend in {"pandas", "numpy"}
        self._chosen = dict(request.types)
        self._types = {
            column: kind
            for column, chosen in request.types.items()
            if (kind := self._parse(chosen)) is not None
        }

    def __call__(self, rows: Sequence[Sequence[Any]]) -> Any:
        """Return a table of rows.

        Raises
        ------
        TypeChange
            If values do not fit the types of the tables before.
        """
        values = zip(*rows, strict=True) if rows else ((),) * len(self._names)
        changes: dict[str, tuple[str, str]] = {}
        arrays = []
        for column, items in zip(self._names, values, strict=True):
            array = self._fit(column, items)
            if array is None:
                changes[column] = self._explain(column, items)
            arrays.append(array)
        if changes:
            raise TypeChange(self._name, changes)
        return self._arrow.table(arrays, names=self._names)

    def _fit(self, column: str, values: Sequence[Any]) -> Any:
        """Return the values in the type of the column; None if they do not fit."""
        types = self._arrow.types
        # Converted directly, floats would silently lose their fractions.
        array, kind = self._infer(values), self._types.get(column)
        if kind is None or types.is_null(kind):
            if kind is not None and self._needs_restart(column, array.type):
                return None
            # Without rows the type is not known yet.
            if len(array):
                self._types[column] = array.type
            return array
        return self._cast(array, values, kind, is_chosen=column in self._chosen)

    def _cast(
        self, array: Any, values: Sequence[Any], kind: Any, *, is_chosen: bool
    ) -> Any:
        """Return an array, which holds these values, in a type; None if it cannot."""
        types = self._arrow.types
        if array.type == kind:
            return array
        if types.is_large_string(kind) or types.is_string(kind):
            return self._convert(values, str, kind)
        if types.is_floating(kind) and types.is_integer(array.type):
            return array.cast(kind, safe=False)
        if types.is_null(array.type) or is_chosen:
            with contextlib.suppress(self._arrow.ArrowException):
                return array.cast(kind)
        return None

    def _infer(self, values: Sequence[Any]) -> Any:
        arrow = self._arrow
        try:
            array = arrow.array(values)
        except (arrow.ArrowException, OverflowError, TypeError, ValueError):
            if _are_numbers(values):
                return self._convert(values, float, arrow.float64())
            return self._convert(values, str, arrow.large_string())
        if arrow.types.is_decimal(array.type):
            # Its precision is that of the largest value so far; pandas uses floats too.
            return self._convert(values, float, arrow.float64())
        if arrow.types.is_string(array.type):
            return array.cast(arrow.large_string())
        return array

    def _convert(
        self, values: Sequence[Any], convert: Callable[[Any], Any], kind: Any
    ) -> Any:
        converted = [None if value is None else convert(value) for value in values]
        return self._arrow.array(converted, kind)

    def _needs_restart(self, column: str, found: Any) -> bool:
        """Return whether the tables of an empty column should have had another type.

        In pandas they had objects, and some values are objects as well.
        """
        if self._arrow.types.is_null(found):
            return False
        if not self._is_pandas:
            return True
        return self._chosen.get(column) != "object" and (
            self._name_in_pandas(found) != "object"
        )

    def _explain(self, column: str, values: Sequence[Any]) -> tuple[str, str]:
        """Return the previous type, and the one that holds these values too."""
        before, found = self._types[column], self._infer(values).type
        if not self._is_pandas:
            after = str(found)
            if not self._arrow.types.is_null(before):
                after = unite(str(before), after, None)
            return str(before), after if self._parse(after) else "large_string"
        after = self._name_in_pandas(found)
        if not self._arrow.types.is_null(before):
            before_name = self._name_in_pandas(before)
            return before_name, widen(before_name, after)
        return "object", "float64" if after in {"int64", "uint64"} else after

    def _name_in_pandas(self, kind: Any) -> str:
        """Return the name of the type in a pandas frame with such a column."""
        schema = self._arrow.schema([("values", kind)])
        return str(schema.empty_table().to_pandas()["values"].dtype)

    def _parse(self, name: str) -> Any:
        """Return the type with a name in pandas or Arrow; None if there is none."""
        time = _TIME.fullmatch(name)
        if time is not None:
            return self._arrow.timestamp(time[1], time[2])
        try:
            return self._arrow.type_for_alias(_ALIASES.get(name, name))
        except ValueError:
            return None


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(value is None or isinstance(value, numbers.Number) for value in values)
