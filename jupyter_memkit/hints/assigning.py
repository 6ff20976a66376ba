"""Writes the line that assigns to a part of a variable.

Imported only once torch is.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import FunctionType, MemberDescriptorType, WrapperDescriptorType
from typing import Any

import torch

from jupyter_memkit.measure.sizes.raw_reads import read_dict, read_mro

UNORDERED = (frozenset, set)
"""Collections without places."""

Place = tuple[int, str]
"""What a line assigns to: an object, by its address, and a step."""

_SET_IN_MODULE = torch.nn.Module.__setattr__


@dataclass(frozen=True, slots=True)
class Target:
    """What a line would assign to: a variable, or a step from an object.

    Attributes
    ----------
    place : (int, str)
        The object, by its address, and the step.
    holder : object
        The object; None if it is the namespace.
    code, step : str
        The code of the object and of the step.
    in_loop : bool
        Whether the line is for each element of a collection, as an expression.
    """

    place: Place
    holder: Any
    code: str
    step: str
    in_loop: bool = False

    def write(self, value: str) -> str | None:
        """Return the line that assigns a value; None if there is none."""
        if self.step.startswith("."):
            return self._set_attribute(value)
        kind = type(self.holder)
        if self.in_loop:
            is_dict = issubclass(kind, dict)
            item = f"{self.code}.__setitem__({self.step[1:-1]}, {value})"
            return item if is_dict else None
        is_fixed = issubclass(kind, (tuple, *UNORDERED))
        return None if is_fixed else f"{self.code}{self.step} = {value}"

    def _set_attribute(self, value: str) -> str | None:
        name = self.step[1:]
        # All that a function leads to can be set.
        is_function = type(self.holder) is FunctionType
        setter = "setattr" if is_function else _find_setter(self.holder, name)
        if setter == "setattr" and not self.in_loop:
            return f"{self.code}{self.step} = {value}"
        # The steps from a function may be several.
        if setter is None or not name.isidentifier():
            return None
        return f'{setter}({self.code}, "{name}", {value})'


def _find_setter(holder: Any, name: str) -> str | None:
    """Return the function that assigns to an attribute, without the user's code."""
    described = [read_dict(base) for base in read_mro(type(holder))]
    slot = next((each[name] for each in described if name in each), None)
    if type(slot) is MemberDescriptorType:
        # That of a type of C can only be read.
        if "__slots__" not in read_dict(slot.__objclass__):
            return None
    elif hasattr(type(slot), "__set__"):
        return None
    setter = next(each["__setattr__"] for each in described if "__setattr__" in each)
    is_plain = type(setter) is WrapperDescriptorType or setter is _SET_IN_MODULE
    # A frozen dataclass refuses what is assigned.
    return "setattr" if is_plain else "object.__setattr__"
