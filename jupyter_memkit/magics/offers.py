"""Values that completion offers for the arguments of magics."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


def variable_names(magics: Any) -> list[str]:
    """Return the user's variables, without those of IPython."""
    shell = magics.shell
    # A copy, because another thread may set one meanwhile.
    namespace = dict(shell.user_ns)
    return sorted(
        name
        for name, value in namespace.items()
        if not name.startswith("_")
        and name not in shell.user_ns_hidden
        and not issubclass(type(value), ModuleType)
    )


def type_names(magics: Any) -> list[str]:
    """Return the types of the variables."""
    namespace = magics.shell.user_ns
    # Imported on first use, so that a kernel starts fast.
    from jupyter_memkit.measure.sizes.registry import name_type  # noqa: PLC0415

    # Not the plain attribute, which a metaclass can override.
    kinds = [name_type(type(namespace[name])) for name in variable_names(magics)]
    return sorted({kind.rpartition(".")[2] for kind in kinds})


def module_names(magics: Any) -> list[str]:
    """Return the loaded libraries, and the user's names for modules."""
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
        if issubclass(type(value), ModuleType) and not name.startswith("_")
    }
    return sorted(loaded | named)


def reductions(magics: Any) -> list[str]:
    """Return the operations that combine the chunks' values."""
    # As above.
    from jupyter_memkit.techniques.chunked.results.combine import OPERATIONS  # noqa: PLC0415

    namespace = magics.shell.user_ns
    own = [name for name in variable_names(magics) if callable(namespace[name])]
    return [*OPERATIONS, *own]


def backends(_magics: Any) -> tuple[str, ...]:
    """Return the types that the chunks of a table can have."""
    from jupyter_memkit.techniques.chunked.frames.backends import (  # noqa: PLC0415 - as above
        BACKENDS,
    )

    return BACKENDS


def clusters(magics: Any) -> list[str]:
    """Return the clusters that a run over chunks can use."""
    return ["dask", "ray", *variable_names(magics)]
