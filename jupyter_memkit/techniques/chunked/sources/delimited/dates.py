"""Reads dates in one format throughout, as pandas does if it reads the whole file.

pandas guesses the format of a column from its first value. If it did so in each chunk,
01/02/2024 could be a day in January in one chunk and in February in another.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.chunked.sources.delimited.columns import Layout
from jupyter_memkit.techniques.chunked.sources.dtypes import find_common

# The options of ``pandas.read_csv`` with which pandas reads dates itself.
OPTIONS = ("cache_dates", "date_format", "dayfirst", "parse_dates")

# How pandas reads each value if it finds no format.
_ANY_FORMAT = "mixed"


def is_date(kind: str) -> bool:
    """Return whether this is the name of a type of dates in pandas."""
    return kind.startswith("datetime64")


def combines_columns(options: Mapping[str, Any]) -> bool:
    """Return whether pandas makes dates of several columns, or by a function.

    It does so before version 3.
    """
    parsed = options.get("parse_dates")
    is_nested = isinstance(parsed, dict) or (
        isinstance(parsed, list) and any(isinstance(each, list) for each in parsed)
    )
    return is_nested or options.get("date_parser") is not None


class Dates:
    """Converts the columns and levels of an index that a file has as dates.

    Parameters
    ----------
    path : Path
        The file.
    options : mapping
        The options of ``pandas.read_csv``.
    layout : Layout
        The columns, with their types.
    """

    def __init__(self, path: Path, options: Mapping[str, Any], layout: Layout) -> None:
        self._path = path
        self._given = options.get("date_format")
        self._is_day_first = bool(options.get("dayfirst"))
        self._uses_cache = bool(options.get("cache_dates", True))
        self._kinds: dict[Hashable, str] = {
            name: layout.types[name] for name in layout.columns
        }
        self._levels = [is_date(kind) for _, kind in layout.index]
        # By column, or by level of the index, once there is a value.
        self._formats: dict[tuple[str, Hashable], str] = {}

    def convert(self, frame: Any) -> Any:
        """Return a frame with dates instead of their texts.

        Raises
        ------
        TypeChange
            If dates in a column have another type than in earlier rows, or a value is
            not a date; those of an index stay text.
        """
        for name, kind in self._kinds.items():
            if is_date(kind):
                frame[name] = self._convert_column(frame[name], name, kind)
        if any(self._levels):
            frame.index = self._convert_index(frame.index)
        return frame

    def _convert_column(self, values: Any, name: Hashable, kind: str) -> Any:
        pandas = import_library("pandas", self._path.name)
        if not values.notna().any():
            return pandas.Series(pandas.NaT, values.index, dtype=kind)
        key = ("column", name)
        is_first = key not in self._formats
        try:
            dates = self._read(values, key, name)
        except (TypeError, ValueError):
            found = "str"
        else:
            found = str(dates.dtype)
            if _find_zone(found) != _find_zone(kind) and not is_first:
                found = "str"  # pandas leaves dates of several zones as text, too.
            elif find_common(found, kind) == kind:
                return dates.astype(kind)
        changes: dict[Any, tuple[str, str]] = {name: (kind, found)}
        raise TypeChange(self._path.name, changes)

    def _convert_index(self, index: Any) -> Any:
        pandas = import_library("pandas", self._path.name)
        levels = [index.get_level_values(level) for level in range(index.nlevels)]
        for level, is_chosen in enumerate(self._levels):
            if is_chosen:
                key = ("level", level)
                try:
                    levels[level] = self._read(levels[level], key, index.names[level])
                except (TypeError, ValueError):
                    return index
        if index.nlevels == 1:
            return levels[0]
        return pandas.MultiIndex.from_arrays(levels, names=index.names)

    def _read(self, values: Any, key: tuple[str, Hashable], name: Hashable) -> Any:
        """Return values as dates."""
        pandas = import_library("pandas", self._path.name)
        if values.dtype.kind == "M":  # Made by a converter.
            return values
        if key not in self._formats:
            found = self._find_format(values, name)
            if found is not None:
                self._formats[key] = found
        return pandas.to_datetime(
            values,
            format=self._formats.get(key),
            dayfirst=self._is_day_first,
            cache=self._uses_cache,
        )

    def _find_format(self, values: Any, name: Hashable) -> str | None:
        """Return the format that pandas finds; None if there is no value yet."""
        given = self._given
        if isinstance(given, Mapping):
            given = given.get(name)
        if given is not None:
            return str(given)
        known = values.dropna()
        if not len(known):
            return None
        api = import_library("pandas.tseries.api", self._path.name)
        found = api.guess_datetime_format(
            str(known.array[0]), dayfirst=self._is_day_first
        )
        return _ANY_FORMAT if found is None else str(found)


def _find_zone(kind: str) -> str:
    """Return the time zone in the name of a type; empty if there is none."""
    return kind.partition(", ")[2]
