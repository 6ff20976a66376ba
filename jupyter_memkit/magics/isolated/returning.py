"""Puts the variables that ``%%isolated`` returns into the user's namespace.

A variable that the cell modified in place may be held by other variables here, so its
content is modified in place here too if possible. Otherwise the variables that no
longer share with it are reported.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from jupyter_memkit.magics.isolated.shell import is_of_session
from jupyter_memkit.magics.isolated.values import CellValues
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.techniques.isolated.marks import Marks, iterate_changeable
from jupyter_memkit.techniques.processes.sharing import find_owner


def take_outputs(
    namespace: dict[str, Any], values: CellValues
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Assign the returned values to the user's variables.

    Parameters
    ----------
    namespace : dict
        The user's variables.
    values : CellValues
        The returned values.

    Returns
    -------
    tuple of (str, tuple of str)
        The variables that no longer share with others, and those others.
    """
    in_place = {
        name
        for name in values.same
        if name in namespace and _stands_alone(name, values.outputs)
    }
    stay = {
        name: value
        for name, value in namespace.items()
        if name not in values.outputs and not is_of_session(name)
    }
    apart = []
    for name, sharers in values.shares.items():
        old = {each: namespace[each] for each in sharers if each in namespace}
        filled = name in in_place and _can_fill(old.get(name), values.outputs[name])
        ignored = _find_addresses(old[name]) if filled else frozenset()
        marks = Marks(old)
        others = tuple(each for each in stay if marks.find(stay[each], ignored))
        if others:
            apart.append((name, others))
    for name, value in values.outputs.items():
        if name in in_place and _can_fill(namespace[name], value):
            _fill(namespace[name], value)
        else:
            namespace[name] = value
    return tuple(apart)


def find_holders(namespace: Mapping[str, Any], values: CellValues) -> tuple[str, ...]:
    """Return the variables that hold an object that was changed there but not returned.

    Parameters
    ----------
    namespace : mapping
        The user's variables, before any value is assigned.
    values : CellValues
        The returned values.
    """
    marks = Marks({name: namespace[name] for name in values.replaced})
    return tuple(
        name
        for name, value in namespace.items()
        if name not in values.outputs and not is_of_session(name) and marks.find(value)
    )


def _stands_alone(name: str, outputs: Mapping[str, Any]) -> bool:
    """Return whether no other returned variable holds the object."""
    value = outputs[name]
    others = {each: other for each, other in outputs.items() if each != name}
    marks = Marks({name: value})
    holders = [each for each, other in others.items() if marks.find(other)]
    if _is_array(value):
        # Arrays share memory, which can be filled through any of them.
        return all(_is_array(outputs[each]) for each in holders)
    inside = list(iterate_changeable([*_find_content(value)]))
    return not holders and all(part is not value for part in inside)


def _find_addresses(value: Any) -> frozenset[int]:
    """Return the addresses of the objects that are filled, which remain shared."""
    return frozenset({id(value), id(find_owner(value) if _is_array(value) else value)})


def _find_content(value: Any) -> list[Any]:
    if type(value) is dict:
        return [*value.keys(), *value.values()]
    return list(value) if type(value) in (list, set, deque) else []


def _is_array(value: Any) -> bool:
    return type(value) is find_loaded("numpy", "ndarray")


def _can_fill(old: Any, new: Any) -> bool:
    """Return whether an object's content can be replaced with another's."""
    if type(old) is not type(new):
        return False
    if _is_array(old):
        same_form = (old.shape, old.dtype) == (new.shape, new.dtype)
        return bool(same_form and old.flags.writeable and not old.dtype.hasobject)
    if type(old) is bytearray:
        return len(old) == len(new)
    return type(old) in (list, dict, set) or (
        type(old) is deque and old.maxlen == new.maxlen
    )


def _fill(old: Any, new: Any) -> None:
    """Replace an object's content with another's."""
    if _is_array(old):
        old[...] = new
    elif type(old) in (list, bytearray):
        old[:] = new
    else:
        old.clear()
        old.extend(new) if type(old) is deque else old.update(new)
