"""Which modules have to stay, and the sentence that says why."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from typing import Any

from jupyter_memkit.errors import UnloadError
from jupyter_memkit.techniques import pandas_traces
from jupyter_memkit.techniques.module_holders import find_instances, read_attributes

# What an IPython kernel and this package run on. A fixed list: asking the installed
# packages for their requirements takes longer than unloading, and names matplotlib.
_KERNEL = frozenset(
    {
        "appnope",
        "asttokens",
        "backcall",
        "colorama",
        "comm",
        "dateutil",
        "debugpy",
        "decorator",
        "exceptiongroup",
        "executing",
        "ipykernel",
        "IPython",
        "ipython_genutils",
        "ipython_pygments_lexers",
        "ipywidgets",
        "jedi",
        "jupyter",
        "jupyter_memkit",
        "matplotlib_inline",
        "nest_asyncio",
        "nest_asyncio2",
        "notebook",
        "packaging",
        "parso",
        "pexpect",
        "pickleshare",
        "platformdirs",
        "prompt_toolkit",
        "psutil",
        "ptyprocess",
        "pure_eval",
        "pygments",
        "six",
        "stack_data",
        "tornado",
        "traitlets",
        "typing_extensions",
        "wcwidth",
        "xeus_python",
        "zmq",
    }
)

# jax, numpy and polars were seen to fail when they are imported a second time; the
# others are known for it.
_LOADS_ONCE = {
    "jax": "its core registers its types once in a process",
    "jaxlib": "its core registers its types once in a process",
    "numpy": "its C core loads once in a process",
    "polars": "its Rust core keeps the classes of the first import",
    "tensorflow": "its C++ core registers its operations once in a process",
    "torch": "its C++ core registers its functions once in a process",
}


def check(key: str, removed: Collection[str], namespace: Mapping[str, Any]) -> None:
    """Raise when a module has to stay.

    Parameters
    ----------
    key : str
        The module's key in ``sys.modules``.
    removed : collection of str
        The keys that would go with it.
    namespace : mapping
        The user's names.

    Raises
    ------
    UnloadError
        With the reason and the remedy.
    """
    top = key.partition(".")[0]
    if key == "__main__":
        message = (
            "__main__ stays: it is your own namespace; delete single names with del"
        )
        raise UnloadError(message)
    if top in sys.stdlib_module_names:
        message = (
            f"{key} stays: Python's standard library costs next to nothing and others "
            "depend on it; to drop only your name for it, use del"
        )
        raise UnloadError(message)
    if top in _KERNEL or top.startswith("jupyter_"):
        message = (
            f"{key} stays: this kernel runs on it; restart the kernel to be rid of it"
        )
        raise UnloadError(message)
    live = find_instances(namespace, key)
    if top in _LOADS_ONCE:
        remedy = f"; delete its objects instead: {_list(live)}" if live else ""
        message = (
            f"{key} stays: {_LOADS_ONCE[top]}, so that importing it again would fail"
            f"{remedy or '; restart the kernel to be rid of it'}"
        )
        raise UnloadError(message)
    if live:
        message = (
            f"{key} stays while its objects are alive, since a second import would not "
            f"recognise them; delete them first: {_list(live)}"
        )
        raise UnloadError(message)
    _check_parts(key, removed)


def _check_parts(key: str, removed: Collection[str]) -> None:
    importing = [name for name in removed if _is_importing(sys.modules.get(name))]
    if importing:
        message = f"{importing[0]} is being imported right now; unload {key} after that"
        raise UnloadError(message)
    parts = sorted({name for name in removed if name.count(".") == key.count(".") + 1})
    if parts and read_attributes(sys.modules[key]).get("__file__") is None:
        message = (
            f"{key} is a namespace package that several distributions may share; "
            f"name what is to go: {' '.join(parts)}"
        )
        raise UnloadError(message)
    if "pandas" in removed and not pandas_traces.can_clear():
        message = (
            "pandas stays: this version of pyarrow keeps its classes and would not "
            "recognise those of a second import; restart the kernel to be rid of it"
        )
        raise UnloadError(message)


def _is_importing(module: object) -> bool:
    # The import system's own mark, there for exactly this question.
    spec = read_attributes(module).get("__spec__")
    return bool(getattr(spec, "_initializing", False))


def _list(names: Collection[str]) -> str:
    shown = sorted(names)
    if len(shown) > 10:
        return f"{', '.join(shown[:10])} and {len(shown) - 10} more"
    return ", ".join(shown)
