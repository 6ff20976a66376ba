"""Prove that a cell has no side effects.

Purity is never assumed: each expression is followed to the chunk, to constants, to
plain data from outside, or to calls on the closed lists of `lists`. Code without a rule
may have an effect. Only objects that the cell created may be changed in place, so names
that may refer to an object from outside are tracked.
"""

from __future__ import annotations

from jupyter_memkit.cells.purity.outside import (
    is_plain,
    is_scalar,
    is_table,
)
from jupyter_memkit.cells.purity.proving import find_effect
from jupyter_memkit.cells.purity.sql import find_functions

__all__ = ["find_effect", "find_functions", "is_plain", "is_scalar", "is_table"]
