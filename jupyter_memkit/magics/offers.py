"""What completion offers for the arguments of magics: names that there are."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


def variable_names(magics: Any) -> list[str]:
    """Return the variables of the user, without those that IPython keeps."""
    shell = magics.shell
    # A copy: another thread may set one meanwhile.
    namespace = dict(shell.user_ns)
    return sorted(
        name
        for name, value in namespace.items()
        if not name.startswith("_")
        and name not in shell.user_ns_hidden
        and not isinstance(value, ModuleType)
    )


def type_names(magics: Any) -> list[str]:
    """Return the types of the variables."""
    namespace = magics.shell.user_ns
    return sorted({type(namespace[name]).__name__ for name in variable_names(magics)})


def module_names(magics: Any) -> list[str]:
    """Return the libraries that are loaded, and the user's names for modules."""
    loaded = {
        name
        for name in tuple(sys.modules)
        if "." not in name
        and not name.startswith("_")
        and name not in sys.stdlib_module_names
    }
    namespace = dict(magics.shell.user_ns)
    named = {
        name
        for name, value in namespace.items()
        if isinstance(value, ModuleType) and not name.startswith("_")
    }
    return sorted(loaded | named)


def reductions(magics: Any) -> list[str]:
    """Return what can become of the chunks' values."""
    # Not before its first use: a kernel starts with every magic.
    from jupyter_memkit.techniques.chunked.combine import OPERATIONS  # noqa: PLC0415

    namespace = magics.shell.user_ns
    own = [name for name in variable_names(magics) if callable(namespace[name])]
    return [*OPERATIONS, *own]


def backends(_magics: Any) -> tuple[str, ...]:
    """Return what the chunks of a table can be."""
    from jupyter_memkit.techniques.chunked.frames import (  # noqa: PLC0415 - as above
        BACKENDS,
    )

    return BACKENDS


def clusters(magics: Any) -> list[str]:
    """Return what a run over chunks can run on."""
    return ["dask", *variable_names(magics)]
