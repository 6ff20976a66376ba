"""Objects that another process loads only when it needs them.

Loading one imports the modules that it refers to, which a process must not do for a
filter that sees no record.
"""

from __future__ import annotations

import io
import pickle
import sys
from typing import Any

from jupyter_memkit.techniques.processes.pickling import Pickler

_NOTHING = object()


class Part:
    """A part of the state, which is pickled by itself and compared by identity.

    Parameters
    ----------
    value : object
        The object.
    """

    def __init__(self, value: Any) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        """Return whether the other one holds the same object."""
        return type(other) is Part and self._value is other._value

    def __hash__(self) -> int:
        """Return a number that depends on the object's identity."""
        return id(self._value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Become, in another process, an object that loads the value."""
        if type(self._value) is Late:
            return self._value.__reduce__()
        name = getattr(self._value, "__qualname__", type(self._value).__qualname__)
        file = io.BytesIO()
        namespace = vars(sys.modules["__main__"])
        try:
            Pickler(file, lambda _: True, namespace).dump(self._value)
        except Exception as error:  # noqa: BLE001 - of the user's own code
            return Late, (name, b"", str(error) or type(error).__name__)
        return Late, (name, file.getvalue(), "")

    def load(self) -> Any:
        """Return the object."""
        return self._value


class Late:
    """An object of another process, which is loaded on first use.

    Parameters
    ----------
    name : str
        Its name, or that of its class.
    content : bytes
        Its pickle.
    reason : str
        Why there is none; empty if there is.
    """

    def __init__(self, name: str, content: bytes, reason: str) -> None:
        self.name = name
        self.reason = reason
        self._content = content
        self._value: Any = _NOTHING

    def __reduce__(self) -> tuple[Any, ...]:
        """Become the same in another process."""
        return Late, (self.name, self._content, self.reason)

    def load(self) -> Any:
        """Return the object; None if it cannot be loaded, for the reason stored."""
        if self._value is _NOTHING:
            self._value = None
            if not self.reason:
                try:
                    self._value = _load(self._content)
                except Exception as error:  # noqa: BLE001 - of the user's own code
                    self.reason = f"{type(error).__name__}: {error}"
        return self._value


def _load(content: bytes) -> Any:
    """Unpickle an object, and keep the variables that this process already has."""
    variables = vars(sys.modules["__main__"])
    before = variables.copy()
    value = pickle.loads(content)  # noqa: S301 - from the kernel
    variables.update(before)
    return value
