"""Describes how one object is reached from another, as a Python expression."""

from __future__ import annotations

import re
import types
from collections import deque
from contextvars import Context, ContextVar
from itertools import islice, pairwise
from typing import Any

from jupyter_memkit.measure.attributes import read_attributes
from jupyter_memkit.measure.models.held import is_tensor_type, name_held
from jupyter_memkit.measure.sizes.identity import contains_identical, find_identical
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.measure.sizes.raw_reads import read_mro
from jupyter_memkit.measure.sizes.registry import name_type

_KEY_LENGTH = 40
# The number of items to search before the index is left out.
_SEARCHED = 100_000

# Where traitlets keeps the attribute of an object.
_TRAIT = re.compile(r"\._trait_values\['(\w+)'\]")

# Steps that are not written, or have a fixed name.
_FIXED: dict[type, str] = {
    types.BuiltinMethodType: ".__self__",
    types.CellType: "",
    types.MethodType: ".__self__",
    types.ModuleType: "",
    types.TracebackType: "",
}


def write_chain(name: str, steps: list[Any], *, is_namespace: bool = False) -> str:
    """Describe the path from a name to an object.

    Parameters
    ----------
    name : str
        The name of the first object; empty for the user's namespace.
    steps : list
        The objects on the path, each of which refers to the next.
    is_namespace : bool
        Whether the first is a namespace, whose names are written without brackets.

    Returns
    -------
    str
        The path as Python code where possible (``jobs[2].frame``); otherwise a step is
        an arrow and the type to which it leads.

    Examples
    --------
    >>> inner = [1.5]
    >>> names = {"jobs": (jobs := [0, inner])}
    >>> write_chain("", [names, jobs, inner], is_namespace=True)
    'jobs[1]'
    """
    text = name
    owner: Any = None
    steps = [step for step in steps if not _is_node(type(step))]
    for number, (parent, child) in enumerate(pairwise(steps)):
        is_first = is_namespace and number == 0
        if type(parent) is dict and (is_first or _is_namespace(owner, parent)):
            key = _find_key(parent, child)
            text += f".{key}" if type(key) is str else _label_key(key)
        elif type(parent) is Context:
            # How the context was reached says nothing to the user.
            text = _label_variable(parent, child)
        elif not (_is_namespace(parent, child) or _is_own_frame(owner, parent)):
            text += _label_step(parent, child)
        owner = parent
    return _TRAIT.sub(r".\1", text.removeprefix("."))


def find_variable(context: Context, value: Any) -> ContextVar[Any] | None:
    """Return the variable of a context that has a value; None if there is none."""
    found = (each for each, its in context.items() if its is value)
    return next(found, None)


def _is_node(kind: type) -> bool:
    """Return whether a type is one of those in which a context keeps its values."""
    return name_type(kind).startswith("hamt")


def _label_variable(context: Context, value: Any) -> str:
    variable = find_variable(context, value)
    # The name can be of a subclass, with the user's methods.
    name = "" if variable is None else f" {str.__str__(variable.name)}"
    return f"the context variable{name}"


def _label_step(parent: Any, child: Any) -> str:
    kind = type(parent)
    label = find_identical(kind, _FIXED)
    if label is None and issubclass(kind, dict):
        label = _label_key(_find_key(parent, child))
    elif label is None and issubclass(kind, (list, tuple, deque)):
        label = _find_place(parent, child)
    elif kind is types.FunctionType:
        label = _find_closure(parent, child)
    elif kind is types.FrameType:
        label = f" → {parent.f_code.co_name}()"
    elif kind is types.CoroutineType:
        label = f" → {parent.cr_code.co_name}()"
    elif kind is types.GeneratorType:
        label = f" → generator {parent.gi_code.co_name}"
    elif is_tensor_type(kind):
        label = name_held(parent, child)
    if label is None:
        label = _find_in_array(parent, child) or _find_attribute(parent, child)
    return f" → {name_type(type(child))}" if label is None else label


class _Key:
    """Marks a child that is itself a key."""


def _find_key(parent: dict[Any, Any], child: Any) -> Any:
    for key, value in list(dict.items(parent)):
        if value is child:
            return key
        if key is child:
            break
    return _Key


def _label_key(key: Any) -> str:
    if key is _Key:
        return " → a key"
    # The `repr` of other types may be the user's code.
    if contains_identical((str, int, float, bool, bytes, type(None)), type(key)):
        text = repr(key)
        return f"[{text if len(text) <= _KEY_LENGTH else text[:_KEY_LENGTH] + '…'}]"
    return f"[<{name_type(type(key))}>]"


def _find_place(parent: Any, child: Any) -> str | None:
    base = next(each for each in (list, tuple, deque) if issubclass(type(parent), each))
    for place, value in enumerate(islice(base.__iter__(parent), _SEARCHED)):
        if value is child:
            return f"[{place}]"
    return None


def _find_closure(parent: types.FunctionType, child: Any) -> str | None:
    names = parent.__code__.co_freevars
    for name, cell in zip(names, parent.__closure__ or (), strict=True):
        if cell is child:
            return f" → closure {name}"
    return ".__defaults__" if child is parent.__defaults__ else None


def _find_attribute(parent: Any, child: Any) -> str | None:
    for name, value in read_attributes(parent):
        if value is child:
            return f".{name}"
    return None


def _find_in_array(parent: Any, child: Any) -> str | None:
    """Return how a numpy array refers to its base, or to an object in it."""
    ndarray = find_loaded("numpy", "ndarray")
    if ndarray is None or not contains_identical(read_mro(type(parent)), ndarray):
        return None
    if ndarray.base.__get__(parent) is child:
        return ".base"
    flat = ndarray.ravel(parent)[:_SEARCHED].tolist()
    places = (place for place, value in enumerate(flat) if value is child)
    place = next(places, None)
    if place is None or ndarray.ndim.__get__(parent) != 1:
        return None
    return f"[{place}]"


def _is_namespace(owner: Any, attributes: Any) -> bool:
    """Return whether a dict holds the attributes of an object."""
    if type(attributes) is not dict or owner is None:
        return False
    if issubclass(type(owner), (types.ModuleType, type)):
        return True
    try:
        return object.__getattribute__(owner, "__dict__") is attributes
    except AttributeError:
        return False


def _is_own_frame(owner: Any, value: Any) -> bool:
    """Return whether an object is the frame that a generator has before Python 3.11."""
    has_frame = (types.GeneratorType, types.CoroutineType)
    return type(value) is types.FrameType and contains_identical(has_frame, type(owner))
