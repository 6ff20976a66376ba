"""Converts string columns to categories or Arrow strings if that is worth it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from jupyter_memkit.techniques.arrays.pandas_categories import categorize
from jupyter_memkit.techniques.arrays.pandas_series import measure_column
from jupyter_memkit.techniques.arrays.policy import Change, Policy
from jupyter_memkit.techniques.progress import Tick

# Categories behave differently from strings in places, so they must save much.
_CATEGORY_GAIN = 2
# If nearly all of this many values differ, there are too many categories.
_SAMPLE = 20_000
_PLACES = 50
_DISTINCT_PART = 0.9


def shrink_texts(
    column: Any,
    policy: Policy,
    restore: Callable[[Any], Any] | None = None,
    tick: Tick | None = None,
) -> Change:
    """Find the smallest column with the same strings.

    Parameters
    ----------
    column : pandas.Series
        A column of strings, as objects or in one of pandas' string dtypes.
    policy : Policy
        What may be done.
    restore : callable, optional
        Restores the column; by default by its dtype.
    tick : callable, optional
        Called with the number of values processed since the last call.

    Returns
    -------
    Change
        The change; its result is the column itself if nothing is smaller.

    Examples
    --------
    >>> import pandas as pd
    >>> colours = pd.Series(["red", "blue"] * 1000)
    >>> shrink_texts(colours, Policy()).result.dtype.name
    'category'
    """
    import pandas as pd  # noqa: PLC0415 - the column is pandas'

    before = column.dtype
    restore = restore or (lambda now: now.astype(before))
    before_bytes = measure_column(column)
    if policy.categories and _repeats(column):
        smaller = categorize(column, len(column) // _CATEGORY_GAIN, tick)
        if (
            smaller is not None
            and measure_column(smaller) * _CATEGORY_GAIN <= before_bytes
        ):
            return Change(result=smaller, restore=restore)
    if pd.api.types.is_object_dtype(before) and "pyarrow" in sys.modules:
        arrow = _to_arrow(column)
        if arrow is not None and measure_column(arrow) < before_bytes:
            return Change(result=arrow, restore=restore)
    return Change(result=column)


def _repeats(column: Any) -> bool:
    import pandas as pd  # noqa: PLC0415 - as above

    # From all over the column, because the rows may be sorted; in slices, because Arrow
    # copies the whole column to take single rows.
    rows = min(len(column), _SAMPLE // _PLACES)
    step = max(1, (len(column) - rows) // _PLACES)
    starts = range(0, len(column) - rows + 1, step)
    # Slices that overlap have some labels twice, which the column may not allow.
    sample = pd.concat(
        [column.iloc[start : start + rows] for start in starts], ignore_index=True
    )
    return bool(sample.nunique() <= _DISTINCT_PART * len(sample))


def _to_arrow(column: Any) -> Any:
    """Convert string objects to Arrow strings; None if Arrow refuses them."""
    import pandas as pd  # noqa: PLC0415 - the column is pandas'

    is_old = int(pd.__version__.partition(".")[0]) < 3
    try:
        return column.astype(pd.StringDtype("pyarrow") if is_old else "str")
    except (UnicodeError, ValueError, TypeError, ImportError):
        return None
