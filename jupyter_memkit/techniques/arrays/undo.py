"""Undoes shrinking."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.hidden import find_shell
from jupyter_memkit.techniques.arrays.names import group_names
from jupyter_memkit.techniques.arrays.records import Restored
from jupyter_memkit.techniques.namespaces import Namespace, find_namespace


@dataclass(frozen=True, slots=True)
class _Origin:
    """The origin of a shrunk value; the original itself is not kept alive."""

    now: weakref.ref[Any]
    before: Callable[[], Any]
    restore: Callable[[Any], Any] | None

    def find(self) -> tuple[Any, str] | None:
        """Return the original and how it was found; None if it is gone."""
        before = self.before()
        if before is not None:
            return before, "original"
        if self.restore is None:
            return None
        return self.restore(self.now()), "converted"


# By the address of the smaller value, while it is alive.
_origins: dict[int, _Origin] = {}


def remember(
    now: Any, before: Callable[[], Any], restore: Callable[[Any], Any] | None
) -> None:
    """Remember the origin of a smaller value.

    Parameters
    ----------
    now : object
        The smaller value.
    before : callable
        Returns the original, or None if it is gone.
    restore : callable or None
        Restores the original from the smaller value; None if that is not possible.
    """
    key = id(now)
    # Without a Python frame, in which a signal could be lost.
    reference = weakref.ref(now, partial(_origins.pop, key))
    _origins[key] = _Origin(reference, before, restore)


def undo_names(
    *names: str, namespace: Namespace | None = None, shell: Any = None
) -> Restored:
    """Restore the previous dtypes of variables that were shrunk.

    If something still holds the original value, the variable is set to it; otherwise
    the value is converted back, which is possible if nothing was lost.

    Parameters
    ----------
    *names : str
        The variables; if one is refused, none is changed.
    namespace : mutable mapping, optional
        The namespace with the variables; by default the shell's, or ``__main__``.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        The shell; by default the running one, if any.

    Returns
    -------
    Restored
        The restored variables.

    Raises
    ------
    MemkitError
        If a variable was not shrunk, or its original is gone after a lossy conversion.

    Examples
    --------
    >>> import numpy as np
    >>> from jupyter_memkit.techniques.arrays.shrink_names import shrink_names
    >>> mine = {"numbers": np.arange(1000)}
    >>> shrink_names("numbers", namespace=mine).variables[0].after_type
    'ndarray int16'
    >>> undo_names("numbers", namespace=mine).ways
    {'numbers': 'converted'}
    >>> mine["numbers"].dtype
    dtype('int64')
    """
    namespace = find_namespace(namespace, shell or find_shell())
    found: dict[str, tuple[Any, str]] = {}
    for group in group_names(names, namespace):
        value = _find_before(group[0], namespace[group[0]])
        found.update(dict.fromkeys(group, value))
    namespace.update({name: value for name, (value, _) in found.items()})
    return Restored(
        names=tuple(found), ways={name: way for name, (_, way) in found.items()}
    )


def _find_before(name: str, value: Any) -> tuple[Any, str]:
    origin = _origins.get(id(value))
    if origin is None or origin.now() is not value:
        message = f"{name} was not shrunk with %shrink, so there is nothing to undo"
        raise MemkitError(message)
    try:
        found = origin.find()
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        message = (
            f"{name} has been modified since it was shrunk, and its dtypes cannot be "
            f"restored: {error}"
        )
        raise MemkitError(message) from error
    if found is None:
        message = (
            f"the original of {name} is gone, and rounding cannot be undone; load it "
            "again"
        )
        raise MemkitError(message)
    return found
