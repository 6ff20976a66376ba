"""Finds small arrays and frames that keep large ones alive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_memkit.measure.sizes.loaded import find_loaded

SMALL_VIEW = 4
"""Views that are so many times smaller than their base hold it for little."""
# Less is not worth a look.
_LEAST_BYTES = 1024 * 1024
# A wider frame or a longer list is looked at in part.
_MOST_PARTS = 1000

# How each kind of variable is replaced by what has memory of its own.
_CURES = {
    "value": "{0} = {0}.copy()",
    "index": "{0}.index = {0}.index.copy(deep=True)",
    "list": "{0} = [each.copy() for each in {0}]",
    "tuple": "{0} = tuple(each.copy() for each in {0})",
    "dict": "{0} = {{key: each.copy() for key, each in {0}.items()}}",
}


@dataclass(slots=True)
class SmallView:
    """Variables that keep arrays of which they show a small part.

    Attributes
    ----------
    names : tuple of str
        All variables that show any of them.
    bases : list of numpy.ndarray
        The arrays that are kept.
    view_bytes, base_bytes : int
        What the variables show, and what the arrays hold.
    cures : list of str
        The statements that replace each variable by a copy.
    """

    names: tuple[str, ...]
    bases: list[Any] = field(default_factory=list)
    view_bytes: int = 0
    base_bytes: int = 0
    cures: list[str] = field(default_factory=list)

    @property
    def has_objects(self) -> bool:
        """Whether the arrays refer to objects, which their bytes do not count."""
        return any(base.dtype.hasobject for base in self.bases)

    @property
    def cure(self) -> str:
        """The line that does all of it."""
        return "; ".join(self.cures)


@dataclass(slots=True)
class _Base:
    """An array, and who shows parts of it."""

    array: Any
    view_bytes: int = 0
    users: dict[tuple[str, str], None] = field(default_factory=dict)


def find_small_views(variables: Mapping[str, Any]) -> Iterator[SmallView]:
    """Yield the variables that show small parts of arrays which nothing else shows.

    Parameters
    ----------
    variables : mapping of str to object
        Names and values: numpy's arrays, pandas' frames and series, and lists, tuples
        and dicts of these.

    Yields
    ------
    SmallView
        One for each group of variables that keep the same arrays.
    """
    found: dict[tuple[str, ...], SmallView] = {}
    for base in _find_bases(variables):
        if base.view_bytes * SMALL_VIEW >= base.array.nbytes:
            continue
        names = tuple(dict.fromkeys(name for name, _ in base.users))
        view = found.setdefault(names, SmallView(names))
        view.bases.append(base.array)
        view.view_bytes += base.view_bytes
        view.base_bytes += base.array.nbytes
        for name, way in base.users:
            cure = _CURES[way].format(name)
            if cure not in view.cures:
                view.cures.append(cure)
    for view in found.values():
        # What an array of objects refers to can be any amount.
        if view.has_objects or view.base_bytes - view.view_bytes >= _LEAST_BYTES:
            yield view


def _find_bases(variables: Mapping[str, Any]) -> Iterable[_Base]:
    """Return the arrays that variables show parts of."""
    bases: dict[int, _Base] = {}
    for name, value in variables.items():
        for way, array in _read_parts(value):
            root = array
            while type(root.base) is type(root):
                root = root.base
            # What belongs to a file or to another library is not numpy's to free.
            if root.base is None:
                base = bases.setdefault(id(root), _Base(root))
                base.view_bytes += array.nbytes
                base.users[name, way] = None
    return bases.values()


def _read_parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the arrays that a variable shows, and how it is replaced by a copy."""
    kind = type(value)
    if kind is list or kind is tuple or kind is dict:
        elements = list(value.values() if kind is dict else value)[:_MOST_PARTS]
        found = [list(_read_arrays(each)) for each in elements]
        # Only where all of them have a method that copies.
        if all(found):
            yield from ((kind.__name__, each) for arrays in found for _, each in arrays)
    else:
        yield from _read_arrays(value)


def _read_arrays(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the arrays of numpy in a value, with the part that they are of."""
    ndarray = find_loaded("numpy", "ndarray")
    if ndarray is None:
        return
    kind = type(value)
    if kind is ndarray:
        yield "value", value
        return
    if kind is find_loaded("pandas", "Series"):
        columns = [value]
    elif kind is find_loaded("pandas", "DataFrame"):
        count = min(value.shape[1], _MOST_PARTS)
        columns = [value.iloc[:, number] for number in range(count)]
    else:
        return
    for column in columns:
        # Arrow's columns and nullable ones are no arrays of numpy.
        array = getattr(column.array, "_ndarray", None)
        if type(array) is ndarray:
            yield "value", array
    array = getattr(value.index.array, "_ndarray", None)
    if type(value.index) is find_loaded("pandas", "Index") and type(array) is ndarray:
        yield "index", array
