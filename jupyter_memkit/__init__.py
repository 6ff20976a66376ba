"""See, explain and free the memory of a notebook.

In a notebook ``%load_ext jupyter_memkit``; in a script
``import jupyter_memkit as memkit``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from jupyter_memkit.lazy_names import lazy_names

# Internal errors are logged for whoever configures logging, not printed into a cell.
logging.getLogger(__name__).addHandler(logging.NullHandler())

# As in pyproject.toml. An older one may be running although a later one is installed.
_LEAST_IPYTHON = (8, 18)

if TYPE_CHECKING:
    __version__: str

    from jupyter_memkit.channel.state import state
    from jupyter_memkit.errors import (
        IsolatedError,
        MemkitError,
        MemoryLimitExceeded,
        SourceError,
        UnloadError,
    )
    from jupyter_memkit.headless.execute import run_notebook
    from jupyter_memkit.measure.holders import holders
    from jupyter_memkit.measure.models import model_sizes
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
    from jupyter_memkit.techniques.arrays.serialized_list import SerializedList
    from jupyter_memkit.techniques.arrays.shrink import shrink
    from jupyter_memkit.techniques.arrays.to_numpy import to_numpy
    from jupyter_memkit.techniques.chunked import StopChunks, chunk_source, chunked
    from jupyter_memkit.techniques.chunked.results.partial import partial
    from jupyter_memkit.techniques.gc_pausing.pause import gc_pause
    from jupyter_memkit.techniques.guard.guarding import guard
    from jupyter_memkit.techniques.isolated.calls import isolated
    from jupyter_memkit.techniques.out_of_memory.recovery import recover
    from jupyter_memkit.techniques.release import free
    from jupyter_memkit.techniques.spilling import spill, unspill
    from jupyter_memkit.techniques.unloading import libraries, unload
    from jupyter_memkit.track.deaths import last_death
    from jupyter_memkit.track.mem import MemResult, mem
    from jupyter_memkit.track.snapshots import snapshot
    from jupyter_memkit.track.tracker import MemoryTracker, tracker
    from jupyter_memkit.widget.live import live

__all__ = [
    "Buffer",
    "IsolatedError",
    "MemResult",
    "MemkitError",
    "MemoryLimitExceeded",
    "MemoryTracker",
    "Parts",
    "SerializedList",
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
    "guard",
    "holders",
    "isolated",
    "last_death",
    "libraries",
    "live",
    "mem",
    "model_sizes",
    "partial",
    "plot",
    "processes",
    "recover",
    "run_notebook",
    "shrink",
    "sizeof",
    "sizer",
    "sizes",
    "snapshot",
    "spill",
    "state",
    "to_frame",
    "to_numpy",
    "tracker",
    "unload",
    "unspill",
]

# The modules of the public names. They are imported on first use, because every kernel
# imports this package and few use all of it.
_HOMES = {
    "Buffer": "measure.sizes",
    "IsolatedError": "errors",
    "MemResult": "track.mem",
    "MemkitError": "errors",
    "MemoryLimitExceeded": "errors",
    "MemoryTracker": "track.tracker",
    "Parts": "measure.sizes",
    "SerializedList": "techniques.arrays.serialized_list",
    "Size": "measure.sizes",
    "Sizes": "measure.sizes",
    "SourceError": "errors",
    "StopChunks": "techniques.chunked",
    "UnloadError": "errors",
    "chunk_source": "techniques.chunked",
    "chunked": "techniques.chunked",
    "export": "show.export",
    "free": "techniques.release",
    "gc_pause": "techniques.gc_pausing.pause",
    "guard": "techniques.guard.guarding",
    "holders": "measure.holders",
    "isolated": "techniques.isolated.calls",
    "last_death": "track.deaths",
    "libraries": "techniques.unloading",
    "live": "widget.live",
    "mem": "track.mem",
    "model_sizes": "measure.models",
    "partial": "techniques.chunked.results.partial",
    "plot": "show.plot",
    "processes": "measure.processes",
    "recover": "techniques.out_of_memory.recovery",
    "run_notebook": "headless.execute",
    "shrink": "techniques.arrays.shrink",
    "sizeof": "measure.sizes",
    "sizer": "measure.sizes",
    "sizes": "measure.sizes",
    "snapshot": "track.snapshots",
    "spill": "techniques.spilling",
    "state": "channel.state",
    "to_frame": "show.export",
    "to_numpy": "techniques.arrays.to_numpy",
    "tracker": "track.tracker",
    "unload": "techniques.unloading",
    "unspill": "techniques.spilling",
}


_import_name = lazy_names(__name__, _HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name, or look up the version (PEP 562)."""
    if name == "__version__":
        # The lookup takes longer than importing the rest of this module.
        from importlib.metadata import version  # noqa: PLC0415

        return version("jupyter_memkit")
    return _import_name(name)


def __dir__() -> list[str]:
    """Return the public names, imported or not."""
    return __all__


def load_ipython_extension(shell: Any) -> None:
    """Load the extension into an IPython shell, unless it is loaded already."""
    _check_ipython()
    from jupyter_memkit.extension import load  # noqa: PLC0415 - needs no IPython before

    load(shell)


def _check_ipython() -> None:
    """Refuse an IPython with which the modules of the extension cannot be imported."""
    import IPython  # noqa: PLC0415 - a script needs none
    from IPython.core.error import UsageError  # noqa: PLC0415 - as above

    if IPython.version_info[:2] < _LEAST_IPYTHON:
        least = ".".join(map(str, _LEAST_IPYTHON))
        message = (
            f"jupyter_memkit needs IPython {least} or later, and this session runs "
            f'{IPython.__version__}; run %pip install "ipython>={least}" and restart it'
        )
        raise UsageError(message)


def unload_ipython_extension(shell: Any) -> None:
    """Undo everything that loading did."""
    from jupyter_memkit.extension import unload as undo  # noqa: PLC0415 - as above

    undo(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Return the location of the labextension, for JupyterLab."""
    return [{"src": "labextension", "dest": "jupyter-memkit"}]
