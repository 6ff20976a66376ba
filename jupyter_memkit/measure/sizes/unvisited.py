"""References of an object that the garbage collector does not visit.

The collector only needs references that can be part of a cycle. So a type may not
report its references at all (Objects/rangeobject.c), and a dict does not report its
keys while all of them are strings, nor its values where they are stored in the object
whose attributes it holds (Objects/dictobject.c, `dict_traverse`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain, islice
from typing import Any

from jupyter_memkit.measure.sizes.raw_reads import read_dict, read_mro
from jupyter_memkit.measure.sizes.registry import name_type
from jupyter_memkit.measure.sizes.shared_keys import (
    HAS_EMBEDDED_VALUES,
    has_embedded_values,
)

# Dicts that are met together were mostly created in the same way.
_CHECKED = 64

ReadUnvisited = Callable[[list[Any]], list[Any]]

# Attributes by the dotted name of the type that defines them.
_ATTRIBUTES = {
    "code": ("co_consts", "co_linetable", "co_names"),
    "datetime.datetime": ("tzinfo",),
    "posix.DirEntry": ("name", "path"),
    "nt.DirEntry": ("name", "path"),
    "numpy.flatiter": ("base",),
    "numpy.void": ("base",),
}


def find_unvisited(kind: type) -> ReadUnvisited | None:
    """Return a function that reads the unvisited references of a type's objects.

    Parameters
    ----------
    kind : type
        The type.

    Returns
    -------
    callable or None
        Takes a list of objects of the type and returns these referents; None when the
        type has none.
    """
    for base in read_mro(kind):
        if base is dict:
            return _read_dicts
        names = _ATTRIBUTES.get(name_type(base))
        own = read_dict(base)
        if names is not None and all(name in own for name in names):
            return _make_reader([own[name].__get__ for name in names])
    return None


def _read_dicts(dicts: list[Any]) -> list[Any]:
    # One view after another: the collector would visit a list of all of them.
    views: Iterable[Iterable[Any]] = map(dict.keys, dicts)
    if HAS_EMBEDDED_VALUES and any(map(has_embedded_values, islice(dicts, _CHECKED))):
        embedded = filter(has_embedded_values, dicts)
        views = chain(views, map(dict.values, embedded))
    try:
        return list(chain.from_iterable(views))
    except RuntimeError:
        # Another thread has changed one of them.
        return []


def _make_reader(getters: list[Callable[[Any], Any]]) -> ReadUnvisited:
    def read(objects: list[Any]) -> list[Any]:
        return [get(value) for get in getters for value in objects]

    return read
