"""Lists the loaded libraries: what they take, and who uses them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.records import Record
from jupyter_memkit.techniques.unloading.costs import (
    estimate_bytes,
    read_mapped_files,
)
from jupyter_memkit.techniques.unloading.instances import find_classes
from jupyter_memkit.techniques.unloading.naming import LibraryNames, find_removal
from jupyter_memkit.techniques.unloading.rules import find_reason
from jupyter_memkit.techniques.unloading.uses import (
    find_kernel_libraries,
    find_libraries,
    find_uses,
    reach,
)

_BUDGET_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Library(Record):
    """A library that is loaded.

    Attributes
    ----------
    name : str
        Its name in an ``import``.
    bytes : int
        What its modules take now, estimated: a lower bound of what their import took.
    modules : int
        How many they are.
    names : tuple of str
        The names of the namespace that are of it: its modules, functions and classes,
        and what holds objects of these classes.
    users : tuple of str
        The other libraries that have it in the names of their modules.
    reason : str or None
        Why it cannot be unloaded; None when it can.
    is_used : bool
        Whether the namespace uses it, itself or through other libraries, or whether
        one does that cannot be unloaded.
    """

    name: str
    bytes: int
    modules: int
    names: tuple[str, ...]
    users: tuple[str, ...]
    reason: str | None
    is_used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Libraries(Record):
    """The loaded libraries, without the standard library and the kernel's own.

    Attributes
    ----------
    libraries : tuple of Library
        The largest first.
    complete : bool
        Whether all was counted, or time was up before: then bytes are too low.
    """

    libraries: tuple[Library, ...]
    complete: bool

    @property
    def unused(self) -> tuple[str, ...]:
        """The names of those that nothing uses and that can be unloaded."""
        return tuple(each.name for each in self.libraries if not each.is_used)


def libraries(
    namespace: Mapping[str, Any] | None = None, *, budget_s: float = _BUDGET_S
) -> Libraries:
    """List the libraries that are loaded, with what they take and who uses them.

    Nothing is imported. A library that another imports only inside of its functions is
    not seen to be used by it.

    Parameters
    ----------
    namespace : mapping, optional
        The user's names; those of ``__main__`` when not given.
    budget_s : float
        When to stop counting bytes, in seconds.

    Returns
    -------
    Libraries
        The largest first.

    Examples
    --------
    >>> import jupyter_memkit as memkit
    >>> "psutil" in memkit.libraries().unused
    False
    """
    if namespace is None:
        namespace = vars(sys.modules["__main__"])
    uses = find_uses()
    named = _find_named(namespace)
    kernel = find_kernel_libraries(uses)
    listed = [top for top in uses if top[:1] != "_" and top not in kernel]
    removals = {top: find_removal(top) for top in listed}
    reasons = {top: find_reason(top, removals[top]) for top in listed}
    stay = {top for top, reason in reasons.items() if reason is not None}
    used = reach(kernel | stay | set(named), uses)
    mapped = read_mapped_files()
    end_s = time.perf_counter() + budget_s
    found = [
        Library(
            name=top,
            bytes=estimate_bytes(
                removals[top], mapped, max(0.0, end_s - time.perf_counter())
            ),
            modules=len(removals[top].modules),
            names=tuple(named.get(top, ())),
            users=tuple(_find_users(top, uses)),
            reason=reasons[top],
            is_used=top in used,
        )
        for top in listed
    ]
    return Libraries(
        libraries=tuple(sorted(found, key=lambda library: -library.bytes)),
        complete=time.perf_counter() < end_s,
    )


def _find_named(namespace: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the names that are of each library."""
    named: dict[str, list[str]] = {}
    names = LibraryNames()
    for name, value in namespace.items():
        if name[:1] != "_":
            _add(named, name, find_libraries(value, names))
    for name, kinds in find_classes(namespace).items():
        _add(
            named,
            name,
            {each for kind in kinds for each in find_libraries(kind, names)},
        )
    return named


def _add(named: dict[str, list[str]], name: str, tops: Iterable[str]) -> None:
    for top in tops:
        names = named.setdefault(top, [])
        if name not in names:
            names.append(name)


def _find_users(top: str, uses: Mapping[str, set[str]]) -> list[str]:
    return sorted(user for user, used in uses.items() if top in used)
