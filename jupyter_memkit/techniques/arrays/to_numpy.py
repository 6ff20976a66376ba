"""Converts Python containers to arrays that hold every value exactly."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.sizes.registry import name_type
from jupyter_memkit.techniques.arrays.exact_values import pack_values
from jupyter_memkit.techniques.arrays.leaves import (
    find_shape,
    is_sequence,
    read_blocks,
)
from jupyter_memkit.techniques.progress import Progress

# Types that are already compact, by library.
_COMPACT = ("numpy", "pandas", "polars", "pyarrow", "torch")


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
        becomes a dict of arrays; or a list of dicts with the same keys, which becomes a
        structured array.
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
    if isinstance(values, dict):
        columns = _check_columns(values)
        return _pack_columns(columns, missing, progress)
    check_container(values)
    if isinstance(values, array):
        return _copy_array(values)
    if isinstance(next(iter(values)), dict):
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
    library = name_type(kind).partition(".")[0]
    if library in _COMPACT:
        message = f"{_name(values)} is already compact; %shrink may make it smaller"
    elif isinstance(values, range):
        message = "it is a range, which takes no memory; np.arange creates an array"
    elif isinstance(values, (set, frozenset)):
        message = "it is a set, which has no order; give a list, such as sorted(values)"
    elif not (is_sequence(values) or isinstance(values, (array, dict))):
        message = f"it is {_name(values)}, not a list, tuple, deque, array or dict"
    elif len(values) == 0:
        message = f"it is an empty {type(values).__name__}, so its dtype is unknown"
    else:
        return
    raise MemkitError(message)


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
    if isinstance(values, dict):
        return _check_columns(values)
    first = values[0]
    if isinstance(first, dict):
        return _turn_dicts(values)
    if not is_sequence(first):
        return {0: values}
    _check_rows(values)
    names = getattr(first, "_fields", range(len(first)))
    return dict(zip(names, map(list, zip(*values, strict=True)), strict=True))


def _check_rows(values: Sequence[Any]) -> None:
    """Raise an error unless all rows are sequences of equal length."""
    lengths = {len(row) if is_sequence(row) else None for row in values}
    if len(lengths) > 1:
        message = "its rows are ragged; a frame needs rows of equal length"
        raise MemkitError(message)


def _turn_dicts(rows: Sequence[Any]) -> dict[Any, Sequence[Any]]:
    keys = rows[0].keys()
    for number, row in enumerate(rows):
        if not isinstance(row, dict) or row.keys() != keys:
            message = (
                f"row {number} has other keys than the first; give all rows the same "
                "keys, with None for missing values"
            )
            raise MemkitError(message)
    return {key: [row[key] for row in rows] for key in keys}


def _check_columns(values: dict[Any, Any]) -> dict[Any, Sequence[Any]]:
    check_container(values)
    for key, column in values.items():
        if not is_sequence(column) and not isinstance(column, array):
            message = (
                f"{key!r} contains {_name(column)}; the values of a dict must all be "
                "lists"
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

    odd = [key for key in columns if not isinstance(key, str) or not key]
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

    kinds = set(map(type, column))
    if type(None) not in kinds:
        return _pack_column(key, column, missing, progress)
    kinds.remove(type(None))
    if kinds in ({str}, {bool}):
        fills = missing if type(missing) in kinds else None
        values = [fills if each is None else each for each in column]
        return np.array(values, dtype=object)
    # A replacement for missing strings is not a number.
    is_text = missing is None or type(missing) is str
    return _pack_column(key, column, math.nan if is_text else missing, progress)


def _name(value: Any) -> str:
    name = name_type(type(value)).rpartition(".")[2]
    return f"an {name}" if name[:1] in "aeiouAEIOU" else f"a {name}"
