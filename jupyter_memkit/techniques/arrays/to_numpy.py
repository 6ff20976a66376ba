"""Converts Python containers to arrays that hold every value exactly."""

from __future__ import annotations

import math
from array import array
from collections import OrderedDict, defaultdict, deque
from collections.abc import Sequence
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.arrays.exact_values import pack_values, read_kinds
from jupyter_memkit.techniques.arrays.leaves import (
    find_shape,
    is_mapping,
    is_sequence,
    read_blocks,
    read_fields,
)
from jupyter_memkit.techniques.arrays.shrink import is_shrinkable
from jupyter_memkit.techniques.arrays.type_names import name_one, name_plain
from jupyter_memkit.techniques.progress import Progress

_PACKED = (list, tuple, deque, array, dict)


def to_numpy(
    values: Any,
    *,
    missing: Any = None,
    frame: bool = False,
    progress: Progress | None = None,
) -> Any:
    """Convert lists, and containers of lists, to arrays.

    The dtype holds every value exactly: integers become int64 (uint64 if one is
    larger), floats float64, strings the smaller of ``<U…`` and ``StringDType``.
    Integers among floats are accepted if each of them is exact as a float.

    Parameters
    ----------
    values : list, tuple, deque, array.array or dict
        Values; rows of equal length, nested to any depth; a dict of lists, which
        becomes a dict of arrays of the same kind; or a list of dicts with the same
        keys, or of named tuples, which becomes a structured array.
    missing : object, optional
        The replacement for ``None`` and for values that are not of the most frequent
        type; by default they are refused.
    frame : bool
        Whether to return a pandas DataFrame for a dict of lists, a list of dicts or a
        list of rows. ``None`` then becomes pandas' missing value, unless ``missing`` is
        another value of the column's type.
    progress : callable, optional
        Called with the number of values packed so far.

    Returns
    -------
    numpy.ndarray, dict of numpy.ndarray or pandas.DataFrame
        The result, which shares no memory with the values.

    Raises
    ------
    MemkitError
        If the rows are ragged, no dtype holds a value, or the container is empty.

    Examples
    --------
    >>> to_numpy([1, 2, 3]).dtype
    dtype('int64')
    >>> to_numpy([[1.0, 2.0], [3.0, None]], missing=float("nan"))
    array([[ 1.,  2.],
           [ 3., nan]])
    >>> to_numpy({"a": [1, 2], "b": [0.5, 1.5]})["b"]
    array([0.5, 1.5])
    """
    if frame:
        return _build_frame(_read_columns(values), missing, progress)
    if is_mapping(values):
        columns = _check_columns(values)
        return _rebuild(values, _pack_columns(columns, missing, progress))
    check_container(values)
    if type(values) is array:
        return _copy_array(values)
    first = values[0]
    if is_mapping(first) or read_fields(type(first)) is not None:
        return _build_records(_read_columns(values), missing, progress)
    return _pack_sequence(values, missing, progress)


def check_container(values: Any) -> None:
    """Raise an error unless a value can be packed.

    Raises
    ------
    MemkitError
        If it cannot; the message contains the remedy.
    """
    kind = type(values)
    if is_sequence(values) or is_mapping(values) or kind is array:
        if len(values) == 0:
            message = f"it is an empty {name_plain(kind)}, so its dtype is unknown"
        elif kind is deque and values.maxlen is not None:
            message = (
                f"it is a deque of at most {values.maxlen} values, a limit that an "
                "array does not have; give list(it)"
            )
        else:
            return
    elif is_shrinkable(kind):
        message = f"{name_one(values)} is already compact; %shrink may make it smaller"
    elif kind is range:
        message = "it is a range, which takes no memory; np.arange creates an array"
    elif issubclass(kind, (set, frozenset)):
        message = "it is a set, which has no order; give a list, such as sorted(values)"
    else:
        message = _describe_other(values)
    raise MemkitError(message)


def _describe_other(value: Any) -> str:
    kind = type(value)
    base = next((each for each in _PACKED if issubclass(kind, each)), None)
    if base is None:
        return f"it is {name_one(value)}, not a list, tuple, deque, array or dict"
    if read_fields(kind) is not None:
        lost = "whose fields have names that an array loses"
    else:
        lost = "which may hold more than its values"
    return f"it is {name_one(value)}, {lost}; give {name_plain(base)}(it)"


def _rebuild(before: dict[Any, Any], columns: dict[Any, Any]) -> dict[Any, Any]:
    """Return columns in a dict of the same kind."""
    if type(before) is defaultdict:
        return defaultdict(before.default_factory, columns)
    return OrderedDict(columns) if type(before) is OrderedDict else columns


def _pack_sequence(
    values: Sequence[Any], missing: Any, progress: Progress | None
) -> Any:
    import numpy as np  # noqa: PLC0415 - a feature of numpy's

    if type(values[0]) is np.ndarray:
        return _stack(values)
    shape = find_shape(values)
    count = int(np.prod(shape, dtype=object))
    if count == 0:
        message = "its rows are empty, so their dtype is unknown"
        raise MemkitError(message)
    packed = pack_values(
        lambda: read_blocks(values, len(shape)), count, missing, progress
    )
    return packed.reshape(shape)


def _stack(values: Sequence[Any]) -> Any:
    """Join arrays of the same shape and dtype."""
    import numpy as np  # noqa: PLC0415 - as above

    if not all(type(each) is np.ndarray for each in values):
        message = "it contains arrays and other values; make them all arrays"
        raise MemkitError(message)
    kinds = {(each.dtype, each.shape) for each in values}
    if len(kinds) > 1:
        message = (
            f"it contains arrays of {len(kinds)} different dtypes or shapes, which one "
            "array cannot hold; np.concatenate joins them end to end"
        )
        raise MemkitError(message)
    return np.stack(list(values))


def _copy_array(values: array[Any]) -> Any:
    import numpy as np  # noqa: PLC0415 - as above

    if values.typecode in "uw":
        return _pack_sequence(values.tolist(), None, None)
    return np.array(values)


def _read_columns(values: Any) -> dict[Any, Sequence[Any]]:
    """Return the columns of rows or of a dict of lists."""
    check_container(values)
    if is_mapping(values):
        return _check_columns(values)
    first = values[0]
    if is_mapping(first):
        return _turn_dicts(values)
    names = read_fields(type(first))
    if names is not None:
        return _turn_named(values, names)
    if not is_sequence(first):
        return {0: values}
    _check_rows(values)
    return dict(enumerate(map(list, zip(*values, strict=True))))


def _check_rows(values: Sequence[Any]) -> None:
    """Raise an error unless all rows are sequences of equal length."""
    lengths = {len(row) if is_sequence(row) else None for row in values}
    if len(lengths) > 1:
        message = "its rows are ragged; a frame needs rows of equal length"
        raise MemkitError(message)


def _turn_dicts(rows: Sequence[Any]) -> dict[Any, Sequence[Any]]:
    keys = rows[0].keys()
    for number, row in enumerate(rows):
        if not is_mapping(row) or row.keys() != keys:
            message = (
                f"row {number} has other keys than the first; give all rows the same "
                "keys, with None for missing values"
            )
            raise MemkitError(message)
    return {key: [row[key] for row in rows] for key in keys}


def _turn_named(
    rows: Sequence[Any], names: tuple[str, ...]
) -> dict[Any, Sequence[Any]]:
    kind = type(rows[0])
    if not all(type(row) is kind for row in rows):
        message = (
            f"the first row is {name_one(rows[0])}, but others are not; make them the "
            "same"
        )
        raise MemkitError(message)
    # Not the methods of the type, which can be the user's.
    columns = map(list, zip(*map(tuple.__iter__, rows), strict=True))
    return dict(zip(names, columns, strict=True))


def _check_columns(values: dict[Any, Any]) -> dict[Any, Sequence[Any]]:
    check_container(values)
    for key, column in values.items():
        if not is_sequence(column) and type(column) is not array:
            message = (
                f"{key!r} contains {name_one(column)}; the values of a dict must all "
                "be lists"
            )
            raise MemkitError(message)
    return values


def _pack_columns(
    columns: dict[Any, Sequence[Any]], missing: Any, progress: Progress | None
) -> dict[Any, Any]:
    return {
        key: _pack_column(key, column, missing, progress)
        for key, column in columns.items()
    }


def _pack_column(
    key: Any, column: Sequence[Any], missing: Any, progress: Progress | None
) -> Any:
    try:
        return to_numpy(column, missing=missing, progress=progress)
    except MemkitError as error:
        message = f"in {key!r}: {error}"
        raise MemkitError(message) from error


def _build_records(
    columns: dict[Any, Sequence[Any]], missing: Any, progress: Progress | None
) -> Any:
    import numpy as np  # noqa: PLC0415 - as above

    odd = [key for key in columns if type(key) is not str or not key]
    if odd:
        message = f"the key {odd[0]!r} cannot name a field; use frame=True (--frame)"
        raise MemkitError(message)
    packed = _pack_columns(columns, missing, progress)
    if not packed:
        message = "its dicts are empty, so their dtype is unknown"
        raise MemkitError(message)
    dtype = [(key, each.dtype, each.shape[1:]) for key, each in packed.items()]
    if any(each.dtype.kind == "T" for each in packed.values()):
        message = (
            "it contains strings of very different lengths, which a structured array "
            "pads; use frame=True (--frame)"
        )
        raise MemkitError(message)
    records = np.empty(len(next(iter(packed.values()))), dtype)
    for key, each in packed.items():
        records[key] = each
    return records


def _build_frame(
    columns: dict[Any, Sequence[Any]], missing: Any, progress: Progress | None
) -> Any:
    import pandas as pd  # noqa: PLC0415 - the user asked for a frame

    lengths = {key: len(column) for key, column in columns.items()}
    if len(set(lengths.values())) > 1:
        message = f"its lists have different lengths: {lengths}; make them equal"
        raise MemkitError(message)
    packed = {
        key: _pack_for_frame(key, column, missing, progress)
        for key, column in columns.items()
    }
    wide = [key for key, each in packed.items() if each.ndim > 1]
    if wide:
        message = f"{wide[0]!r} contains rows, but a column needs values; leave it out"
        raise MemkitError(message)
    for key, each in packed.items():
        if each.dtype.kind in "UT":
            packed[key] = each.astype(object)
    return pd.DataFrame(packed, copy=False)


def _pack_for_frame(
    key: Any, column: Sequence[Any], missing: Any, progress: Progress | None
) -> Any:
    """Pack a column as in pandas, where None is missing among strings and numbers."""
    import numpy as np  # noqa: PLC0415 - as above

    kinds = read_kinds(column)
    if kinds.pop(id(type(None)), None) is None:
        return _pack_column(key, column, missing, progress)
    if kinds.keys() in ({id(str)}, {id(bool)}):
        fills = missing if id(type(missing)) in kinds else None
        values = [fills if each is None else each for each in column]
        return np.array(values, dtype=object)
    # A replacement for missing strings is not a number.
    is_text = missing is None or type(missing) is str
    return _pack_column(key, column, math.nan if is_text else missing, progress)
