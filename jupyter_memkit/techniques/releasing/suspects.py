"""Finds the variables that can hold a value without a reference that Python sees.

A NumPy iterator or a DuckDB query is written in another language and does not report
its references to the collector, so no search for holders leads through it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_memkit.measure.sizes import sizes

_SHOWN = 5


def find_suspects(
    namespace: Mapping[str, Any], program: Iterable[str], budget_s: float | None
) -> tuple[str, ...]:
    """Return the variables with parts whose references Python does not see.

    Parameters
    ----------
    namespace : mapping of str to object
        The variables.
    program : iterable of str
        Those of them that are the shell's.
    budget_s : float or None
        The time limit.

    Returns
    -------
    tuple of str
        A few names.

    Examples
    --------
    >>> import numpy as np
    >>> find_suspects({"it": np.nditer(np.ones(3)), "a": [1, 2]}, (), None)
    ('it',)
    """
    others = frozenset(program)
    users = {
        name: value
        for name, value in namespace.items()
        if name not in others and not name.startswith("_")
    }
    found = sizes(users, budget_s=budget_s)
    return tuple(name for name, size in found.items() if size.opaque)[:_SHOWN]
