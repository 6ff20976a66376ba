"""Decimal numbers, whose digits are allocated separately from 39 digits on."""

from __future__ import annotations

from decimal import Decimal

from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.registry import sizer


@sizer("decimal.Decimal")
def size_decimal(number: Decimal) -> Parts:
    """Size a number and its digits."""
    own_bytes = type(number).__basicsize__
    digits_bytes = Decimal.__sizeof__(number) - Decimal.__basicsize__
    return Parts(own_bytes=allocated(own_bytes) + allocated(digits_bytes))
