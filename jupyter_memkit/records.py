"""The base of all public records: a short repr, and conversion to JSON and back."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Container, Mapping
from pathlib import PurePath
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from jupyter_memkit.units import format_bytes, format_duration

_Record = TypeVar("_Record", bound="Record")

_LONGEST = 60
_MOST = 1 << 63
# Deeper than any record; a user's value can contain itself.
_DEEPEST = 12


class Record:
    """The base class of the records, which are frozen dataclasses of plain values.

    Examples
    --------
    >>> @dataclasses.dataclass(frozen=True, kw_only=True)
    ... class Taken(Record):
    ...     peak_bytes: int
    ...     lines: tuple[str, ...]
    >>> taken = Taken(peak_bytes=2048, lines=("a", "b"))
    >>> taken
    Taken(peak=2.0 KiB, lines=2 items)
    >>> taken.to_dict()
    {'peak_bytes': 2048, 'lines': ['a', 'b']}
    """

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        """Set the repr on the class, or `dataclass` would generate its own."""
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = Record.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        """Return the figures with units, and the number of items of the rest."""
        fields = _read_fields(self)
        parts = (_describe(name, value, fields) for name, value in fields.items())
        return f"{type(self).__name__}({', '.join(parts)})"

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes as values that `json.dumps` accepts.

        Bytes are integers and seconds floats. A user's value that JSON cannot represent
        becomes the name of its type.
        """
        return {name: to_plain(value, 1) for name, value in _read_fields(self).items()}


def build_record(kind: type[_Record], stored: object) -> _Record:
    """Build a record from the JSON of its `to_dict`, perhaps that of another version.

    Parameters
    ----------
    kind : type
        A record of numbers, texts, and further records.
    stored : object
        What was read. Attributes that the record does not have are ignored.

    Raises
    ------
    TypeError
        If a value is missing, or of another type than its attribute.

    Examples
    --------
    >>> @dataclasses.dataclass(frozen=True, kw_only=True)
    ... class Taken(Record):
    ...     peak_bytes: int
    >>> build_record(Taken, {"peak_bytes": 2048})
    Taken(peak=2.0 KiB)
    >>> build_record(Taken, {"peak_bytes": "2048"})
    Traceback (most recent call last):
    ...
    TypeError: '2048' is not of type int
    """
    if type(stored) is not dict:
        raise _wrong_type(stored, kind)
    attributes = {
        name: _build_value(declared, stored[name])
        for name, declared in get_type_hints(kind).items()
        if name in stored
    }
    return kind(**attributes)


def _build_value(declared: Any, value: Any) -> Any:
    """Return a value of JSON as one of a declared type."""
    origin, arguments = get_origin(declared), get_args(declared)
    if isinstance(declared, UnionType):
        # Every union is of a type and None.
        return None if value is None else _build_value(arguments[0], value)
    if origin is tuple and type(value) is list:
        # Every tuple is of one type.
        return tuple(_build_value(arguments[0], each) for each in value)
    if origin is Mapping and type(value) is dict:
        return {name: _build_value(arguments[1], each) for name, each in value.items()}
    if isinstance(declared, type) and issubclass(declared, Record):
        return build_record(declared, value)
    is_right = type(value) is declared
    if origin is Literal:
        is_right = value in arguments
    elif declared is int:
        # No count or size is larger.
        is_right = is_right and abs(value) < _MOST
    elif declared is float:
        # JSON does not distinguish them; Python's reader also accepts NaN and Infinity.
        is_right = type(value) in (int, float) and math.isfinite(value)
    if not is_right:
        raise _wrong_type(value, declared)
    return value


def _wrong_type(value: object, declared: Any) -> TypeError:
    name = declared.__name__ if isinstance(declared, type) else declared
    return TypeError(f"{value!r} is not of type {name}")


def to_plain(value: object, depth: int = 0) -> Any:
    """Convert a value to dicts, lists, strings and numbers; runs no code of users.

    Parameters
    ----------
    value : object
        A record, or a value in one.
    depth : int
        Its nesting depth.
    """
    kind = type(value)
    plain: Any = f"<{kind.__name__}>"
    if value is None or kind in (bool, str):
        plain = value
    elif issubclass(kind, int):
        plain = int(value)  # type: ignore[call-overload]
    elif issubclass(kind, float):
        # This includes numpy floats. JSON has neither infinity nor NaN.
        plain = float(value) if math.isfinite(value) else None  # type: ignore[arg-type]
    elif issubclass(kind, PurePath):
        plain = str(value)
    elif depth < _DEEPEST:
        plain = _to_nested(value, depth, plain)
    return plain


def _to_nested(value: Any, depth: int, otherwise: str) -> Any:
    kind = type(value)
    if issubclass(kind, Record):
        fields = _read_fields(value).items()
        return {name: to_plain(each, depth + 1) for name, each in fields}
    if kind in (set, frozenset):
        return sorted(to_plain(each, depth + 1) for each in value)
    if kind in (list, tuple):
        return [to_plain(each, depth + 1) for each in value]
    if kind in (dict, Counter, MappingProxyType):
        return {str(key): to_plain(each, depth + 1) for key, each in value.items()}
    return otherwise


def _read_fields(record: object) -> dict[str, Any]:
    """Return the public attributes of a record, in order."""
    if dataclasses.is_dataclass(record):
        return {
            each.name: getattr(record, each.name)
            for each in dataclasses.fields(record)
            if not each.name.startswith("_")
        }
    return {
        name: value for name, value in vars(record).items() if not name.startswith("_")
    }


def _describe(name: str, value: object, names: Container[str]) -> str:
    """Return a field for the repr, without its unit if its name remains unique."""
    kind = type(value)
    short = name
    shown = f"<{kind.__name__}>"
    if kind in (bool, NoneType) or issubclass(kind, Record):
        shown = repr(value)
    elif isinstance(value, int):
        is_size = name.endswith("bytes")
        shown = format_bytes(value) if is_size else int.__repr__(value)
        short = name.removesuffix("_bytes")
    elif isinstance(value, float):
        is_duration = name.endswith("duration_s")
        shown = format_duration(value) if is_duration else f"{value:.12g}"
        short = name.removesuffix("_s") if is_duration else name
    elif isinstance(value, (str, PurePath)):
        text = str(value)
        shown = repr(text if len(text) <= _LONGEST else text[:_LONGEST] + "…")
    elif kind in (list, tuple, dict, set, frozenset, Counter, MappingProxyType):
        count = len(value)  # type: ignore[arg-type]
        shown = f"{count} {'item' if count == 1 else 'items'}"
    return f"{name if short in names else short}={shown}"
