"""Remembers the variables at the start of a cell, at next to no cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Containers that grow in place, whose length costs nothing to read.
_CONTAINERS = (list, dict, set)


class CellStart:
    """The variables at the start of a cell, without a reference to them.

    Parameters
    ----------
    namespace : mapping
        The variables of the notebook.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._lengths = {
            name: (id(value), len(value) if type(value) in _CONTAINERS else None)
            for name, value in list(namespace.items())
        }

    def has(self, name: str) -> bool:
        """Return whether there was a variable of this name."""
        return name in self._lengths

    def grown_bytes(self, name: str, value: object, n_bytes: int) -> int | None:
        """Return what a variable has grown by; None if that is unknown.

        A container's growth is estimated from its length.
        """
        if name not in self._lengths:
            return n_bytes
        identity, length = self._lengths[name]
        if identity != id(value):
            return n_bytes
        if length is None or type(value) not in _CONTAINERS:
            # An array or a frame is hardly ever changed in place to another size.
            return None
        return int(n_bytes * (1 - length / max(1, len(value))))  # type: ignore[arg-type] # a container
