"""No code of the user's objects runs while the classes of variables are found."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from jupyter_memkit.techniques.unloading.instances import find_classes

ran: list[str] = []


class Meta(type):
    """A metaclass whose code shows when its classes are hashed or compared."""

    def __hash__(cls) -> int:
        """Record it."""
        ran.append("__hash__")
        return id(cls)

    def __eq__(cls, other: object) -> bool:
        """Record it."""
        ran.append("__eq__")
        return cls is other


class Meant(metaclass=Meta):
    """A class whose metaclass has code."""


def _record(*_args: Any) -> Any:
    ran.append("method")
    raise RuntimeError


METHODS = dict.fromkeys(("__len__", "__iter__", "keys", "values", "items"), _record)


@pytest.mark.parametrize("base", [list, tuple, set, frozenset, deque, dict])
@pytest.mark.parametrize("is_output", [False, True])
def test_containers(base: type, *, is_output: bool) -> None:
    """The contents of a container are read with the methods of its plain type."""
    kind = type("Own", (base,), METHODS)
    inner = Meant()
    own = kind({1: inner, inner: 2}) if base is dict else kind([1, inner])
    name = "Out[1]" if is_output else "it"
    namespace = {"Out": {1: [own]}} if is_output else {"it": [own]}
    ran.clear()
    found = find_classes(namespace)[name]
    assert ran == []
    assert {id(each) for each in (list, kind, int, Meant)} == set(map(id, found))


def test_claimed_outputs() -> None:
    """What only claims to be IPython's outputs is not read."""

    class Impostor:
        @property
        def __class__(self) -> type:
            ran.append("__class__")
            return dict

        @__class__.setter
        def __class__(self, value: type) -> None:
            raise NotImplementedError

    ran.clear()
    assert find_classes({"Out": Impostor()}) == {}
    assert ran == []
