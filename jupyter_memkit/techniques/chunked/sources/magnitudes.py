"""Bounds the magnitude of floats: integers of more than 64 bits are read as floats."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library

WIDEST = 2.0**63
"""A float of this magnitude may stand for an integer that int64 cannot hold."""


def bound_magnitude(columns: Iterable[Any], what: str) -> tuple[float, bool]:
    """Return a bound of the magnitude of floats, and whether any of them is NaN.

    Parameters
    ----------
    columns : iterable of pyarrow.ChunkedArray
        Columns of type float64.
    what : str
        What is read, for the message if pyarrow is missing.

    Returns
    -------
    bound : float
        At least the largest magnitude if it is below `WIDEST`, else the largest
        magnitude itself, without NaN unless all values are.
    has_nan : bool
        Whether any value is NaN.
    """
    # All at once, because a table may have thousands of columns.
    parts = [part for column in columns for part in column.chunks]
    if not parts:
        return 0.0, False
    arrow = import_library("pyarrow", what)
    compute = import_library("pyarrow.compute", what)
    sizes = compute.abs(arrow.chunked_array(parts, arrow.float64()))
    # A sum takes a fraction of the time of a maximum, and is NaN if any value is.
    total = compute.sum(sizes).as_py()
    if total is None or total < WIDEST:
        return total or 0.0, False
    return compute.max(sizes).as_py(), math.isnan(total)
