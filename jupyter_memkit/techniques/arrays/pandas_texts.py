"""Turns columns of texts into categories, or into Arrow's, where that pays."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from jupyter_memkit.techniques.arrays.pandas_categories import categorize
from jupyter_memkit.techniques.arrays.pandas_series import measure_column
from jupyter_memkit.techniques.arrays.policy import Change, Policy
from jupyter_memkit.techniques.progress import Tick

# Categories behave unlike texts here and there, so that they have to win much.
_CATEGORY_GAIN = 2
# Where nearly all of so many values differ, there are no few categories.
_SAMPLE = 20_000
_PLACES = 50
_DISTINCT_PART = 0.9


def shrink_texts(
    column: Any,
    policy: Policy,
    restore: Callable[[Any], Any] | None = None,
    tick: Tick | None = None,
) -> Change:
    """Find the smallest column of the same texts.

    Parameters
    ----------
    column : pandas.Series
        Of texts, in boxes or in one of pandas' dtypes for them.
    policy : Policy
        Whether they may become categories.
    restore : callable, optional
        How the column is made again; by its dtype when left out.
    tick : callable, optional
        Called with the number of values that were done since the last call.

    Returns
    -------
    Change
        Its result is the column itself where nothing is smaller.

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

    # From everywhere, for the rows may be sorted; in slices, because to take single
    # rows Arrow copies the whole column first.
    rows = min(len(column), _SAMPLE // _PLACES)
    step = max(1, (len(column) - rows) // _PLACES)
    starts = range(0, len(column) - rows + 1, step)
    sample = pd.concat([column.iloc[start : start + rows] for start in starts])
    return bool(sample.nunique() <= _DISTINCT_PART * len(sample))


def _to_arrow(column: Any) -> Any:
    """Return boxed texts as Arrow's; None where it does not take them."""
    import pandas as pd  # noqa: PLC0415 - the column is pandas'

    is_old = int(pd.__version__.partition(".")[0]) < 3
    try:
        return column.astype(pd.StringDtype("pyarrow") if is_old else "str")
    except (UnicodeError, ValueError, TypeError, ImportError):
        return None
