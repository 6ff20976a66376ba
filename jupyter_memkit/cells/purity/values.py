"""Whether a change of a value could be seen outside the cell."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import IntEnum
from types import ModuleType
from typing import Any

from jupyter_memkit.cells.purity.outside import (
    is_listed,
    is_plain,
    is_pure_callable,
    is_scalar,
)


class EffectError(Exception):
    """A part of the code may have a side effect.

    Attributes
    ----------
    node : ast.AST
        The part.
    """

    def __init__(self, node: ast.AST) -> None:
        super().__init__()
        self.node = node


class Reach(IntEnum):
    """The objects from outside that a change of a value could reach."""

    OWN = 0
    SHARED = 1
    NESTED = 2


@dataclass(frozen=True, slots=True)
class Value:
    """The known properties of an expression's value.

    Attributes
    ----------
    reach : Reach
        The objects that a change of it could reach.
    known : object
        The object itself, if it is a module, a function or a class.
    stage : str
        The stage of a query, or a call that follows; see `queries`.
    """

    reach: Reach = Reach.OWN
    known: Any = None
    stage: str = ""

    @property
    def is_shared(self) -> bool:
        """Whether a change of it could be seen outside the cell."""
        return self.reach is not Reach.OWN or self.known is not None

    @property
    def passed(self) -> Reach:
        """What a change of it could reach in another function."""
        return Reach.NESTED if self.is_shared else Reach.OWN


OWN = Value()


def hold(reach: Reach) -> Value:
    """Return the properties of a value that holds others."""
    return OWN if reach is Reach.OWN else Value(Reach.NESTED)


def describe(value: Any, node: ast.AST) -> Value:
    """Return the properties of a variable's value, or refuse it."""
    if is_scalar(value):
        return OWN
    if issubclass(type(value), ModuleType):
        if is_listed(value):
            return Value(known=value)
    elif is_pure_callable(value):
        return Value(known=value)
    elif is_plain(value):
        return Value(Reach.SHARED if _is_flat(value) else Reach.NESTED)
    raise EffectError(node)


def _is_flat(value: Any) -> bool:
    """Return whether a container or table holds no mutable objects."""
    if type(value) is dict:
        return all(map(is_scalar, value.values()))
    if type(value) in {list, tuple}:
        return all(map(is_scalar, value))
    return "object" not in str(getattr(value, "dtype", ""))
