"""Shrinks the columns of pandas frames, each by the rules of its dtype."""

from __future__ import annotations

from typing import Any

from jupyter_memkit.techniques.arrays.array_memory import is_mapped
from jupyter_memkit.techniques.arrays.exact_dtypes import find_smaller
from jupyter_memkit.techniques.arrays.numpy_arrays import find_dtype
from jupyter_memkit.techniques.arrays.pandas_objects import unbox
from jupyter_memkit.techniques.arrays.pandas_series import (
    measure_column,
    name_label,
    wrap,
)
from jupyter_memkit.techniques.arrays.pandas_texts import shrink_texts
from jupyter_memkit.techniques.arrays.policy import Change, Policy
from jupyter_memkit.techniques.arrays.records import Part
from jupyter_memkit.techniques.progress import Tick

_NULLABLE = {"Int16", "Int32", "Int64", "UInt16", "UInt32", "UInt64", "Float64"}


def shrink_column(  # noqa: PLR0911 - one per kind of column
    column: Any, policy: Policy, tick: Tick | None = None
) -> Change:
    """Find the smallest column that holds the same values.

    Parameters
    ----------
    column : pandas.Series
        It is not changed.
    policy : Policy
        What may be done.
    tick : callable, optional
        Called with the number of values processed since the last call.

    Returns
    -------
    Change
        The change; its result is the column itself if nothing is smaller, otherwise a
        Series with the same index, name and attrs.

    Examples
    --------
    >>> import pandas as pd
    >>> shrink_column(pd.Series([1, 2]), Policy()).result.dtype
    dtype('int8')
    """
    import numpy as np  # noqa: PLC0415 - pandas has imported it
    import pandas as pd  # noqa: PLC0415 - the column is pandas'

    dtype = column.dtype
    if len(column) == 0:
        return Change(result=column)
    if pd.api.types.is_object_dtype(dtype):
        return unbox(column, policy, tick)
    if isinstance(dtype, np.dtype):
        return _shrink_numbers(column, policy, tick)
    if isinstance(dtype, pd.StringDtype):
        return shrink_texts(column, policy, tick=tick)
    if isinstance(dtype, pd.ArrowDtype):
        return _shrink_arrow(column, policy)
    if str(dtype) in _NULLABLE:
        return _shrink_masked(column, tick)
    return Change(result=column)


def examine_column(
    column: Any, policy: Policy, tick: Tick | None = None
) -> tuple[Change, Part]:
    """Find the smallest column, and describe it; the column is kept if none is smaller.

    Parameters
    ----------
    column, policy, tick
        As in `shrink_column`.

    Returns
    -------
    change : Change
        The result of `shrink_column`.
    part : Part
        The dtypes and true sizes.
    """
    before_bytes = measure_column(column)
    change = shrink_column(column, policy, tick)
    after_bytes = before_bytes
    if change.result is not column:
        after_bytes = measure_column(change.result)
    if after_bytes >= before_bytes:
        change, after_bytes = Change(result=column, note=change.note), before_bytes
    part = Part(
        label=name_label(column.name),
        before_dtype=str(column.dtype),
        after_dtype=str(change.result.dtype),
        before_bytes=before_bytes,
        after_bytes=after_bytes,
        note=change.note,
    )
    return change, part


def _shrink_numbers(column: Any, policy: Policy, tick: Tick | None) -> Change:
    values = column.to_numpy()
    if values.dtype.kind not in "iufc":
        return Change(result=column)
    if is_mapped(values):
        return Change(result=column, note="unchanged: mapped from a file")
    before = column.dtype
    dtype, note = find_dtype(values, policy, tick)
    if dtype == before:
        return Change(result=column, note=note)
    smaller = column.astype(dtype)
    if note:
        return Change(result=smaller, note=note)
    return Change(result=smaller, restore=lambda now: now.astype(before))


def _shrink_masked(column: Any, tick: Tick | None) -> Change:
    """Shrink a column of a nullable pandas dtype."""
    before = column.dtype
    numbers = before.numpy_dtype
    if numbers.kind not in "iuf":
        return Change(result=column)
    filled = column.to_numpy(dtype=numbers, na_value=0)
    dtype = find_smaller(filled, tick)
    if dtype == numbers:
        return Change(result=column)
    name = {"i": "Int", "u": "UInt", "f": "Float"}[dtype.kind]
    smaller = column.astype(f"{name}{dtype.itemsize * 8}")
    return Change(result=smaller, restore=lambda now: now.astype(before))


def _shrink_arrow(column: Any, policy: Policy) -> Change:
    """Shrink a column of an Arrow dtype."""
    import pandas as pd  # noqa: PLC0415 - as above
    import pyarrow as pa  # noqa: PLC0415 - the column is pyarrow's

    from jupyter_memkit.techniques.arrays.arrow_tables import (  # noqa: PLC0415 - as above
        shrink_chunks,
    )

    chunks = pa.chunked_array(column.array.__arrow_array__())
    smaller = shrink_chunks(chunks, policy)
    if smaller is chunks:
        return Change(result=column)
    before = column.dtype
    array = pd.arrays.ArrowExtensionArray(smaller)
    return Change(result=wrap(array, column), restore=lambda now: now.astype(before))
