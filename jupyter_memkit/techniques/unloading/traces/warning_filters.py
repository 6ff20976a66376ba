"""The registrations of a library in `warnings`."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.techniques.unloading.removal import Removal, read_attributes

_WRITERS = ("formatwarning", "showwarning")


def clear(removal: Removal) -> Iterator[str]:
    """Remove filters for a library's classes, and the record of its shown warnings."""
    filters: Any = warnings.filters
    kept = [each for each in filters if not removal.owns(each[2])]
    count = len(filters) - len(kept)
    if count:
        filters[:] = kept
        # On exit, `warnings` invalidates its cache of the filters.
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
    """Return whether a shown warning, a text with its class, belongs to a library."""
    return type(key) is tuple and len(key) > 1 and removal.owns(key[1])
