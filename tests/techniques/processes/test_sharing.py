"""Objects that share memory still share it after they were sent."""

from __future__ import annotations

import array
import io
import pickle
import sys
from collections import OrderedDict
from collections.abc import Callable
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_memkit.techniques.processes.pickling import Pickler
from jupyter_memkit.techniques.processes.reach import iterate_parts


def send(value: Any) -> Any:
    """Return the value as another process would receive it."""
    file = io.BytesIO()
    buffers: list[bytearray] = []

    def take(buffer: pickle.PickleBuffer) -> bool:
        view = buffer.raw()
        if view.nbytes < 1000:
            return True
        buffers.append(bytearray(view))
        return False

    Pickler(file, take).dump(value)
    return pickle.loads(file.getvalue(), buffers=buffers)


def fill(part: Any) -> None:
    """Write to an array."""
    part[...] = 7


def make_shared() -> dict[str, Callable[[], tuple[Any, Any]]]:
    """Return functions that make pairs sharing memory; the second is written to."""

    def whole_first(n: int = 10) -> tuple[Any, Any]:
        rows = np.ones(n)
        return rows, rows[2:5]

    def parts() -> tuple[Any, Any]:
        rows = np.ones(1000)
        return rows[:600], rows[300:]

    def of_buffer() -> tuple[Any, Any]:
        data = bytearray(b"abcdefgh")
        return data, np.frombuffer(data, "u1")[2:]

    def of_array() -> tuple[Any, Any]:
        data = array.array("d", range(8))
        return np.frombuffer(data)[3:], np.frombuffer(data)

    def of_objects() -> tuple[Any, Any]:
        rows = np.array([[1], 2, 3], dtype=object)
        return rows[1:], rows

    def of_field() -> tuple[Any, Any]:
        rows = np.zeros(5, [("x", "i4"), ("y", "f8")])
        return rows, rows["y"]

    def of_frame() -> tuple[Any, Any]:
        rows = np.ones(5)
        return pd.Series(rows, copy=False), rows

    def nested() -> tuple[Any, Any]:
        rows = np.ones((4, 5))
        return {"a": [rows.T]}, [{"b": rows[1:, ::2]}][0]["b"]

    return {
        "view": whole_first,
        "large view": lambda: whole_first(10_000),
        "view before": lambda: (whole_first()[1], whole_first()[0]),
        "backwards": lambda: (rows := np.ones(9), rows[::-2]),
        "parts": parts,
        "transposed": lambda: (rows := np.ones((3, 4)), rows.T[1:]),
        "fortran": lambda: (rows := np.asfortranarray(np.ones((3, 4))), rows[1:]),
        "strided only": lambda: (rows := np.ones(20)[::2], rows[3:]),
        "other type": lambda: (rows := np.ones(4), rows.view("u1")[8:]),
        "bytearray": of_buffer,
        "array": of_array,
        "objects": of_objects,
        "field": of_field,
        "frame": of_frame,
        "nested": nested,
    }


def read(value: Any) -> str:
    """Return the contents of a value as text."""
    return repr(value)


@pytest.mark.parametrize("name", list(make_shared()))
@pytest.mark.parametrize("swapped", [False, True])
def test_shared(name: str, swapped: bool) -> None:
    """A write through one object still shows in the other."""
    pair = make_shared()[name]()
    sent = send(pair[::-1] if swapped else pair)
    other = sent[::-1] if swapped else sent
    assert read(other) == read(pair)
    fill(pair[1])
    fill(other[1])
    assert read(other) == read(pair)


def test_memoryview() -> None:
    """A memoryview is still a view of its object."""
    data = bytearray(4)
    back, view = send((data, memoryview(data)))
    view[1] = 5
    assert back[1] == 5
    with pytest.raises(pickle.PicklingError, match="memoryview of a part"):
        send(memoryview(data)[1:])


def test_views() -> None:
    """Views of a dict are still views of it."""
    rows = {"a": 1}
    for value in (rows, OrderedDict(rows)):
        shown = (value.keys(), value.values(), value.items(), MappingProxyType(value))
        back, *views = send((value, *shown))
        back["b"] = 2
        assert [len(view) for view in views] == [2, 2, 2, 2]
        assert [type(view) for view in views] == [type(view) for view in shown]


def test_closures() -> None:
    """Functions that share a variable of an enclosing function still share it."""

    def make() -> Any:
        count = 0

        def add(depth: int = 0) -> int:
            nonlocal count
            count += 1
            return add(depth - 1) if depth else count

        return add, lambda: count

    add, count = send(make())
    assert (add(2), count()) == (3, 3)

    class Base:
        def name(self) -> str:
            return "base"

    class Child(Base):
        def name(self) -> str:
            return f"child of {super().name()}"

    assert send(Child)().name() == "child of base"
    assert send(Child().name)() == "child of base"


def test_small_part() -> None:
    """Parts of a large array are sent without the rest, even if they are far apart."""
    large = np.zeros(10_000_000)
    for value in (large[:10], (large[:10], large[-10:]), (large[:10], large[5:15])):
        file = io.BytesIO()
        Pickler(file, lambda _: True).dump(value)
        assert file.tell() < 2000


def test_subclass() -> None:
    """An array subclass that cannot be recreated as a view is refused."""
    rows = np.ones((2, 2))
    with pytest.raises(pickle.PicklingError, match="recarray shares its memory"):
        send((rows, rows.view(np.recarray)))
    assert send(rows.view(np.recarray)).shape == (2, 2)


@pytest.mark.skipif(pd.__version__ < "3", reason="a column shares the frame's memory")
def test_frames_stay_separate() -> None:
    """Frames that pandas copies before it writes to them stay separate."""
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    column, other = frame["a"], frame.copy(deep=False)
    column, other, back = send((column, other, frame))
    column.iloc[0] = 9
    other.iloc[1, 1] = 8
    pd.testing.assert_frame_equal(back, frame)
    assert (column[0], other.iloc[1, 1]) == (9, 8)


def test_parts_of_a_function() -> None:
    """They are what it keeps, and not the variables that it reads, of any namespace."""
    default, attribute, read = [1], [2], [3]
    namespace: dict[str, Any] = {"default": default, "read": read}
    exec("def function(x=default): return read", namespace)
    function = namespace["function"]
    function.kept = attribute
    parts = [id(each) for each in iterate_parts(function)]
    assert {id(default), id(attribute)} <= {*parts}
    assert id(read) not in parts


def test_parts_without_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module's namespace is no part, nor is an object that stands for a module."""
    assert id(vars(np)) not in map(id, iterate_parts([vars(np)]))
    stand_in, own = SimpleNamespace(), SimpleNamespace()
    monkeypatch.setitem(sys.modules, "memkit_stand_in", stand_in)
    parts = [id(each) for each in iterate_parts([stand_in, own])]
    assert id(own) in parts
    assert id(stand_in) not in parts
