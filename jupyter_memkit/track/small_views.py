"""Finds small arrays that keep large ones alive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.sizes.registry import name_type

_ARRAY = "numpy.ndarray"
# A view that is so much smaller than its base holds it for little.
_SMALL_VIEW = 4
# Less is not worth a look.
_LEAST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SmallView:
    """An array that keeps a much larger one."""

    name: str
    view_bytes: int
    base_bytes: int


def find_small_views(variables: Mapping[str, Any]) -> Iterator[SmallView]:
    """Yield the small views of big arrays that have no name of their own.

    Parameters
    ----------
    variables : mapping of str to object
        Names and values.
    """
    named = {id(value) for value in variables.values()}
    for name, value in variables.items():
        base: Any = value.base if name_type(type(value)) == _ARRAY else None
        if name_type(type(base)) != _ARRAY or id(base) in named:
            continue
        lost_bytes = base.nbytes - value.nbytes
        if value.nbytes * _SMALL_VIEW < base.nbytes and lost_bytes >= _LEAST_BYTES:
            yield SmallView(name, value.nbytes, base.nbytes)
