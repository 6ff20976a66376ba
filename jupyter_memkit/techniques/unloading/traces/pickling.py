"""The functions that pickle the objects of a library."""

from __future__ import annotations

import copyreg
from collections.abc import Iterator

from jupyter_memkit.techniques.unloading.removal import Removal


def clear(removal: Removal) -> Iterator[str]:
    """Remove a library's classes and functions from copyreg's table."""
    found = [
        kind
        for kind, function in list(copyreg.dispatch_table.items())
        if removal.owns(kind) or removal.owns(function)
    ]
    for kind in found:
        del copyreg.dispatch_table[kind]
    yield from (f"the pickling of {kind.__name__}" for kind in found)
