"""Finds variables that share an object or memory, so that changes to one show in all.

A returned variable that the cell changed in place is changed in place here too. Where
that is impossible, the variables that shared a part with it are reported.
"""

from __future__ import annotations

import gc
import types
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jupyter_memkit.measure.sizes.identity import find_identical
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.techniques.processes.sharing import find_owner

# Objects that cannot change, or that all processes share.
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
_OF_PYTHON = ("_collections", "builtins", "collections", "functools", "itertools")

# More would take longer than most cells.
_MOST_OBJECTS = 100_000

_read_module = vars(type)["__module__"].__get__


class Marks:
    """The mutable parts of variables.

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
        self._names: dict[int, tuple[str, ...]] = {}
        self._parts: dict[int, Any] = {}
        for name, value in variables.items():
            for part in iterate_changeable(value):
                names = self._names.get(id(part))
                if names is None:
                    self._names[id(part)] = (name,)
                    self._parts[id(part)] = hold(part)
                else:
                    self._names[id(part)] = (*names, name)

    def find(
        self, value: Any, ignored: frozenset[int] = frozenset()
    ) -> tuple[str, ...]:
        """Return the variables that share a part with a value.

        Parameters
        ----------
        value : object
            The value.
        ignored : frozenset of int
            The addresses of parts to ignore.
        """
        found: set[str] = set()
        for part in iterate_changeable(value):
            held = self._parts.get(id(part))
            if held is not None and id(part) not in ignored and is_held(held, part):
                found.update(self._names[id(part)])
        return tuple(sorted(found))


def iterate_changeable(value: Any) -> Iterator[Any]:
    """Yield the mutable parts of a value: objects, and owners of arrays' memory."""
    kinds = _Kinds()
    seen: set[int] = set()
    waiting = [value]
    while waiting and len(seen) < _MOST_OBJECTS:
        each = waiting.pop()
        kind = type(each)
        opener = kinds.find_opener(kind)
        if opener is None or id(each) in seen:
            continue
        seen.add(id(each))
        parts, changeable = opener(each)
        waiting += parts
        yield from changeable


# Each function below returns the parts of an object, and those that are mutable.
_Opened = tuple[Iterable[Any], Iterable[Any]]


def _open_function(each: Any) -> _Opened:
    return [*(each.__closure__ or ()), *(each.__defaults__ or ())], ()


def _open_method(each: Any) -> _Opened:
    return (each.__self__,), ()


def _open_view(each: Any) -> _Opened:
    return (each.obj,), ()


def _open_tuple(each: Any) -> _Opened:
    return each, ()


def _open_list(each: Any) -> _Opened:
    return each, (each,)


def _open_dict(each: Any) -> _Opened:
    attributes, _ = _open_instance(each)
    return [*dict.keys(each), *dict.values(each), *attributes], (each,)


def _open_instance(each: Any) -> _Opened:
    try:
        attributes = object.__getattribute__(each, "__dict__")
    except AttributeError:
        return (), (each,)
    return attributes.values(), (each,)


def _open_builtin(each: Any) -> _Opened:
    """Open a closure's cell, an iterator or a view of a dict."""
    return gc.get_referents(each), (each,)


def _open_array(each: Any) -> _Opened:
    return (), (find_owner(each),)


def _open_frame(each: Any) -> _Opened:
    """Find the owners of the memory that a frame writes to."""
    array_kind = find_loaded("numpy", "ndarray")
    owners = [
        find_owner(block.values)
        for block in each._mgr.blocks  # noqa: SLF001 - pandas has no public way
        if type(block.values) is array_kind and not block.refs.has_reference()
    ]
    return (), (each, *owners)


def _open_other(each: Any) -> _Opened:
    return (), (each,)


_OPENERS: dict[type, Callable[[Any], _Opened]] = {
    types.BuiltinMethodType: _open_method,
    types.FunctionType: _open_function,
    types.MethodType: _open_method,
    deque: _open_list,
    list: _open_list,
    memoryview: _open_view,
    set: _open_list,
    tuple: _open_tuple,
}


class _Kinds:
    """Finds the opener for each type, and caches it."""

    def __init__(self) -> None:
        loaded = (find_loaded(*each) for each in _FIXED_OF_LIBRARIES)
        self._fixed = (*_FIXED, *(kind for kind in loaded if kind is not None))
        self._openers: dict[int, Callable[[Any], _Opened] | None] = {}

    def find_opener(self, kind: type) -> Callable[[Any], _Opened] | None:
        """Return the opener for a type; None if its objects cannot change."""
        if id(kind) not in self._openers:
            self._openers[id(kind)] = self._find(kind)
        return self._openers[id(kind)]

    def _find(self, kind: type) -> Callable[[Any], _Opened] | None:
        opener = find_identical(kind, _OPENERS)
        if opener is None and not issubclass(kind, self._fixed):
            opener = _open_other
            if _read_module(kind) == "__main__":
                opener = _open_instance
            elif _read_module(kind) in _OF_PYTHON:
                opener = _open_builtin
            for module, name, special in _SPECIAL:
                base = find_loaded(module, name)
                if base is not None and issubclass(kind, base):
                    opener = special
        return opener


_SPECIAL: tuple[tuple[str, str, Callable[[Any], _Opened]], ...] = (
    ("builtins", "dict", _open_dict),
    ("numpy", "ndarray", _open_array),
    ("pandas", "DataFrame", _open_frame),
    ("pandas", "Series", _open_frame),
)


def hold(value: Any) -> Any:
    """Return a reference to an object, weak if possible."""
    return weakref.ref(value) if type(value).__weakrefoffset__ else value


def is_held(held: Any, value: Any) -> bool:
    """Return whether an object is the one that `hold` was called with."""
    return held is value or (type(held) is weakref.ref and held() is value)
