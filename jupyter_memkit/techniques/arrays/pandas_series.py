"""Measures and creates single columns of pandas frames."""

from __future__ import annotations

from typing import Any

from jupyter_memkit.measure.sizes import sizeof


def measure_column(column: Any) -> int:
    """Return the bytes of a column, without the rest of its block.

    Parameters
    ----------
    column : pandas.Series
        The column; its index does not count.

    Returns
    -------
    int
        The true size of its values, in bytes.

    Examples
    --------
    >>> import pandas as pd
    >>> measure_column(pd.Series([1, 2]))
    16
    """
    import numpy as np  # noqa: PLC0415 - pandas has imported it

    if not isinstance(column.dtype, np.dtype):
        return sizeof(column.array).bytes
    if column.dtype == object:
        # A copy of the references, because the block also has those of other columns.
        return sizeof(column.to_numpy().copy()).bytes
    return len(column) * int(column.dtype.itemsize)


def name_label(label: Any) -> str:
    """Return the label of a column as text; for a MultiIndex, level by level.

    Examples
    --------
    >>> name_label(("price", 2026))
    'price, 2026'
    """
    if isinstance(label, tuple):
        return ", ".join(map(str, label))
    return str(label)


def wrap(values: Any, column: Any, dtype: Any = None) -> Any:
    """Return a Series that differs from a column only in its values.

    Parameters
    ----------
    values : array
        The values, as many as the column has.
    column : pandas.Series
        The column whose index, name, attrs and flags are used.
    dtype : optional
        The dtype; by default that of the values.

    Returns
    -------
    pandas.Series
        The Series; the values are not copied.

    Examples
    --------
    >>> import pandas as pd
    >>> wrap(pd.array([3, 4]), pd.Series([1, 2], name="n")).name
    'n'
    """
    import pandas as pd  # noqa: PLC0415 - the column is pandas'

    wrapped = pd.Series(
        values, index=column.index, name=column.name, dtype=dtype, copy=False
    )
    wrapped.attrs = column.attrs
    wrapped.flags.allows_duplicate_labels = column.flags.allows_duplicate_labels
    return wrapped
