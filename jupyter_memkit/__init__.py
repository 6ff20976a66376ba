"""See, explain and give back the memory of a notebook.

In a notebook ``%load_ext jupyter_memkit``; in a script
``import jupyter_memkit as memkit``.
"""

from __future__ import annotations

from importlib.metadata import version as _version
from typing import Any

__version__ = _version("jupyter_memkit")

from jupyter_memkit.errors import MemkitError, SourceError, UnloadError
from jupyter_memkit.show.plot import plot
from jupyter_memkit.techniques.chunked import StopChunks, chunked
from jupyter_memkit.techniques.gc_pause import gc_pause
from jupyter_memkit.techniques.unload import unload
from jupyter_memkit.track.mem import MemResult, mem
from jupyter_memkit.track.tracker import MemoryTracker, tracker

__all__ = [
    "MemResult",
    "MemkitError",
    "MemoryTracker",
    "SourceError",
    "StopChunks",
    "UnloadError",
    "__version__",
    "chunked",
    "gc_pause",
    "mem",
    "plot",
    "tracker",
    "unload",
]


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
