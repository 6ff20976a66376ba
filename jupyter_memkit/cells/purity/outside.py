"""Finds out which values from outside a cell contain no code of the user.

Plain values can be read, called and compared without side effects. Types are compared
by identity, so that inspecting a value runs none of its code.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from re import Pattern
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from jupyter_memkit.cells.purity.lists import (
    PURE_BUILTINS,
    PURE_FUNCTIONS,
)
from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.loaded import find_loaded, read_namespace
from jupyter_memkit.measure.sizes.registry import name_library

# Longer containers are not checked.
_MOST_ITEMS = 10_000

_SCALARS = (
    *(
        bool,
        bytes,
        complex,
        date,
        datetime,
        Decimal,
        float,
        Fraction,
        int,
        range,
        slice,
    ),
    *(str, time, timedelta, timezone, type(None), type(...), Pattern),
)
_CONTAINERS = (dict, frozenset, list, set, tuple)

_C_TYPES = (
    *(BuiltinFunctionType, GetSetDescriptorType, MemberDescriptorType),
    *(MethodDescriptorType, WrapperDescriptorType, ClassMethodDescriptorType),
)

# The functions of Cython and nanobind have separate types in each module.
_NAMES_OF_C_TYPES = frozenset({"cython_function_or_method", "nb_func"})

_LIBRARIES = frozenset({"numpy", "pandas", "polars", "pyarrow"})
# These wrap functions that libraries mark as deprecated; Python does from 3.13 on, and
# from 3.14 on in `_py_warnings`.
_DEPRECATING = frozenset({"py_warnings", "typing_extensions", "warnings"})

_TABLES = (
    *(("pandas", name) for name in ("DataFrame", "Series", "Index", "RangeIndex")),
    *(("pandas", name) for name in ("DatetimeIndex", "MultiIndex", "CategoricalIndex")),
    *(("polars", name) for name in ("DataFrame", "Series")),
    *(("pyarrow", name) for name in ("Table", "RecordBatch", "ChunkedArray")),
    ("numpy", "ndarray"),
)
# The results of their methods.
_RELATED = (
    ("pandas.core.groupby.generic", "DataFrameGroupBy"),
    ("pandas.core.groupby.generic", "SeriesGroupBy"),
    *(("polars", name) for name in ("Expr", "LazyFrame")),
)
_LIBRARY_SCALARS = (
    *(("pandas", name) for name in ("Timestamp", "Timedelta", "Period", "Interval")),
    *(("numpy", name) for name in ("bool_", "datetime64", "timedelta64", "str_")),
    *(("numpy", f"{kind}{bits}") for kind in ("int", "uint") for bits in (8, 16, 32)),
    *(("numpy", name) for name in ("int64", "uint64", "float32", "float64")),
)


def is_plain(value: Any) -> bool:
    """Return whether a value and everything in it is plain data.

    Examples
    --------
    >>> is_plain({"a": [1, 2.5]})
    True
    >>> is_plain([iter("abc")])
    False
    """
    kind = type(value)
    if is_scalar(value):
        return True
    if contains_identical(_CONTAINERS, kind):
        return len(value) <= _MOST_ITEMS and all(map(is_plain, _items(value)))
    return is_table(value) and _is_plain_table(value)


def is_table(value: Any) -> bool:
    """Return whether a value is a frame, a column or an array of a known library."""
    return contains_identical(_loaded(_TABLES), type(value))


def is_scalar(value: Any) -> bool:
    """Return whether a value is immutable data."""
    kind = type(value)
    return (
        contains_identical(_SCALARS, kind)
        or contains_identical(_loaded(_LIBRARY_SCALARS), kind)
        or value is find_loaded("pandas", "NA")
        or (value is find_loaded("pandas", "NaT") and value is not None)
    )


def is_pure_callable(value: Any) -> bool:
    """Return whether a value is a function or class on the closed lists."""
    if any(value is vars(builtins)[name] for name in PURE_BUILTINS):
        return True
    return any(
        value is each and _is_of_library(each, module)
        for module, names in PURE_FUNCTIONS.items()
        for name in names
        if (each := find_loaded(module, name)) is not None
    )


def find_in_module(module: ModuleType, name: str) -> Any:
    """Return a listed attribute of a listed module.

    Parameters
    ----------
    module : ModuleType
        The module.
    name : str
        The name of a function, a class or a listed submodule.

    Raises
    ------
    LookupError
        If it is not listed as pure, or was replaced.
    """
    namespace = read_namespace(module) or {}
    home = str(namespace.get("__name__"))
    if sys.modules.get(home) is not module:
        raise LookupError
    below = sys.modules.get(f"{home}.{name}")
    if below is not None and f"{home}.{name}" in PURE_FUNCTIONS:
        return below
    if name not in PURE_FUNCTIONS.get(home, ()):
        raise LookupError
    # This package imports its public names on first use.
    value = getattr(module, name) if home == "jupyter_memkit" else namespace[name]
    if not _is_of_library(value, home):
        raise LookupError
    return value


def is_function_of(module: Any, home: str, name: str) -> bool:
    """Return whether a module of this name has its own function of that name."""
    if module is None or sys.modules.get(home) is not module:
        return False
    function = (read_namespace(module) or {}).get(name)
    return function is not None and _is_of_library(function, home)


def is_listed(module: Any) -> bool:
    """Return whether a value is a module with functions on the closed lists."""
    namespace = read_namespace(module)
    home = None if namespace is None else namespace.get("__name__")
    return home in PURE_FUNCTIONS and sys.modules.get(home) is module


def find_attributes(name: str) -> Iterator[Any]:
    """Yield the attributes of this name in the classes of tables and the like."""
    for kind in _classes():
        for base in type.mro(kind):
            if name in vars(base):
                yield vars(base)[name]
                break


def is_patched(value: Any) -> bool:
    """Return whether an attribute of a library's class was replaced by the user."""
    kind = type(value)
    if kind is property:
        return is_patched(value.fget)
    if contains_identical((classmethod, staticmethod), kind):
        return is_patched(value.__func__)
    if kind is FunctionType and _root(value) in _DEPRECATING:
        wrapped = value.__dict__.get("__wrapped__")
        return wrapped is None or is_patched(wrapped)
    is_own = _root(value) in _LIBRARIES
    return not (is_own or _is_written_in_c(value) or is_scalar(value))


def _is_of_library(value: Any, module: str | None) -> bool:
    """Return whether an attribute of a module is its own rather than a patch."""
    home = str(module).partition(".")[0]
    return is_scalar(value) or _is_written_in_c(value) or _root(value) == home


def _is_written_in_c(value: Any) -> bool:
    kind = type(value)
    return contains_identical(_C_TYPES, kind) or (
        vars(type)["__name__"].__get__(kind) in _NAMES_OF_C_TYPES
    )


def _root(value: Any) -> str:
    """Return the package that a function or class, or an object's class, comes from."""
    kind = type(value)
    if kind is FunctionType:
        name = value.__globals__.get("__name__")
    elif issubclass(kind, type):
        name = vars(type)["__module__"].__get__(value)
    else:
        name = vars(type)["__module__"].__get__(kind)
    # The names of Python's own C modules start with an underscore.
    return str(name).partition(".")[0].lstrip("_")


def _classes() -> Iterable[type]:
    return (*_loaded(_TABLES), *_loaded(_RELATED), str, list, dict, set)


def _loaded(names: Iterable[tuple[str, str]]) -> list[Any]:
    return [
        kind
        for module, name in names
        if (kind := find_loaded(module, name)) is not None
    ]


def _items(value: Any) -> Iterator[Any]:
    yield from value
    if type(value) is dict:
        yield from value.values()


def _is_plain_table(table: Any) -> bool:
    """Return whether all objects in the columns are plain data."""
    root = name_library(type(table))
    if root == "pyarrow":
        return True
    if root == "polars":
        return "Object" not in str(
            table.dtypes if hasattr(table, "dtypes") else table.dtype
        )
    if root == "numpy":
        return _is_plain_column(table)
    if any(not str(name).startswith("_") for name in vars(table)):
        return False  # An attribute set by the user.
    parts = [table.index] if hasattr(table, "index") else []
    if table.ndim == 2:
        parts += [table.columns, *(table.iloc[:, i] for i in range(table.shape[1]))]
    elif hasattr(type(table), "levels"):
        parts += list(table.levels)
    else:
        parts = [*parts, table.array]
    return all(map(_is_plain_column, parts))


def _is_plain_column(column: Any) -> bool:
    # Labels of a series are attributes of it, but not of its type.
    if hasattr(type(column), "levels"):
        return all(map(_is_plain_column, column.levels))
    dtype = column.dtype
    if str(dtype) == "object":
        items = column.tolist() if getattr(column, "ndim", 1) else [column.item()]
        return len(items) <= _MOST_ITEMS and all(map(is_plain, items))
    if str(dtype) == "category":
        categories = getattr(column, "cat", column).categories
        return bool(_is_plain_column(categories))
    return name_library(type(dtype)) in _LIBRARIES
