"""Whether a cell is proven to have no effect outside its own value."""

from __future__ import annotations

from jupyter_memkit.cells.purity.outside import (
    is_plain,
    is_scalar,
    is_table,
)
from jupyter_memkit.cells.purity.proving import find_effect

__all__ = ["find_effect", "is_plain", "is_scalar", "is_table"]
