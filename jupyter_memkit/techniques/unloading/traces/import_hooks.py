"""The import hooks of a library."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.techniques.unloading.removal import Removal, name_all


def clear(removal: Removal) -> Iterator[str]:
    """Remove finders and path hooks from the import system."""
    hooks: tuple[list[Any], ...] = (sys.meta_path, sys.path_hooks)
    for each in hooks:
        found = [hook for hook in each if removal.owns(hook)]
        for hook in found:
            each.remove(hook)
        yield from (f"the import hook {name}" for name in name_all(found))
