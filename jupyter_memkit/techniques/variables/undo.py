"""Restores variables whose values were replaced."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.hidden import find_shell
from jupyter_memkit.records import Record
from jupyter_memkit.techniques.variables.namespaces import (
    Namespace,
    find_namespace,
    group_names,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored(Record):
    """Variables that were restored.

    Attributes
    ----------
    names : tuple of str
        The variables.
    ways : mapping of str to str
        ``"original"`` if the old value was still in memory, ``"converted"`` if it was
        converted back from the new one.
    """

    names: tuple[str, ...]
    ways: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Origin:
    """How to get the old value of a new one; the old value itself is not kept."""

    now: weakref.ref[Any]
    before: Callable[[], Any]
    restore: Callable[[Any], Any] | None

    def find(self) -> tuple[Any, str] | None:
        """Return the old value, and how it was restored; None if that is impossible."""
        before = self.before()
        if before is not None:
            return before, "original"
        if self.restore is None:
            return None
        return self.restore(self.now()), "converted"


# By the address of the new value, while that exists.
_origins: dict[int, _Origin] = {}


def remember(
    now: Any, before: Callable[[], Any], restore: Callable[[Any], Any] | None
) -> None:
    """Remember how to restore the old value of a new one.

    Parameters
    ----------
    now : object
        The new value.
    before : callable
        Returns the old value, or None if it no longer exists.
    restore : callable or None
        Converts the new value back; None if that is impossible.
    """
    key = id(now)
    # A C callback: a signal that arrives in a Python callback would be lost.
    reference = weakref.ref(now, partial(_origins.pop, key))
    _origins[key] = _Origin(reference, before, restore)


def was_shrunk(value: Any) -> bool:
    """Return whether it is known how to restore the old value of a new one."""
    origin = _origins.get(id(value))
    return origin is not None and origin.now() is value


def undo_names(
    *names: str, namespace: Namespace | None = None, shell: Any = None
) -> Restored:
    """Restore variables that were shrunk.

    A variable gets its old value if that is still in memory. Otherwise the new value is
    converted back, which is possible if nothing was rounded.

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
        For a variable that was not shrunk, or that was rounded and whose old value no
        longer exists.

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
    if not was_shrunk(value):
        message = f"{name} was not shrunk with %shrink, so there is nothing to undo"
        raise MemkitError(message)
    try:
        found = _origins[id(value)].find()
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
