"""Takes away what a library has left in other modules: one file a place.

Each of these keeps a library in memory, and would call or ask it though it is gone.
Only what is there by the library's own doing goes, and each is told.
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

# Exit callbacks first: they are called, and may need the rest.
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
    """Take away all traces, and return what they were."""
    return tuple(text for clear in _CLEARERS for text in clear(removal))


__all__ = ["clear_traces"]
