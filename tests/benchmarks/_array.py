"""Creates and returns an array in another process."""

from __future__ import annotations

from typing import Any

import numpy as np

ARRAY_BYTES = 1 << 30

_kept: Any = None


def make() -> None:
    """Create the array."""
    global _kept  # noqa: PLW0603 - made before it is requested
    _kept = np.ones(ARRAY_BYTES // 8)


def give() -> Any:
    """Return the array."""
    return _kept


def nothing() -> None:
    """Do nothing."""
