"""Rows of Python's values, as databases give them, in tables of the same types.

A column has the type of its first values. One that is empty at first gets it where
values come; a value that does not fit it is a `TypeChange`, with which a run begins
anew. What Arrow has no type for is text.
"""

from __future__ import annotations

import contextlib
import numbers
import re
from collections.abc import Callable, Sequence
from typing import Any

from jupyter_memkit.techniques.chunked.sources.base import Request, TypeChange
from jupyter_memkit.techniques.chunked.sources.dtypes import unite, widen
from jupyter_memkit.techniques.chunked.sources.files import import_library

_TIME = re.compile(r"(?:datetime64|timestamp)\[(s|ms|us|ns)(?:, (?:tz=)?(.+))?\]")
_ALIASES = {"str": "large_string"}


class RowTables:
    """Makes the tables of one reading.

    Parameters
    ----------
    name : str
        How messages call the source.
    names : sequence of str
        The columns.
    request : Request
        Whose types go before those that are found.
    """

    def __init__(self, name: str, names: Sequence[str], request: Request) -> None:
        self._arrow = import_library("pyarrow", name)
        self._name = name
        self._names = list(names)
        self._is_pandas = request.backend in {"pandas", "numpy"}
        self._asked = dict(request.types)
        self._types = {
            column: kind
            for column, asked in request.types.items()
            if (kind := self._parse(asked)) is not None
        }

    def __call__(self, rows: Sequence[Sequence[Any]]) -> Any:
        """Return a table of rows.

        Raises
        ------
        TypeChange
            When values do not fit the types of the tables before.
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
        """Return the values in the column's type; None where they do not fit."""
        types = self._arrow.types
        # Made at once in another type, floats would lose their fractions in silence.
        array, kind = self._infer(values), self._types.get(column)
        if kind is None or types.is_null(kind):
            if kind is not None and self._needs_restart(column, array.type):
                return None
            # Without rows nothing is told yet.
            if len(array):
                self._types[column] = array.type
            return array
        return self._give(array, values, kind, is_asked=column in self._asked)

    def _give(
        self, array: Any, values: Sequence[Any], kind: Any, *, is_asked: bool
    ) -> Any:
        """Return values, which are an array too, in a type; None where it is none."""
        types = self._arrow.types
        if array.type == kind:
            return array
        if types.is_large_string(kind) or types.is_string(kind):
            return self._convert(values, str, kind)
        if types.is_floating(kind) and types.is_integer(array.type):
            return array.cast(kind, safe=False)
        if types.is_null(array.type) or is_asked:
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
            # Its digits are those of the largest so far; pandas too makes it a float.
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
        """Tell whether the tables of an empty column should have had another type.

        Those of pandas were objects, and some values are objects as well.
        """
        if self._arrow.types.is_null(found):
            return False
        if not self._is_pandas:
            return True
        return self._asked.get(column) != "object" and (
            self._name_in_pandas(found) != "object"
        )

    def _explain(self, column: str, values: Sequence[Any]) -> tuple[str, str]:
        """Return the type before, and the one that holds these values too."""
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
        """Return what pandas calls the type, in a frame of such a column."""
        schema = self._arrow.schema([("values", kind)])
        return str(schema.empty_table().to_pandas()["values"].dtype)

    def _parse(self, name: str) -> Any:
        """Return the type of a name of pandas' or Arrow's; None where it has none."""
        time = _TIME.fullmatch(name)
        if time is not None:
            return self._arrow.timestamp(time[1], time[2])
        try:
            return self._arrow.type_for_alias(_ALIASES.get(name, name))
        except ValueError:
            return None


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(value is None or isinstance(value, numbers.Number) for value in values)
