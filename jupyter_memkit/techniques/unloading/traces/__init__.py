"""Removes what a library registered in other modules: one file per place.

Each registration keeps a library in memory, and would call it after it was unloaded.
Only the library's own registrations are removed, and each is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jupyter_memkit.techniques.unloading.removal import Removal
from jupyter_memkit.techniques.unloading.traces import (
    codec_search,
    exit_callbacks,
    import_hooks,
    logs,
    pickling,
    shell_hooks,
    typing_caches,
    warning_filters,
)

# Exit callbacks first, because they are called and may need the rest.
_CLEARERS: tuple[Callable[[Removal], Iterable[str]], ...] = (
    exit_callbacks.clear,
    codec_search.clear,
    import_hooks.clear,
    logs.clear,
    pickling.clear,
    shell_hooks.clear,
    typing_caches.clear,
    warning_filters.clear,
)


def clear_traces(removal: Removal) -> tuple[str, ...]:
    """Remove all traces, and describe them."""
    return tuple(text for clear in _CLEARERS for text in clear(removal))


__all__ = ["clear_traces"]
