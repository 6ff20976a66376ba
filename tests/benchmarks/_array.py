"""An array in another process, and the functions that make and return it."""

from __future__ import annotations

from typing import Any

import numpy as np

ARRAY_BYTES = 1 << 30

_kept: Any = None


def make() -> None:
    """Make the array."""
    global _kept  # noqa: PLW0603 - it is to be there already when it is asked for
    _kept = np.ones(ARRAY_BYTES // 8)


def give() -> Any:
    """Return the array."""
    return _kept


def nothing() -> None:
    """Do nothing."""
