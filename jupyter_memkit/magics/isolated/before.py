"""The variables of a process before a cell, to compare with those after it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from jupyter_memkit.techniques.isolated.fingerprints import Fingerprints
from jupyter_memkit.techniques.isolated.marks import Marks, hold, is_held


class Before:
    """The variables of a process before a cell runs in it.

    Parameters
    ----------
    namespace : mapping
        The variables of the process.
    inputs : mapping of str to object
        The variables that were sent for this cell.
    outputs : tuple of str
        The variables to return.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        inputs: Mapping[str, Any],
        outputs: tuple[str, ...],
    ) -> None:
        self._ids = {name: id(value) for name, value in namespace.items()}
        # An address alone may belong to another object by the end of the cell.
        self._held = {
            name: hold(namespace[name]) for name in self._ids if name in inputs
        }
        self._prints = Fingerprints(inputs, namespace)
        # Other variables in the kernel may hold the object that the cell replaces here.
        self._old = {
            name: inputs[name]
            for name in outputs
            if name in inputs and name in self._prints
        }
        known = {name: namespace[name] for name in outputs if name in namespace}
        self._marks = Marks({**inputs, **known} if outputs else {})

    def is_rebound(self, name: str, namespace: Mapping[str, Any]) -> bool:
        """Return whether a variable is another object now."""
        value = namespace[name]
        if name in self._held:
            return not is_held(self._held[name], value)
        return self._ids.get(name) != id(value)

    def find_deleted(self, namespace: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the variables that were sent and have been deleted."""
        return tuple(name for name in self._held if name not in namespace)

    def find_changed(
        self, namespace: Mapping[str, Any], known: Container[str]
    ) -> tuple[str, ...]:
        """Return the variables that were sent and have been modified in place.

        Their classes count as variables, whether they were sent as such or not.
        """
        held = {name: value for name, value in namespace.items() if name in self._held}
        changed = (
            *self._prints.find_changed(held),
            *self._prints.find_changed_classes(),
        )
        return tuple(name for name in dict.fromkeys(changed) if name not in known)

    def find_replaced(self, namespace: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the outputs that were modified in place and then replaced."""
        replaced = {
            name: value
            for name, value in self._old.items()
            if name in namespace and namespace[name] is not value
        }
        return self._prints.find_changed(replaced)

    def find_shares(self, outputs: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        """Return the earlier variables with which each output shares a part."""
        found = {name: self._marks.find(value) for name, value in outputs.items()}
        return {name: sharers for name, sharers in found.items() if sharers}
