"""Previews the result of shrinking a value, without creating all of it."""

from __future__ import annotations

from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.arrays.numpy_arrays import find_dtype
from jupyter_memkit.techniques.arrays.pandas_columns import examine_column
from jupyter_memkit.techniques.arrays.policy import Policy
from jupyter_memkit.techniques.arrays.records import Part
from jupyter_memkit.techniques.arrays.shrink import find_kind, shrink_taken
from jupyter_memkit.techniques.progress import Tick


def preview(value: Any, tick: Tick | None = None) -> tuple[Part, ...]:
    """Find the result of `shrink` with its defaults for each part of a value.

    For a frame, one column at a time is created; for an array of numbers, nothing.

    Parameters
    ----------
    value : object
        Any object; it is not changed.
    tick : callable, optional
        Called with the number of values processed since the last call.

    Returns
    -------
    tuple of Part
        The columns, or one part for an array or a Series; empty for values that
        `shrink` refuses and for views, which should be copied instead.

    Examples
    --------
    >>> import numpy as np
    >>> [part.after_dtype for part in preview(np.arange(300))]
    ['int16']
    >>> preview("a text")
    ()
    """
    try:
        kind = find_kind(value)
    except MemkitError:
        return ()
    policy = Policy()
    if kind == "array":
        if value.base is not None:
            return ()
        if not value.dtype.hasobject:
            dtype, note = find_dtype(value, policy, tick)
            part = Part(
                label="",
                before_dtype=str(value.dtype),
                after_dtype=str(dtype),
                before_bytes=value.nbytes,
                after_bytes=value.size * dtype.itemsize,
                note=note,
            )
            return (part,)
    if kind == "frame":
        columns = (value.iloc[:, number] for number in range(value.shape[1]))
        return tuple(examine_column(column, policy, tick)[1] for column in columns)
    return shrink_taken(lambda: value, policy, tick).parts
