"""The caches of `typing` for a library's annotations.

It keeps every overload permanently, and the last subscripted types; both hold whole
libraries. It has a public function that clears all overloads, but none for a few.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.techniques.unloading.removal import Removal

_MODULES = ("typing", "typing_extensions")


def clear(removal: Removal) -> Iterator[str]:
    """Clear a library's overloads, and everybody's subscripted types."""
    count = 0
    for name in _MODULES:
        module: Any = sys.modules.get(name)
        overloads = getattr(module, "_overload_registry", {})
        for key in [key for key in list(overloads) if removal.has(key)]:
            count += len(overloads.pop(key))
        for forget in getattr(module, "_cleanups", ()):
            forget()
    if count:
        noun = "function" if count == 1 else "functions"
        yield f"the overloads of {count} {noun}, kept by typing"
