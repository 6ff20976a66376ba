"""Finds what else uses the memory of a variable before it is moved."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.hidden import (
    find_hidden,
    is_ipythons_name,
    is_output_name,
)
from jupyter_memkit.measure.holders import holders
from jupyter_memkit.measure.sizes import sizes
from jupyter_memkit.techniques.spilling.kinds import arrays_of
from jupyter_memkit.techniques.spilling.parts import find_root

# The beginnings of paths to an output, in all places where IPython keeps it.
_OUTPUT_WAY = re.compile(
    r"((Out|_oh)\[\d+\]|_+\d*|(the display hook's|IPython's copy of) _+\d*"
    r"|the last result|(sys\.displayhook|get_ipython\.__self__)[\w.]*(\['_+\d*'\])?"
    r"|get_ipython\(\)\.(\w+\['_+\d*'\]|displayhook\._+"
    r"|(displayhook\.exec_result|last_execution_result)\.result))($|[. ])"
)

# Arrays that share no memory can still share their description.
_PAGE = 4096

# The number of chains to request, which include those of the variables themselves.
_MOST_CHAINS = 20
_SHOWN_CHAINS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """The users of a variable's memory.

    Attributes
    ----------
    along : tuple of str
        Other variables that must move with it: arrays that are views of its memory, and
        other names for it.
    outputs : tuple of object
        The outputs of cells that use it, each object once.
    """

    along: tuple[str, ...]
    outputs: tuple[Any, ...]


def find_sharing(
    name: str,
    namespace: Mapping[str, Any],
    shell: Any,
    search_progress: Callable[[int], object] | None = None,
) -> Sharing:
    """Find what uses the memory of a variable.

    Parameters
    ----------
    name : str
        The name of the variable.
    namespace : mapping of str to object
        The namespace with the variable.
    shell : IPython.core.interactiveshell.InteractiveShell or None
        The shell whose outputs are searched.
    search_progress : callable, optional
        Called with the number of objects searched so far, if a search is needed.

    Raises
    ------
    MemkitError
        If something uses it that cannot move with it, so that no memory would be freed.
    """
    keys = {id(root) for root in _find_roots(namespace[name])}
    along = tuple(
        other
        for other in list(namespace)
        if other != name
        and not is_output_name(other)
        and _uses(namespace.get(other), keys)
    )
    moving = {each: namespace[each] for each in (name, *along)}
    _refuse_shared_frames(moving)
    shown = [
        holder
        for holder in find_hidden(shell)
        if holder.kind == "output" and _uses(holder.value, keys)
    ]
    held = _find_held(moving)
    strangers = [
        text
        for text in _find_holders(held, shell, search_progress)
        if not _begins_with(text, moving) and not (shown and _OUTPUT_WAY.match(text))
    ]
    roots = [root for value in moving.values() for root in _find_roots(value)]
    # The memory of an array with a base belongs to a buffer or a tensor.
    if not strangers and (held or any(root.base is not None for root in roots)):
        others = {
            other: value
            for other, value in dict(namespace).items()
            if other not in moving and not is_ipythons_name(other)
        }
        for holder in find_hidden(shell):
            if not _uses(holder.value, keys):
                others[holder.name] = holder.value
        strangers += _find_borrowers(roots, others, shell)
    if strangers:
        message = (
            f"{', '.join(strangers[:_SHOWN_CHAINS])} also uses the memory of "
            f"{', '.join(moving)}, so nothing would be freed; delete it, or copy it "
            "first (%memfree drops tracebacks, and with --outputs the outputs of "
            "cells)"
        )
        raise MemkitError(message)
    outputs = {id(holder.value): holder.value for holder in shown}
    return Sharing(along=along, outputs=tuple(outputs.values()))


def _find_roots(value: Any) -> Iterator[Any]:
    """Yield the arrays that own the memory of a value."""
    for array in arrays_of(value):
        yield find_root(array)


def _uses(value: Any, keys: set[int]) -> bool:
    return any(id(root) in keys for root in _find_roots(value))


def _refuse_shared_frames(moving: Mapping[str, Any]) -> None:
    """Raise an error if pandas shares memory, which it cannot track after a move."""
    import numpy as np  # noqa: PLC0415 - a feature of numpy's

    for (name, value), (other, second) in combinations(moving.items(), 2):
        if value is second or type(value) is type(second) is np.ndarray:
            continue
        if _uses(value, {id(root) for root in _find_roots(second)}):
            message = (
                f"{name} and {other} share their memory, so nothing would be freed; "
                f"delete one of them, or copy it: {other} = {other}.copy()"
            )
            raise MemkitError(message)


def _find_held(moving: Mapping[str, Any]) -> list[Any]:
    """Return the variables' values, and arrays with their memory, that others hold."""
    values = list(moving.values())
    objects = {id(each): each for value in values for each in _find_roots(value)}
    objects |= {id(value): value for value in values}
    waiting = list(objects.values())
    objects.clear()
    held = []
    for number in range(len(waiting)):
        known = _OWN_REFERENCES + _count_known(waiting, number, values)
        if _count_references(waiting, number) > known:
            held.append(number)
    return [waiting[number] for number in held]


def _find_holders(
    held: list[Any],
    shell: Any,
    search_progress: Callable[[int], object] | None,
) -> Iterator[str]:
    """Yield the paths to the holders of values or their memory."""
    for value in held:
        found = holders(value, shell=shell, most=_MOST_CHAINS, progress=search_progress)
        yield from (chain.text for chain in found.chains)


def _find_borrowers(
    roots: list[Any], others: Mapping[str, Any], shell: Any
) -> Iterator[str]:
    """Yield the names of what uses the memory of arrays out of Python's sight.

    No reference leads from a tensor to the array that it was made of, or from an array
    to the tensor that has its memory, so all are compared by address.
    """
    program = () if shell is None else (shell, shell.user_ns)
    measured = sizes({"": roots, **others}, program=program)
    if measured[""].shared_bytes <= _PAGE:
        return
    for name, value in others.items():
        if measured[name].shared_bytes > _PAGE:
            both = sizes({"": roots, name: value}, program=program)
            if both[""].shared_bytes > _PAGE:
                yield name


def _count_known(objects: list[Any], number: int, values: list[Any]) -> int:
    """Return how many references to an object the variables and their contents hold."""
    n_names = sum(value is objects[number] for value in values)
    distinct = {id(value): value for value in values}.values()
    n_views = sum(getattr(value, "base", None) is objects[number] for value in distinct)
    # A variable is referenced by the namespace, the mapping, and the list of values.
    return 3 * n_names + (n_views or int(n_names == 0))


def _count_references(objects: list[Any], number: int) -> int:
    return sys.getrefcount(objects[number])


# References of the list and the call, which differ between Python versions.
_OWN_REFERENCES = _count_references([object()], 0)


def _begins_with(text: str, names: Iterable[str]) -> bool:
    """Return whether a path begins at one of the names."""
    return any(
        text == name or text.startswith((f"{name}.", f"{name}[", f"{name} "))
        for name in names
    )
