"""Determines which actions the page offers for a value."""

from __future__ import annotations

from collections import deque
from typing import Any

from jupyter_memkit.measure.sizes import Size
from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.measure.sizes.loaded import derives_from, find_loaded
from jupyter_memkit.protocol import VariableAction
from jupyter_memkit.techniques.spilling.kinds import is_spilled
from jupyter_memkit.techniques.variables.undo import was_shrunk

_SPILLABLE = (("numpy", "ndarray"), ("pandas", "DataFrame"), ("pandas", "Series"))
_SHRINKABLE = (
    *_SPILLABLE,
    ("polars", "DataFrame"),
    ("polars", "Series"),
    ("pyarrow", "Table"),
)
_LISTS = (list, tuple, deque)


def find_actions(value: Any, size: Size) -> list[VariableAction]:
    """Return the actions that make sense for the type of a value.

    Each can still refuse the value itself, such as an array of Python objects.

    Parameters
    ----------
    value : object
        Any object; none of its code runs.
    size : Size
        Its size.

    Examples
    --------
    >>> from jupyter_memkit.measure.sizes import sizeof
    >>> find_actions([1.5], sizeof([1.5]))
    ['delete', 'to_array']
    """
    kind = type(value)
    actions: list[VariableAction] = ["delete"]
    if any(derives_from(kind, *each) for each in _SHRINKABLE):
        actions.append("restore" if was_shrunk(value) else "shrink")
    if contains_identical(_LISTS, kind):
        actions.append("to_array")
    if any(find_loaded(*each) is kind for each in _SPILLABLE):
        # Only what is partly on disk can be in one of our files; where time was up
        # before it was sized, that is not known.
        may_be_on_disk = "disk" in size.elsewhere or size.error_ratio is None
        is_on_disk = may_be_on_disk and is_spilled(value)
        actions.append("load" if is_on_disk else "spill")
    return actions
