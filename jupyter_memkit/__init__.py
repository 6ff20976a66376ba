"""See, explain and give back the memory of a notebook.

In a notebook ``%load_ext jupyter_memkit``; in a script
``import jupyter_memkit as memkit``.
"""

from __future__ import annotations

import logging
from importlib import import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

__version__ = _version("jupyter_memkit")

# What goes wrong inside is told to whoever asks for it, not printed into a cell.
logging.getLogger(__name__).addHandler(logging.NullHandler())

if TYPE_CHECKING:
    from jupyter_memkit.errors import MemkitError, SourceError, UnloadError
    from jupyter_memkit.measure.holders import holders
    from jupyter_memkit.measure.processes import processes
    from jupyter_memkit.measure.sizes import (
        Buffer,
        Parts,
        Size,
        Sizes,
        sizeof,
        sizer,
        sizes,
    )
    from jupyter_memkit.show.export import export, to_frame
    from jupyter_memkit.show.plot import plot
    from jupyter_memkit.techniques.chunked import StopChunks, chunk_source, chunked
    from jupyter_memkit.techniques.gc_pause import gc_pause
    from jupyter_memkit.techniques.release import free
    from jupyter_memkit.techniques.unload import unload
    from jupyter_memkit.track.mem import MemResult, mem
    from jupyter_memkit.track.snapshots import snapshot
    from jupyter_memkit.track.tracker import MemoryTracker, tracker

__all__ = [
    "Buffer",
    "MemResult",
    "MemkitError",
    "MemoryTracker",
    "Parts",
    "Size",
    "Sizes",
    "SourceError",
    "StopChunks",
    "UnloadError",
    "__version__",
    "chunk_source",
    "chunked",
    "export",
    "free",
    "gc_pause",
    "holders",
    "mem",
    "plot",
    "processes",
    "sizeof",
    "sizer",
    "sizes",
    "snapshot",
    "to_frame",
    "tracker",
    "unload",
]

# Where the public names live. They are imported when they are first asked for: every
# kernel imports this package, and few use all of it.
_HOMES = {
    "Buffer": "measure.sizes",
    "MemResult": "track.mem",
    "MemkitError": "errors",
    "MemoryTracker": "track.tracker",
    "Parts": "measure.sizes",
    "Size": "measure.sizes",
    "Sizes": "measure.sizes",
    "SourceError": "errors",
    "StopChunks": "techniques.chunked",
    "UnloadError": "errors",
    "chunk_source": "techniques.chunked",
    "chunked": "techniques.chunked",
    "export": "show.export",
    "free": "techniques.release",
    "gc_pause": "techniques.gc_pause",
    "holders": "measure.holders",
    "mem": "track.mem",
    "plot": "show.plot",
    "processes": "measure.processes",
    "sizeof": "measure.sizes",
    "sizer": "measure.sizes",
    "sizes": "measure.sizes",
    "snapshot": "track.snapshots",
    "to_frame": "show.export",
    "tracker": "track.tracker",
    "unload": "techniques.unload",
}


def __getattr__(name: str) -> Any:
    """Import a public name (PEP 562)."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names, imported or not."""
    return __all__


def load_ipython_extension(shell: Any) -> None:
    """Load the extension into an IPython shell; a second time changes nothing."""
    from jupyter_memkit.extension import load  # noqa: PLC0415 - needs no IPython before

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Undo all that loading did."""
    from jupyter_memkit.extension import unload as undo  # noqa: PLC0415 - as above

    undo(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab where the labextension is."""
    return [{"src": "labextension", "dest": "jupyter-memkit"}]
