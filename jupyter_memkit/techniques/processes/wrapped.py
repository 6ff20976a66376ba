"""Pickles what `functools` makes of functions, if it cannot be pickled as it is.

Cached functions are looked up by name, functions and methods with single dispatch have
a cache of weak references, and cached properties had a lock before Python 3.12. All are
created anew in the other process, where their caches start empty.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from types import FunctionType
from typing import Any

from cloudpickle.cloudpickle import _lookup_module_and_qualname

# All is read through this type, because an attribute can hide what it has.
_Cached: Any = functools._lru_cache_wrapper  # noqa: SLF001 - there is no public name
_read_attributes = vars(_Cached)["__dict__"].__get__
_DISPATCH_CODE = functools.singledispatch(len).__code__  # type: ignore[attr-defined]

# What the wrapping sets itself.
_SET_BY_CACHE = frozenset({"__wrapped__", "cache_parameters"})
_SET_BY_DISPATCH = frozenset(
    {"__wrapped__", "_clear_cache", "dispatch", "register", "registry"}
)
# Cannot be pickled: a lock, and, in the first versions of Python 3.13, weak references.
_CREATED = (
    (functools.cached_property, "lock"),
    (functools.singledispatchmethod, "_method_cache"),
)
_NAMES = ("__doc__", "__module__", "__name__", "__qualname__")

# The functions that were received without the content of their caches.
_emptied: set[str] = set()


def take_emptied() -> tuple[str, ...]:
    """Return the caches that were left behind since the last call."""
    emptied = tuple(f"the cache of {name}" for name in sorted(_emptied))
    _emptied.clear()
    return emptied


def is_cached(obj: Any) -> bool:
    """Return whether an object is a function with a cache.

    Examples
    --------
    >>> is_cached(functools.cache(len)), is_cached(len)
    (True, False)
    """
    return type(obj) is _Cached


def reduce_cached(obj: Any, *, reports: bool) -> tuple[Any, ...] | None:
    """Return how to pickle a cached function; None for other objects.

    Parameters
    ----------
    obj : object
        The object.
    reports : bool
        Whether the other process reports, by `take_emptied`, what the cache held.
    """
    if not is_cached(obj) or _lookup_module_and_qualname(obj) is not None:
        return None
    attributes = _read_attributes(obj)
    form = attributes.get("cache_parameters")
    if type(form) is not FunctionType or form.__globals__ is not vars(functools):
        return None
    if "__wrapped__" not in attributes:
        return None
    lost = ""
    if reports and _Cached.cache_info(obj).currsize:
        lost = str(attributes.get("__qualname__")).rpartition("<locals>.")[2]
    others = {
        name: value for name, value in attributes.items() if name not in _SET_BY_CACHE
    }
    made_of = (attributes["__wrapped__"], *form().values(), lost)
    return _load_cached, made_of, others


def _load_cached(
    function: Any,
    maxsize: int | None,
    typed: bool,  # noqa: FBT001 - pickled
    lost: str,
) -> Any:
    if lost:
        _emptied.add(lost)
    return functools.lru_cache(maxsize, typed)(function)


def reduce_descriptor(obj: Any) -> tuple[Any, ...] | None:
    """Return how to pickle a cached property or a method with single dispatch.

    Returns None for others, and if it has nothing that it creates anew.
    """
    for kind, created in _CREATED:
        if type(obj) is kind and created in obj.__dict__:
            state = {
                name: value for name, value in obj.__dict__.items() if name != created
            }
            return kind, (obj.func,), state
    return None


def reduce_dispatched(function: FunctionType) -> tuple[Any, ...] | None:
    """Return how to pickle a function with single dispatch; None for another one."""
    attributes = function.__dict__
    if function.__code__ is not _DISPATCH_CODE or not (
        attributes.keys() >= _SET_BY_DISPATCH
    ):
        return None
    others = {
        name: value
        for name, value in attributes.items()
        if name not in _SET_BY_DISPATCH
    }
    names = {name: getattr(function, name) for name in _NAMES}
    registry = tuple(attributes["registry"].items())
    return _load_dispatched, (attributes["__wrapped__"], registry), (others, names)


def _load_dispatched(function: Any, registry: Iterable[tuple[type, Any]]) -> Any:
    dispatched = functools.singledispatch(function)
    for kind, each in registry:
        dispatched.register(kind, each)
    return dispatched
