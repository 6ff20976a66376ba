"""Lists the loaded libraries, their memory, and what uses them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.deadlines import deadline_after, has_passed, time_left
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
    """A loaded library.

    Attributes
    ----------
    name : str
        Its import name.
    bytes : int
        The estimated memory of its modules: a lower bound of the memory that their
        import took.
    modules : int
        The number of its modules.
    names : tuple of str
        The names in the namespace that refer to it: its modules, functions and classes,
        and variables that hold instances of these classes.
    users : tuple of str
        The other libraries whose modules refer to it.
    reason : str or None
        Why it cannot be unloaded; None if it can.
    is_used : bool
        Whether the namespace uses it, directly or through other libraries, or a library
        that cannot be unloaded does.
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
    """The loaded libraries, except the standard library and the kernel's own.

    Attributes
    ----------
    libraries : tuple of Library
        The libraries, the largest first.
    complete : bool
        Whether everything was counted before the time limit; if not, bytes are too
        low, and the names of variables may be missing.
    """

    libraries: tuple[Library, ...]
    complete: bool

    @property
    def unused(self) -> tuple[str, ...]:
        """The names of libraries that nothing uses and that can be unloaded."""
        return tuple(each.name for each in self.libraries if not each.is_used)


def libraries(
    namespace: Mapping[str, Any] | None = None, *, budget_s: float = _BUDGET_S
) -> Libraries:
    """List the loaded libraries, with their memory and what uses them.

    Nothing is imported. A library that another imports only inside its functions is not
    recognized as used by it.

    Parameters
    ----------
    namespace : mapping, optional
        The user's names; by default those of ``__main__``.
    budget_s : float
        The time limit for counting bytes, in seconds; at most half of it is spent on
        finding the variables that hold instances.

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
    half_s = deadline_after(budget_s / 2)
    named = _find_named(namespace, half_s)
    is_named = not has_passed(half_s)
    kernel = find_kernel_libraries(uses)
    listed = _find_listed(uses, kernel)
    removals = {top: find_removal(top) for top in listed}
    reasons = {top: find_reason(top, removals[top]) for top in listed}
    stay = {top for top, reason in reasons.items() if reason is not None}
    used = reach(kernel | stay | set(named), uses)
    mapped = read_mapped_files()
    end_s = half_s + budget_s / 2
    found = [
        Library(
            name=top,
            bytes=estimate_bytes(removals[top], mapped, max(0.0, time_left(end_s))),
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
        complete=is_named and not has_passed(end_s),
    )


def find_listed() -> list[str]:
    """Return the names of the libraries that `libraries` lists."""
    uses = find_uses()
    return _find_listed(uses, find_kernel_libraries(uses))


def _find_listed(uses: Mapping[str, set[str]], kernel: set[str]) -> list[str]:
    return [top for top in uses if top[:1] != "_" and top not in kernel]


def _find_named(namespace: Mapping[str, Any], end_s: float) -> dict[str, list[str]]:
    """Return the names that refer to each library, those found until a time."""
    named: dict[str, list[str]] = {}
    names = LibraryNames()
    for name, value in namespace.items():
        if name[:1] != "_":
            _add(named, name, find_libraries(value, names))
    for name, kinds in find_classes(namespace, end_s).items():
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
