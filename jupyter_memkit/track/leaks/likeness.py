"""Compares arrays and pandas objects in all that equal numbers do not show.

If one variable is to replace another, names, indexes, metadata and layout must agree,
too. Whatever cannot be compared without running the user's code counts as different.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import zip_longest
from types import NoneType
from typing import Any

from jupyter_memkit.measure.attributes import read_attributes
from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.loaded import derives_from, find_loaded
from jupyter_memkit.measure.sizes.registry import name_type
from jupyter_memkit.track.leaks.pandas_parts import read_axes, read_stored

# More objects are not compared, which takes a tenth of a second per million.
_MOST_OBJECTS = 1_000_000

_ATOMS = (bool, bytes, complex, float, int, str, NoneType)
SameData = Callable[[Any, Any], bool]
"""Compares the data of two arrays of numbers with the same layout."""


def read_layout(array: Any) -> tuple[Any, ...] | None:
    """Return everything that distinguishes two arrays with the same data.

    Parameters
    ----------
    array : numpy.ndarray
        It must not be of a subclass.

    Returns
    -------
    tuple or None
        Equal for arrays that differ in nothing else; None for an array of objects, or
        in the memory of a file or another library, where writes have other effects.
    """
    root = array
    while type(root) is type(array) and root.base is not None:
        root = root.base
    dtype = _read_dtype(array.dtype)
    if dtype is None or type(root) is not type(array):
        return None
    return dtype, array.shape, array.strides, array.flags.writeable


def are_alike(one: Any, other: Any, same_data: SameData) -> bool:
    """Return whether two pandas objects agree in all except their numbers.

    Parameters
    ----------
    one, other : pandas.DataFrame or pandas.Series
        Two frames, or two Series, of the same shape.
    same_data : callable
        Compares the data of numeric indexes.
    """
    mine, others = dict(read_attributes(one)), dict(read_attributes(other))
    if any(
        _is_of_user(name, kept)
        for each in (mine, others)
        for name, kept in each.items()
    ):
        return False
    if not _are_same(mine.get("_attrs") or {}, others.get("_attrs") or {}):
        return False
    if not _are_same(mine.get("_name"), others.get("_name")):
        return False
    if one.flags.allows_duplicate_labels != other.flags.allows_duplicate_labels:
        return False
    axes = zip(read_axes(one), read_axes(other), strict=True)
    return all(_are_alike_indexes(*both, same_data) for both in axes)


def _read_dtype(dtype: Any) -> Any:
    """Return what identifies a dtype; None if it has objects, metadata or titles."""
    if dtype.hasobject or dtype.metadata is not None:
        return None
    if dtype.subdtype is not None:
        base = _read_dtype(dtype.subdtype[0])
        return None if base is None else (base, dtype.shape)
    if dtype.names is None:
        return dtype.str
    fields = [(name, dtype.fields[name]) for name in dtype.names]
    parts = [(name, field[1], _read_dtype(field[0])) for name, field in fields]
    is_plain = all(type(name) is str and len(field) == 2 for name, field in fields)
    if not is_plain or any(part[-1] is None for part in parts):
        return None
    return dtype.itemsize, dtype.isalignedstruct, tuple(parts)


def _is_of_user(name: str, kept: Any) -> bool:
    """Return whether an attribute was set by the user, and not by pandas."""
    return not name.startswith("_") and not _is_of_pandas(kept)


def _are_same(one: Any, other: Any) -> bool:
    """Return whether two values are certainly equal, compared without the user's code.

    Floats are the same if they are written the same way, so that NaN equals itself, and
    0.0 differs from -0.0.
    """
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if contains_identical(_ATOMS, kind):
        return repr(one) == repr(other)
    if kind is dict:
        return _are_all_same(one.items(), other.items())
    return contains_identical((list, tuple), kind) and _are_all_same(one, other)


def _are_all_same(one: Iterable[Any], other: Iterable[Any]) -> bool:
    nothing = object()
    pairs = zip_longest(one, other, fillvalue=nothing)
    return all(_are_same(*pair) for pair in pairs)


def _are_alike_indexes(one: Any, other: Any, same_data: SameData) -> bool:
    """Return whether two indexes agree in values, names, type and frequency."""
    if type(one) is not type(other) or not _is_of_pandas(one):
        return False
    mine, others = dict(read_attributes(one)), dict(read_attributes(other))
    names = [
        (each.get("_name"), *(each.get("_names") or ())) for each in (mine, others)
    ]
    frequencies = [_read_frequency(each) for each in (mine, others)]
    if not _are_all_same(*names) or not _are_same_frequencies(*frequencies):
        return False
    # Copies and views of one index have its identity in common.
    if mine.get("_id") is others.get("_id"):
        return True
    if "_range" in mine:
        return bool(mine["_range"] == others["_range"])
    if "_codes" in mine:
        return _are_alike_levels(mine, others, same_data)
    return _are_same_arrays(mine.get("_data"), others.get("_data"), same_data)


def _are_alike_levels(
    mine: dict[str, Any], others: dict[str, Any], same_data: SameData
) -> bool:
    """Return whether two indexes of several levels have the same levels and codes."""
    levels = zip_longest(mine["_levels"], others["_levels"])
    codes = zip_longest(mine["_codes"], others["_codes"])
    return all(_are_alike_indexes(*both, same_data) for both in levels) and all(
        _are_same_arrays(*both, same_data) for both in codes
    )


def _read_frequency(attributes: dict[str, Any]) -> Any:
    """Return the frequency of an index, which pandas 2 keeps in its array."""
    if "_freq" in attributes:
        return attributes["_freq"]
    return dict(read_attributes(attributes.get("_data"))).get("_freq")


def _are_same_frequencies(one: Any, other: Any) -> bool:
    if one is other:
        return True
    # The calendar of a custom frequency is not a part of its text.
    name = name_type(type(one))
    is_known = type(one) is type(other) and name.startswith("pandas.")
    return is_known and "Custom" not in name and one.freqstr == other.freqstr


def _are_same_arrays(one: Any, other: Any, same_data: SameData) -> bool:
    """Return whether the values of two indexes are equal, and stored the same way."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if type(one) is find_loaded("numpy", "ndarray"):
        return _are_same_numpy_arrays(one, other, same_data)
    if type(one) is find_loaded("pyarrow", "ChunkedArray"):
        return bool(one.equals(other))
    if not _is_of_pandas(one) or not _are_same_dtypes(one.dtype, other.dtype):
        return False
    parts = list(zip_longest(_read_parts(one), _read_parts(other)))
    return bool(parts) and all(_are_same_arrays(*both, same_data) for both in parts)


def _are_same_numpy_arrays(one: Any, other: Any, same_data: SameData) -> bool:
    if one.dtype.kind == "O":
        is_short = one.ndim == 1 and len(one) <= _MOST_OBJECTS
        return is_short and other.dtype.kind == "O" and _are_all_same(one, other)
    layout = read_layout(one)
    return layout is not None and layout == read_layout(other) and same_data(one, other)


def _read_parts(values: Any) -> list[Any]:
    """Return the numpy and Arrow arrays that make up the values of an index."""
    homes = (("numpy", "ndarray"), ("pyarrow", "ChunkedArray"))
    kinds = [
        kind for kind in (find_loaded(*home) for home in homes) if kind is not None
    ]
    parts = read_stored(values)
    return [part for part in parts if contains_identical(kinds, type(part))]


def _are_same_dtypes(one: Any, other: Any) -> bool:
    """Return whether two dtypes are equal, of those whose arrays are all there is.

    Not of those with categories or a time zone, which can be the user's objects.
    """
    kind = type(one)
    is_known = (
        issubclass(kind, find_loaded("numpy", "dtype"))
        or kind is find_loaded("pandas", "StringDtype")
        or derives_from(kind, "pandas.core.dtypes.dtypes", "BaseMaskedDtype")
    )
    return is_known and kind is type(other) and bool(one == other)


def _is_of_pandas(value: Any) -> bool:
    return name_type(type(value)).startswith("pandas.")
