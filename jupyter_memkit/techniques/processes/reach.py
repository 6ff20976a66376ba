"""Iterates over the parts of an object, without running its code."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from jupyter_memkit.measure.sizes.identity import sort_by_type
from jupyter_memkit.measure.sizes.loaded import find_loaded, read_module_ends

# Types without parts that can change. By identity, since a metaclass may have a hash.
_SIMPLE = frozenset(
    id(kind)
    for kind in (bool, bytes, complex, float, int, str, range, slice, type(None))
)
# Types whose objects are never a namespace or a replacement for a module.
_NO_MODULES = frozenset(
    id(kind) for kind in (tuple, list, set, FunctionType, BuiltinFunctionType)
)
_BATCH = 4096

MOST_OBJECTS = 2_000_000


def iterate_parts(
    value: Any,
    most_objects: int = MOST_OBJECTS,
    *,
    ends: AbstractSet[int] | None = None,
) -> Iterator[Any]:
    """Yield an object and all its parts, each once.

    The contents of modules and classes, and the variables that functions read, do not
    count as parts.

    Parameters
    ----------
    value : object
        The object.
    most_objects : int
        The number of objects after which to stop.
    ends : set of int, optional
        The addresses of the namespaces of modules, if they are known.

    Examples
    --------
    >>> rows = [[1], {"a": (2, [3])}]
    >>> [each for each in iterate_parts(rows) if type(each) is list]
    [[[1], {'a': (2, [3])}], [1], [3]]
    """
    seen: set[int] = set()
    # Lists that are created here are kept, so that no other object gets their address.
    kept: list[Any] = []
    waiting = [value]
    while waiting and len(seen) < most_objects:
        found: list[Any] = []
        for start in range(0, len(waiting), _BATCH):
            batch = waiting[start : start + _BATCH]
            yield from batch
            for kind, parts in sort_by_type(_find_parts(batch, kept)):
                if id(kind) in _SIMPLE:
                    continue
                if ends is None and _may_be_module(kind, parts):
                    # Only on demand, because it takes a while with many modules.
                    ends = set(map(id, read_module_ends()))
                for each in parts:
                    if id(each) not in seen and id(each) not in (ends or ()):
                        seen.add(id(each))
                        found.append(each)
        waiting = found


def _may_be_module(kind: type, objects: list[Any]) -> bool:
    """Return whether one may be a module's namespace, or a replacement for a module."""
    if kind is dict:
        return any(map(len, objects))
    return id(kind) not in _NO_MODULES


def _find_parts(objects: list[Any], kept: list[Any]) -> list[Any]:
    array_kind = find_loaded("numpy", "ndarray")
    parts: list[Any] = []
    for kind, alike in sort_by_type(objects):
        if issubclass(kind, (type, ModuleType)):
            continue
        if kind is FunctionType:
            for each in alike:
                parts += (each.__closure__, each.__defaults__, each.__kwdefaults__)
                parts.append(each.__dict__)
            continue
        if array_kind is not None and issubclass(kind, array_kind):
            for each in alike:
                if array_kind.dtype.__get__(each).hasobject:
                    kept.append(array_kind.tolist(each))
                    parts.append(kept[-1])
        parts += gc.get_referents(*alike)
    return parts
