"""Finds small arrays and frames that keep large ones alive."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_memkit.measure.sizes.loaded import find_loaded

SMALL_VIEW = 4
"""A view is small if its base is more than this many times larger."""
# Smaller savings are not worth a hint.
_LEAST_BYTES = 1024 * 1024
# Only this many columns or elements are checked.
_MOST_PARTS = 1000

# The statement that gives each kind of variable memory of its own.
_CURES = {
    "value": "{0} = {0}.copy()",
    "index": "{0}.index = {0}.index.copy(deep=True)",
    "list": "{0} = [each.copy() for each in {0}]",
    "tuple": "{0} = tuple(each.copy() for each in {0})",
    "dict": "{0} = {{key: each.copy() for key, each in {0}.items()}}",
}


@dataclass(slots=True)
class SmallView:
    """Variables that show a small part of the arrays they keep.

    Attributes
    ----------
    names : tuple of str
        All variables that show any of them.
    bases : list of numpy.ndarray
        The arrays that they keep.
    view_bytes, base_bytes : int
        The size of the shown parts, and of the arrays.
    cures : list of str
        The statements that replace the variables with copies.
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
        """All statements as one line."""
        return "; ".join(self.cures)


@dataclass(slots=True)
class _Base:
    """An array, and the variables that show parts of it."""

    array: Any
    view_bytes: int = 0
    users: dict[tuple[str, str], None] = field(default_factory=dict)


def find_small_views(variables: Mapping[str, Any]) -> Iterator[SmallView]:
    """Yield variables that show small parts of arrays that nothing else shows.

    Parameters
    ----------
    variables : mapping of str to object
        The variables: numpy arrays, pandas frames and series, and lists, tuples and
        dicts of these are checked.

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
        # An array of objects can refer to any amount of memory.
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
            # numpy cannot free memory that belongs to a file or another library.
            if root.base is None:
                base = bases.setdefault(id(root), _Base(root))
                base.view_bytes += array.nbytes
                base.users[name, way] = None
    return bases.values()


def _read_parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the arrays that a variable shows, each with its key in `_CURES`."""
    kind = type(value)
    if kind is list or kind is tuple or kind is dict:
        elements = list(value.values() if kind is dict else value)[:_MOST_PARTS]
        found = [list(_read_arrays(each)) for each in elements]
        # The cure calls `copy` on each element, so all must be arrays or frames.
        if all(found):
            yield from ((kind.__name__, each) for arrays in found for _, each in arrays)
    else:
        yield from _read_arrays(value)


def _read_arrays(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the numpy arrays in a value, each with its key in `_CURES`."""
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
        # Arrow columns and nullable columns are not numpy arrays.
        array = getattr(column.array, "_ndarray", None)
        if type(array) is ndarray:
            yield "value", array
    array = getattr(value.index.array, "_ndarray", None)
    if type(value.index) is find_loaded("pandas", "Index") and type(array) is ndarray:
        yield "index", array
