"""No code of the user's objects runs when they are shrunk, packed or refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.arrays.preview import preview
from jupyter_memkit.techniques.arrays.shrink import find_kind, shrink
from jupyter_memkit.techniques.arrays.to_numpy import to_numpy
from jupyter_memkit.techniques.spilling.kinds import check_value

ran: list[str] = []


def pretend(kind: type) -> Any:
    """Return an object that claims to be of another type, and records what it runs."""

    class Impostor:
        @property
        def __class__(self) -> type:
            ran.append("__class__")
            return kind

        @__class__.setter
        def __class__(self, value: type) -> None:
            raise NotImplementedError

        def __getattr__(self, name: str) -> Any:
            ran.append(name)
            raise AttributeError(name)

    return Impostor()


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

    @property
    def __name__(cls) -> str:  # type: ignore[override] # to record it
        """Record it."""
        ran.append("__name__")
        return "name"


class Meant(metaclass=Meta):
    """A class whose metaclass has code."""


class Based(np.ndarray):
    """An array whose attributes are properties."""

    @property
    def base(self) -> Any:
        """Record it."""
        ran.append("base")
        return None

    @property
    def dtype(self) -> Any:
        """Record it."""
        ran.append("dtype")
        return np.dtype("f8")


class Rows(list[Any]):
    """A list with methods of its own."""

    def _record(self, *_args: Any) -> Any:
        ran.append("method")
        raise RuntimeError

    __len__ = __iter__ = __getitem__ = __bool__ = _record


class Table(dict[Any, Any]):
    """A dict with methods of its own."""

    def _record(self, *_args: Any) -> Any:
        ran.append("method")
        raise RuntimeError

    __len__ = __iter__ = __getitem__ = __bool__ = _record
    keys = values = items = _record


REFUSED: dict[str, Callable[[], Any]] = {
    **{
        f"claims {kind.__name__}": partial(pretend, kind)
        for kind in (
            *(np.ndarray, np.memmap, pd.DataFrame, pd.Series),
            *(list, dict, range, set),
        )
    },
    "instance": Meant,
    "array": lambda: np.zeros(3).view(Based),
    "list": lambda: Rows([1, 2]),
    "empty list": Rows,
    "dict": lambda: Table(a=[1]),
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize(
    "ask",
    [
        shrink,
        find_kind,
        to_numpy,
        lambda value: to_numpy(value, frame=True),
        lambda value: to_numpy({"a": value}),
        lambda value: check_value(value, "x"),
    ],
    ids=["shrink", "find_kind", "to_numpy", "frame", "column", "spill"],
)
def test_refused(make: Callable[[], Any], ask: Callable[[Any], Any]) -> None:
    """An object is refused in a sentence, by its real type."""
    value = make()
    ran.clear()
    with pytest.raises(MemkitError):
        ask(value)
    assert ran == []


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
def test_previewed(make: Callable[[], Any]) -> None:
    """An object for which there is no preview stops no search."""
    value = make()
    ran.clear()
    assert preview(value) == ()
    assert ran == []


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("others", [[], [1, 2], [None], [[1]], [{"a": 1}]], ids=str)
def test_inside(make: Callable[[], Any], others: list[Any]) -> None:
    """Objects in a list are refused by their real types, too."""
    value = make()
    ran.clear()
    for values in ([*others, value], [value, *others], [[value], *others]):
        with pytest.raises(MemkitError):
            to_numpy(values)
        with pytest.raises(MemkitError):
            to_numpy(values, missing=pretend(list))
    assert ran == []


def test_objects_in_arrays() -> None:
    """Arrays of objects are kept, whatever these are."""
    for make in REFUSED.values():
        objects = np.empty(2, dtype=object)
        objects[0], objects[1] = make(), make()
        ran.clear()
        assert shrink(objects) is objects
        mixed = np.empty(2, dtype=object)
        mixed[1] = make()
        ran.clear()
        assert shrink(mixed) is mixed
        assert ran == []


def test_base_of_a_view() -> None:
    """What holds the memory of a view is not asked for its class."""
    owner = pretend(np.ndarray)
    memory = np.arange(1000.0)
    type(owner).__array_interface__ = memory.__array_interface__
    view = np.asarray(owner)
    ran.clear()
    shrink(view)
    shrink(pd.DataFrame(view.reshape(500, 2), copy=False))
    assert ran == []
