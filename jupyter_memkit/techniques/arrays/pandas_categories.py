"""Converts strings to categories block by block, while that is worth it."""

from __future__ import annotations

from typing import Any

from jupyter_memkit.techniques.arrays.pandas_series import wrap
from jupyter_memkit.techniques.progress import Tick

# The number of rows at a time, which need little additional memory.
_BLOCK_ROWS = 1 << 18

_CODES = ("i1", "i2", "i4", "i8")


def categorize(column: Any, most: int, tick: Tick | None = None) -> Any:
    """Convert strings to categories, sorted as strings.

    Parameters
    ----------
    column : pandas.Series
        A column of strings; missing ones stay missing.
    most : int
        The maximum number of categories.
    tick : callable, optional
        Called with the number of values processed since the last call.

    Returns
    -------
    pandas.Series or None
        The column as categories; None if there are more, or pandas takes different
        strings for the same.

    Examples
    --------
    >>> import pandas as pd
    >>> list(categorize(pd.Series(["b", "a", "b"]), most=2).cat.codes)
    [1, 0, 1]
    """
    import numpy as np  # noqa: PLC0415 - pandas has imported it
    import pandas as pd  # noqa: PLC0415 - the column is pandas'

    numbers: dict[Any, int] = {}
    codes = np.empty(len(column), _CODES[0])
    for start in range(0, len(column), _BLOCK_ROWS):
        part = column.iloc[start : start + _BLOCK_ROWS]
        block, uniques = pd.factorize(part)
        if not _are_equal(part, block, uniques):
            return None
        lookup = [numbers.setdefault(each, len(numbers)) for each in uniques]
        if len(numbers) > most:
            return None
        codes = _widen(codes, len(numbers))
        # The code -1 for a missing value selects the last one.
        codes[start : start + _BLOCK_ROWS] = np.array([*lookup, -1])[block]
        if tick is not None:
            tick(len(block))
    values = pd.Index(list(numbers), dtype=column.dtype)
    order = values.argsort()
    ranks = np.full(len(values) + 1, -1, codes.dtype)
    ranks[order] = np.arange(len(values))
    for start in range(0, len(column), _BLOCK_ROWS):
        block = codes[start : start + _BLOCK_ROWS]
        block[:] = ranks[block]
    return wrap(pd.Categorical.from_codes(codes, values[order]), column)


def _widen(codes: Any, count: int) -> Any:
    """Return the codes in a dtype for a number of categories."""
    import numpy as np  # noqa: PLC0415 - as above

    dtype = next(name for name in _CODES if count - 1 <= np.iinfo(name).max)
    return codes.astype(dtype, copy=False)


def _are_equal(column: Any, codes: Any, uniques: Any) -> bool:
    """Return whether codes and unique values make up a column.

    Before version 3, pandas takes different strings with a lone surrogate for the same.
    """
    import numpy as np  # noqa: PLC0415 - as above

    if column.dtype != object:
        return True
    is_present = codes >= 0
    values = np.asarray(uniques, dtype=object)[codes[is_present]]
    return bool((values == column.to_numpy()[is_present]).all())
