"""Missing values as keys of dicts and items of sets.

NaN is not equal to itself, nor to its copies: each chunk and each worker would add
another entry. So a marker replaces it until the result is complete.
"""

from __future__ import annotations

import cmath
import math
import sys
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from importlib import import_module
from typing import Any

# Default factories of these modules can be sent to other processes, and saved.
_FACTORY_MODULES = frozenset({"builtins", "collections"})

# The commonest keys, which are never missing.
_NEVER_MISSING = frozenset({bool, bytes, int, str})


class Missing(Enum):
    """Replaces a missing value; numpy's times have their own missing values."""

    NAN = "nan"
    TIME = "datetime64"
    DURATION = "timedelta64"

    def __str__(self) -> str:
        """Return the text of the missing value."""
        return str(self.restore())

    def restore(self) -> Any:
        """Return the missing value, always the same NaN."""
        if self is not Missing.NAN:
            return getattr(import_module("numpy"), self.value)("NaT", "ns")
        # It is the one that pandas uses and users look up; Python's is another object.
        return getattr(sys.modules.get("numpy"), "nan", math.nan)


def is_nan(value: Any) -> bool:
    """Return whether a value is NaN, without the code of the user's own types."""
    if isinstance(value, Decimal):
        return value.is_nan()
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, complex):
        return cmath.isnan(value)
    numpy = sys.modules.get("numpy")
    # Of the numbers of numpy, only the longest are floats of Python.
    return (
        numpy is not None
        and isinstance(value, numpy.inexact)
        and bool(numpy.isnan(value))
    )


def mark(key: Any) -> Any:
    """Return a key with markers for missing values, in nested tuples too.

    Examples
    --------
    >>> mark(("a", float("nan")))
    ('a', <Missing.NAN: 'nan'>)
    """
    if type(key) in _NEVER_MISSING:
        return key
    if isinstance(key, (tuple, frozenset)):
        return _replace_parts(key, mark)
    return _find_marker(key) or key


def unmark(key: Any) -> Any:
    """Return a key with the missing values that `mark` replaced."""
    if isinstance(key, Missing):
        return key.restore()
    return _replace_parts(key, unmark) if isinstance(key, (tuple, frozenset)) else key


def mark_keys(
    mapping: Mapping[Any, Any],
    begin: Callable[[Any], Any],
    combine: Callable[[Any, Any], Any],
) -> dict[Any, Any]:
    """Return a copy of a dict, with markers in its keys.

    Parameters
    ----------
    mapping : mapping
        The dict.
    begin : callable
        Returns what an item becomes in the copy.
    combine : callable
        Combines two of these, if the keys of both are missing.
    """
    marked = _make_empty(mapping)
    for key, item in mapping.items():
        name, begun = mark(key), begin(item)
        marked[name] = combine(marked[name], begun) if name in marked else begun
    return marked


def unmark_keys(
    mapping: Mapping[Any, Any], finish: Callable[[Any], Any]
) -> dict[Any, Any]:
    """Return a copy of a dict without markers, with its items finished."""
    unmarked = _make_empty(mapping)
    for key, item in mapping.items():
        unmarked[unmark(key)] = finish(item)
    return unmarked


def _make_empty(mapping: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return an empty dict of the same type of the standard library, or a plain one.

    A default factory of the user's makes it a plain one, because a function of a cell
    cannot be pickled.
    """
    if isinstance(mapping, Counter):
        return Counter()
    if isinstance(mapping, OrderedDict):
        return OrderedDict()
    if isinstance(mapping, defaultdict):
        factory = mapping.default_factory
        if type(factory) is type and factory.__module__ in _FACTORY_MODULES:
            return defaultdict(factory)
    return {}


def _find_marker(item: Any) -> Missing | None:
    if is_nan(item):
        return Missing.NAN
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(item, (numpy.datetime64, numpy.timedelta64)):
        return None
    if not numpy.isnat(item):
        return None
    return Missing.TIME if isinstance(item, numpy.datetime64) else Missing.DURATION


def _replace_parts(key: Any, replace: Callable[[Any], Any]) -> Any:
    """Return a tuple or a frozen set with its parts replaced, of the same type."""
    parts = [replace(part) for part in key]
    if all(part is before for part, before in zip(parts, key, strict=True)):
        return key
    if hasattr(type(key), "_make"):
        # A named tuple, as itertuples() of pandas returns.
        return key._make(parts)
    # The user's own types cannot be made from their parts.
    return type(key)(parts) if type(key) in {tuple, frozenset} else key
