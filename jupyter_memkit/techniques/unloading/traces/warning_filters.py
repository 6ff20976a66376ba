"""What `warnings` was told about a library's warnings."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.techniques.unloading.removal import Removal, read_attributes

_WRITERS = ("formatwarning", "showwarning")


def clear(removal: Removal) -> Iterator[str]:
    """Forget filters by a library's classes, and what has been shown of them."""
    filters: Any = warnings.filters
    kept = [each for each in filters if not removal.owns(each[2])]
    count = len(filters) - len(kept)
    if count:
        filters[:] = kept
        # At its end `warnings` looks at its filters anew.
        with warnings.catch_warnings():
            pass
        yield f"{count} warning {'filter' if count == 1 else 'filters'}"
    for writer in _WRITERS:
        original = getattr(warnings, f"_{writer}_orig", None)
        if original is not None and removal.owns(getattr(warnings, writer)):
            setattr(warnings, writer, original)
            yield f"its own warnings.{writer}"
    for module in sys.modules.copy().values():
        shown = read_attributes(module).get("__warningregistry__")
        if isinstance(shown, dict):
            for key in [key for key in list(shown) if _is_of(key, removal)]:
                del shown[key]


def _is_of(key: object, removal: Removal) -> bool:
    """Tell whether a warning that was shown, a text with its class, is a library's."""
    return type(key) is tuple and len(key) > 1 and removal.owns(key[1])
