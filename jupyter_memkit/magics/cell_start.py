"""Remembers the variables at the start of a cell, at next to no cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Containers that grow in place, whose length costs nothing to read.
_CONTAINERS = frozenset({list, dict, set})


class CellStart:
    """The variables at the start of a cell, without a reference to them.

    Parameters
    ----------
    namespace : mapping
        The variables of the notebook.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        # This runs before each cell, so it uses only loops written in C, and containers
        # of strings and numbers, which the collector does not visit. The copy is made
        # in one step, because threads may add variables.
        variables = dict(namespace)
        self._names = tuple(variables)
        self._identities = tuple(map(id, variables.values()))
        self._lengths = {
            id(value): len(value)
            for value in variables.values()
            if type(value) in _CONTAINERS
        }

    def has(self, name: str) -> bool:
        """Return whether there was a variable of this name."""
        return name in self._names

    def grown_bytes(self, name: str, value: object, n_bytes: int) -> int | None:
        """Return by how much a variable has grown; None if that is unknown.

        A container's growth is estimated from its length.
        """
        if not self.has(name):
            return n_bytes
        identity = self._identities[self._names.index(name)]
        if identity != id(value):
            return n_bytes
        length = self._lengths.get(identity)
        if length is None or type(value) not in _CONTAINERS:
            # An array or a frame is hardly ever changed in place to another size.
            return None
        return int(n_bytes * (1 - length / max(1, len(value))))  # type: ignore[arg-type] # a container
