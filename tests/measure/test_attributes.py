"""Stored attributes are read without running code of the object."""

from __future__ import annotations

import functools
import types
from typing import Any

import pytest

from jupyter_memkit.measure.attributes import read_attributes

ran: list[str] = []


class Plain:
    """An object with attributes."""

    def __init__(self) -> None:
        self.stored = 1


class Slots:
    """An object without a dict."""

    __slots__ = ("stored",)

    def __init__(self) -> None:
        self.stored = 1


class Hidden:
    """An object whose dict is a property."""

    @property
    def __dict__(self) -> Any:  # type: ignore[override] # to record it
        """Record it."""
        ran.append("__dict__")
        return {"made": 2}


class HiddenLater(Plain):
    """An object whose dict is a property, while its base has one."""

    @property
    def __dict__(self) -> Any:  # type: ignore[override] # to record it
        """Record it."""
        ran.append("__dict__")
        return {"made": 2}


class Attributes(dict[str, Any]):
    """A dict with methods of its own."""

    def _record(self, *_args: Any) -> Any:
        ran.append("method")
        raise RuntimeError

    keys = items = values = __iter__ = __getitem__ = _record


def replace(attributes: dict[str, Any]) -> Plain:
    """Return an object with this dict."""
    made = Plain()
    made.__dict__ = attributes
    return made


def add(owner: Any) -> Any:
    """Return an object with an attribute."""
    owner.stored = 1
    return owner


@pytest.mark.parametrize(
    "owner",
    [
        Plain(),
        Slots(),
        HiddenLater(),
        replace(Attributes(stored=1)),
        types.SimpleNamespace(stored=1),
        add(functools.partial(print)),
        add(ValueError()),
        add(lambda: 1),
        add(types.ModuleType("name")),
        type("Named", (), {"stored": 1}),
    ],
    ids=lambda owner: type(owner).__name__,
)
def test_stored(owner: Any) -> None:
    """What an object of any kind stores is read."""
    ran.clear()
    assert ("stored", 1) in list(read_attributes(owner))
    assert ran == []


@pytest.mark.parametrize("owner", [Hidden(), 1, [], object()])
def test_nothing_stored(owner: Any) -> None:
    """What has no dict stores nothing, even where a property makes one."""
    ran.clear()
    assert list(read_attributes(owner)) == []
    assert ran == []
