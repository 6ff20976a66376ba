"""Which variables share an object or memory: a change of one shows in the other."""

from __future__ import annotations

import gc
import types
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.techniques.isolated.sharing import find_owner

# What nothing can change, or everybody shares.
_FIXED = (
    *(bool, bytes, complex, float, frozenset, int, range, slice, str, type(None)),
    *(type, types.CodeType, types.ModuleType),
)
_FIXED_OF_LIBRARIES = (
    ("datetime", "date"),
    ("datetime", "time"),
    ("datetime", "timedelta"),
    ("datetime", "tzinfo"),
    ("decimal", "Decimal"),
    ("enum", "Enum"),
    ("fractions", "Fraction"),
    ("numpy", "dtype"),
    ("numpy", "generic"),
    ("pandas", "Index"),
    ("pandas.core.dtypes.base", "ExtensionDtype"),
    ("pathlib", "PurePath"),
    ("re", "Pattern"),
    ("uuid", "UUID"),
)
_CONTAINERS = (dict, list, set, tuple, deque)
_OF_PYTHON = ("builtins", "collections", "functools", "itertools")

# Beyond so many it would take longer than most cells.
_MOST_OBJECTS = 200_000

_read_module = vars(type)["__module__"].__get__
_read_dict = object.__getattribute__


class Marks:
    """The parts of variables that can change.

    Parameters
    ----------
    variables : mapping of str to object
        The variables.

    Examples
    --------
    >>> rows = [1]
    >>> marks = Marks({"rows": rows, "other": [2]})
    >>> marks.find({"a": rows})
    ('rows',)
    """

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._parts: dict[int, tuple[set[str], Callable[[], Any]]] = {}
        for name, value in variables.items():
            for part in iterate_changeable(value):
                names, _ = self._parts.setdefault(id(part), (set(), refer_to(part)))
                names.add(name)

    def find(
        self, value: Any, ignored: frozenset[int] = frozenset()
    ) -> tuple[str, ...]:
        """Return the variables that share a part with a value.

        Parameters
        ----------
        value : object
            The value.
        ignored : frozenset of int
            The addresses of parts that do not count.
        """
        found: set[str] = set()
        for part in iterate_changeable(value):
            names, refer = self._parts.get(id(part), (set(), None))
            if refer is not None and id(part) not in ignored and refer() is part:
                found |= names
        return tuple(sorted(found))


def iterate_changeable(value: Any) -> Iterator[Any]:
    """Yield what can change in a value: objects, and what owns the memory of arrays."""
    loaded = (find_loaded(*each) for each in _FIXED_OF_LIBRARIES)
    fixed = (*_FIXED, *(kind for kind in loaded if kind is not None))
    are_fixed: dict[int, bool] = {}
    seen: set[int] = set()
    waiting = [value]
    while waiting and len(seen) < _MOST_OBJECTS:
        each = waiting.pop()
        kind = type(each)
        is_fixed = are_fixed.get(id(kind))
        if is_fixed is None:
            is_fixed = are_fixed[id(kind)] = issubclass(kind, fixed)
        if is_fixed or id(each) in seen:
            continue
        seen.add(id(each))
        parts, is_changeable = _open(each, kind)
        waiting += parts
        if is_changeable:
            yield each
        yield from _find_memory(each, kind)


def _open(each: Any, kind: type) -> tuple[list[Any], bool]:
    """Return the parts of an object, and whether it can itself be changed."""
    if kind is types.FunctionType:
        return [*(each.__closure__ or ()), *(each.__defaults__ or ())], False
    if kind in (types.MethodType, types.BuiltinMethodType):
        return [each.__self__], False
    parts: list[Any] = []
    if kind is memoryview:
        parts.append(each.obj)
    elif issubclass(kind, dict):
        parts += [*dict.keys(each), *dict.values(each)]
    elif kind in _CONTAINERS:
        parts += each
    elif _read_module(kind) in _OF_PYTHON:
        # Such as cells of closures, iterators and views of dicts.
        parts += gc.get_referents(each)
    if _read_module(kind) == "__main__":
        parts += _read_attributes(each)
    return parts, kind is not tuple and not _is_array(kind)


def _read_attributes(each: Any) -> list[Any]:
    try:
        return list(_read_dict(each, "__dict__").values())
    except AttributeError:
        return []


def _is_array(kind: type) -> bool:
    array_kind = find_loaded("numpy", "ndarray")
    return array_kind is not None and issubclass(kind, array_kind)


def _find_memory(each: Any, kind: type) -> Iterator[Any]:
    """Yield what owns the memory of an array, or of a frame that writes into it."""
    if _is_array(kind):
        yield find_owner(each)
    elif kind in (find_loaded("pandas", "DataFrame"), find_loaded("pandas", "Series")):
        for block in each._mgr.blocks:  # noqa: SLF001 - it has no other way
            if _is_array(type(block.values)) and not block.refs.has_reference():
                yield find_owner(block.values)


def refer_to(part: Any) -> Callable[[], Any]:
    """Return a reference that, where it can, does not keep an object."""
    return weakref.ref(part) if type(part).__weakrefoffset__ else lambda: part
