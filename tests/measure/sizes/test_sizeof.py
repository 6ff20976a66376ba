"""Sizes of single objects: what counts, what does not, and what hides."""

from __future__ import annotations

import array
import csv
import gc
import hashlib
import io
import lzma
import mmap
import pickle
import random
import sqlite3
import sys
import threading
import weakref
import zlib
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.holders import holders
from jupyter_memkit.measure.shapes import read_shape
from jupyter_memkit.measure.sizes import (
    Buffer,
    Parts,
    Size,
    registry,
    sizeof,
    sizer,
    walk,
)

MIB = 1024 * 1024


def grow(value: Any, extra: Any) -> int:
    """Return by how much a list grows with one more element."""
    return sizeof([value, extra]).bytes - sizeof([value, value]).bytes


def test_python_objects() -> None:
    """The allocated bytes of an object count, not the requested ones."""
    assert sizeof(1.5).bytes == 32
    assert sizeof("x" * 20).bytes == -(-sys.getsizeof("x" * 20) // 16) * 16
    assert sizeof([]).bytes == 64
    assert sizeof([1.5, 2.5, 3.5, 4.5]).bytes == 64 + 32 + 4 * 32
    assert sizeof(None).bytes == 16
    assert sizeof(bytearray(1000)).bytes == 64 + 1024


def test_only_plain_dicts_share_keys() -> None:
    """A subclass of dict is not taken for one whose keys belong to a class."""
    many = [OrderedDict(a=None) for _ in range(1001)]
    each = (sizeof(many).bytes - sizeof(many[:1] * 1001).bytes) / 1000
    assert sys.getsizeof(many[0]) <= each <= sys.getsizeof(many[0]) + 16


def test_shared_parts_count_once() -> None:
    """An object that is reached twice counts once, also in a cycle."""
    inner = [float(number) for number in range(1000)]
    assert grow(inner, inner) == 0
    circle: list[Any] = [inner, inner]
    circle[1] = circle
    assert sizeof(circle).bytes == sizeof([inner, inner]).bytes


def test_three_views_of_one_array() -> None:
    """An array and its views are one array."""
    array = np.ones(10_000_000)
    size = sizeof([array, array[1:], array.reshape(2, -1)])
    assert size.bytes == pytest.approx(array.nbytes, rel=0.001)
    assert size.exact


def test_a_hundred_slices_of_one_base() -> None:
    """Slices hold their base, once, even when it has no name."""
    base = np.ones((100, 100_000))
    slices = [base[row] for row in range(100)]
    nbytes = base.nbytes
    del base
    assert sizeof(slices).bytes == pytest.approx(nbytes, rel=0.001)
    assert sizeof(slices[0]).bytes == pytest.approx(nbytes, rel=0.001)


def test_frames() -> None:
    """A frame is its columns, in pandas and in polars."""
    columns = {"a": np.ones(10_000_000), "b": np.ones(10_000_000)}
    frame = pd.DataFrame(columns)
    assert sizeof(frame).bytes == pytest.approx(160_000_000, rel=0.001)
    assert sizeof(frame).exact
    other = pl.DataFrame({"a": columns["a"]})
    assert sizeof(other).bytes == pytest.approx(80_000_000, rel=0.001)


def test_polars_shares() -> None:
    """A column that two frames of polars share counts once."""
    frame = pl.DataFrame({"a": np.arange(100_000), "b": ["long enough"] * 100_000})
    more = frame.with_columns(c=pl.lit(1))
    assert sizeof([frame, more]).bytes < sizeof(frame).bytes * 1.6


@pytest.mark.parametrize(
    ("values", "dtype", "n_bytes"),
    [
        ([1, 2, None], pl.Int16, 6 + 1),
        ([True, False, None], pl.Boolean, 1 + 1),
        (["x" * 100, "short", None], pl.String, 3 * 16 + 1 + 100 + 8),
        ([b"x" * 100, None], pl.Binary, 2 * 16 + 1 + 100 + 8),
        ([[1, 2], [3], None], pl.List(pl.Int64), 4 * 8 + 1 + 3 * 8),
        ([[1.0, 2.0], [3.0, 4.0]], pl.Array(pl.Float64, 2), 4 * 8),
        ([{"a": 1, "b": "x"}], pl.Struct({"a": pl.Int64, "b": pl.String}), 8 + 16),
        ([1, 2], pl.Datetime("us"), 2 * 8),
        ([1, 2], pl.Date, 2 * 4),
        ([1, 2], pl.Duration("ms"), 2 * 8),
        ([None, None], pl.Null, 0),
    ],
)
def test_polars_types(values: list[Any], dtype: Any, n_bytes: int) -> None:
    """Each type of polars is understood, by what Arrow says of its layout."""
    size = sizeof(pl.Series("s", values, dtype=dtype, strict=False))
    bare = sizeof(pl.Series("s", [], dtype=pl.Null))
    # Validity and padding may be there or not.
    assert n_bytes - 9 <= size.bytes - bare.bytes <= n_bytes + 64


def test_what_polars_hides() -> None:
    """Plans, series of Python objects, and slices are reported as hiding memory."""
    assert not sizeof(pl.Series([1.5] * 1000).slice(10, 1)).exact
    assert not sizeof(pl.DataFrame({"a": [1.5] * 1000}).head(1)).exact
    assert not sizeof(pl.LazyFrame({"a": [1]})).exact
    assert not sizeof(pl.Series([object()], dtype=pl.Object)).exact


def test_pyarrow_slices() -> None:
    """A slice holds its whole table, and a dictionary counts."""
    table = pa.table({"a": pa.array(np.ones(1_000_000))})
    assert sizeof(table.slice(10, 1)).bytes > 8_000_000
    assert grow(table, table.slice(5)) < 1000
    words = pa.array(["word " * 100] * 10).dictionary_encode()
    assert sizeof(words).bytes > 500
    batch = table.to_batches()[0]
    assert grow(table, batch) < 1000
    assert grow(table, table["a"].chunk(0).buffers()[1]) < 1000


def test_structured_objects() -> None:
    """Objects in the fields of an array count."""
    array = np.empty(1000, dtype=[("a", "i4"), ("b", object)])
    array["b"] = [float(number) for number in range(1000)]
    assert sizeof(array).bytes > 1000 * (12 + 32)


def test_strings_that_numpy_hides() -> None:
    """Long strings of numpy's own type are reported as hidden."""
    if not hasattr(np, "dtypes") or not hasattr(np.dtypes, "StringDType"):
        pytest.skip("this numpy has no such type")
    array = np.array(["x" * 1000], dtype=np.dtypes.StringDType())
    assert not sizeof(array).exact


def test_memory_of_others() -> None:
    """An array over a buffer does not count as a second copy."""
    data = bytes(MIB)
    assert grow(data, np.frombuffer(data, np.uint8)) < 300
    view = memoryview(data)
    assert grow(data, view) < 1000
    table = pa.array(np.ones(100_000))
    assert grow(table, table.to_numpy()) < 300


def test_program_does_not_count() -> None:
    """Modules, classes, and the modules of functions do not count."""
    assert sizeof(np).bytes < 1000
    assert sizeof([np, int, Size, print]).bytes < 1000
    assert sizeof(test_frames).bytes < 1000
    assert sizeof(io).bytes < 1000


def test_modules_are_not_read_for_small_objects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The thousands of modules are read only if a walk could end at one of them."""
    looks: list[str] = []

    def read() -> list[Any]:
        looks.append("at all")
        return []

    monkeypatch.setattr(walk, "read_module_ends", read)
    for value in ([1, 2.5, "text"], np.arange(5), np.array(["a", None], dtype=object)):
        sizeof(value)
    assert not looks
    sizeof({"a": 1})
    assert looks


def test_closures_and_generators() -> None:
    """Objects held by a function or a generator count."""
    floats = [float(number) for number in range(10_000)]

    def read() -> float:
        return floats[0]

    generator = (number for number in list(floats))
    for value in (read, generator, [read], lambda x=floats: x):
        assert sizeof(value).bytes >= 400_000


@dataclass
class Record:
    """A dataclass."""

    values: list[float]


class Slotted:
    """A class with slots."""

    __slots__ = ("values",)

    def __init__(self, values: list[float]) -> None:
        self.values = values


def test_instances() -> None:
    """Referents of attributes and slots count, and no ``__dict__`` is created."""
    floats = [float(number) for number in range(10_000)]
    for value in (Record(floats), Slotted(floats)):
        assert 400_000 < sizeof(value).bytes < 410_000


class Hostile:
    """An object that raises on every access."""

    def __init__(self) -> None:
        object.__setattr__(self, "held", [1.5] * 1000)

    def _refuse(self, *_: Any) -> Any:
        message = "nobody may ask"
        raise RuntimeError(message)

    __getattribute__ = __getattr__ = __sizeof__ = __len__ = __iter__ = _refuse
    __repr__ = __hash__ = __eq__ = __bool__ = __setattr__ = _refuse
    nbytes = shape = property(_refuse)
    __class__ = property(_refuse)


class HostileMeta(type):
    """A class that raises on every access."""

    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError(name)


class HostileList(list[Any]):
    """A list that lies."""

    def __len__(self) -> int:
        raise RuntimeError

    def __iter__(self) -> Any:
        raise RuntimeError

    def __sizeof__(self) -> int:
        return 10**15


class HostileArray(np.ndarray):
    """An array that lies."""

    @property
    def base(self) -> Any:
        """Raise."""
        raise RuntimeError

    @property
    def nbytes(self) -> Any:
        """Raise."""
        raise RuntimeError

    def __getitem__(self, _: Any) -> Any:
        raise RuntimeError


@pytest.mark.parametrize("exact", [True, False])
def test_no_code_of_the_user_runs(exact: bool) -> None:
    """Objects that raise or lie are sized correctly."""
    hostile_class: Any = HostileMeta("HostileClass", (), {})
    list_ = HostileList([float(number) for number in range(1000)])
    cases: list[tuple[Any, int, int]] = [
        (Hostile(), 8_000, 9_000),
        # The first object of a class has room for 29 attributes.
        (object.__new__(hostile_class), 16, 400),
        (list_, 40_000, 50_000),
        (np.ones(1000).view(HostileArray), 8_000, 9_000),
        (weakref.proxy(list_), 50, 200),
    ]
    for value, least, most in cases:
        assert least <= sizeof(value, exact=exact).bytes <= most


class ComparingMeta(type):
    """A metaclass whose comparison and hash are code."""

    ran: ClassVar[list[str]] = []

    def __eq__(cls, _: object) -> bool:
        cls.ran.append("eq")
        raise RuntimeError

    def __hash__(cls) -> int:
        cls.ran.append("hash")
        raise RuntimeError


@pytest.mark.parametrize("exact", [True, False])
def test_classes_are_not_compared(exact: bool) -> None:
    """Neither a metaclass's comparison nor its hash runs, whatever holds the object."""
    kind: Any = type.__new__(ComparingMeta, "Thing", (), {})
    things = [object.__new__(kind) for _ in range(3000)]
    ComparingMeta.ran.clear()
    mixed = [things, 1.5, "a", {"thing": things[0]}, {1: things[1]}]
    assert sizeof(mixed, exact=exact).bytes > 3000 * 48
    assert read_shape(things[0]) is None
    holders(things[0], budget_s=0.5)
    assert ComparingMeta.ran == []


def test_a_class_that_claims_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class that names a library imports nothing, and no fake module is accessed."""

    class Fake:
        def __getattr__(self, name: str) -> Any:
            pytest.fail(f"accessed {name}")

    claimed = type("Tensor", (), {"__module__": "torch"})
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert sizeof(claimed()).bytes < 500
    assert "torch" not in sys.modules
    monkeypatch.setitem(sys.modules, "torch", Fake())
    assert sizeof(claimed()).bytes < 500


def test_files_in_memory() -> None:
    """The buffers of in-memory files count, both when written and when read."""
    text, data = io.StringIO(), io.BytesIO(b"x" * MIB)
    for number in range(1000):
        text.write(str(number) + "x" * 1000)
    assert sizeof(text).bytes >= 1_000_000
    text.seek(0)
    text.read(1)
    assert sizeof(text).bytes >= 4_000_000
    assert MIB < sizeof(data).bytes < MIB + 1000
    whole = data.getvalue()
    assert grow(data, whole) == 0
    assert MIB < sizeof(data.getbuffer()).bytes < MIB + 2000


def test_keys_that_the_collector_does_not_show() -> None:
    """Strings that are keys of a dict count, however short the dict."""
    rows = [{f"the key of number {number}": None} for number in range(1000)]
    assert sizeof(rows).bytes > sizeof([{"a": None} for _ in rows]).bytes + 64_000


def test_parts_that_the_collector_does_not_visit() -> None:
    """The parts of ranges, times and rows count though the collector skips them."""
    zone = timezone(timedelta(hours=1), "x" * 1000)
    assert sizeof(range(10**1000, 10**1000 + 5)).bytes > 800
    assert sizeof(datetime(2020, 1, 1, tzinfo=zone)).bytes > 1000
    rows = np.ones(1000, [("a", "f8")])
    assert sizeof(rows[3]).bytes > 8000


class Pair(NamedTuple):
    """Three fields; a subclass of tuple is allocated with one item more."""

    a: Any
    b: Any
    c: Any


class SlotsAndMore:
    """A slot beside attributes."""

    __slots__ = ("__dict__", "a")

    def __init__(self) -> None:
        self.a = None


class Attributes:
    """No slots; no other test makes objects of it, which would have less capacity."""


class Listed(list[Any]):
    """A list with attributes."""


def test_layouts() -> None:
    """The allocated bytes beyond the request count, for each kind of class."""
    assert sizeof(Pair(None, None, None)).bytes == 80 + sizeof(None).bytes
    listed, plain = Listed([None] * 1000), [None] * 1000
    assert sizeof(listed).bytes < sizeof(plain).bytes + 200
    assert sizeof(SlotsAndMore()).bytes < sizeof(Attributes()).bytes + 50
    assert sizeof(deque([None] * 6400)).bytes >= 100 * 544


@pytest.mark.parametrize(
    "value",
    [
        zlib.compressobj(),
        zlib.decompressobj(),
        lzma.LZMACompressor(preset=0),
        csv.reader(["a"]),
        csv.writer(io.StringIO()),
        pickle.Pickler(io.BytesIO()),
        sqlite3.connect(":memory:"),
        pa.scalar("text"),
        np.nditer(np.ones(3)),
        pl.col("a"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_hides(value: Any) -> None:
    """A type written in C is marked unless its memory is known."""
    size = sizeof(value)
    assert not size.exact
    assert size.opaque
    if isinstance(value, sqlite3.Connection):
        value.close()


def test_what_hides_little() -> None:
    """Hidden memory below a page, or a hundredth of the size, is not marked."""
    zone = ZoneInfo("Europe/Berlin")
    assert not sizeof(zone).exact
    assert sizeof([zone, "x" * 5_000_000]).exact
    assert sizeof(hashlib.sha256(b"x")).exact
    assert not sizeof([hashlib.sha256(b"x") for _ in range(100)]).exact


def test_what_is_closed() -> None:
    """Closed files and released buffers are small, and raise no error."""
    mapped = mmap.mmap(-1, MIB)
    mapped.close()
    view = memoryview(bytearray(MIB))
    view.release()
    file = io.BytesIO(b"x" * MIB)
    file.close()
    for value in (mapped, view, file):
        assert sizeof(value).bytes < 1000


def test_a_proxy_is_what_it_wraps() -> None:
    """A proxy counts with the object that it wraps."""
    wrapt = pytest.importorskip("wrapt")
    size = sizeof(wrapt.ObjectProxy([1.5] * 1000))
    assert size.bytes > 8000


class Handle:
    """An object whose memory Python does not see."""


def test_sizer() -> None:
    """A type with a sizer of the user is sized by it, and marked if it raises."""

    @sizer(Handle)
    def size_handle(_: Handle) -> int:
        return 1_000_000

    try:
        assert sizeof([Handle(), Handle()]).bytes > 2_000_000

        @sizer(Handle)
        def size_parts(_: Handle) -> Parts:
            message = "the handle is closed"
            raise ValueError(message)

        size = sizeof(Handle())
        assert size.opaque == (f"{__name__}.Handle",)
        assert not size.exact
    finally:
        registry._by_type.pop(id(Handle))


def test_sizer_with_buffers() -> None:
    """Blocks that two objects share count once, on their device."""
    blocks = {
        "a": Buffer(address=1 << 40, bytes=1000),
        "b": Buffer(address=(1 << 40) + 500, bytes=1000),
        "c": Buffer(address=1 << 40, bytes=10, device="npu:0"),
    }

    @sizer(Handle)
    def size_handle(handle: Any) -> Parts:
        return Parts(own_bytes=64, buffers=(blocks[handle.name],))

    handles = [Handle() for _ in blocks]
    for handle, name in zip(handles, blocks, strict=True):
        handle.name = name  # type: ignore[attr-defined]
    try:
        size = sizeof(handles)
        plain = sizeof([Record([]) for _ in blocks]).bytes
        assert size.elsewhere == {"npu:0": 10}
        assert abs(size.bytes - plain - 1500) < 600
        assert size.device == "RAM"
    finally:
        registry._by_type.pop(id(Handle))


def test_sizer_of_no_type() -> None:
    """A sizer for something that is not a type is rejected with a remedy."""
    with pytest.raises(MemkitError, match=r"write @sizer\(MyType\)"):
        sizer(3)


COMMON = [float(number) for number in range(100_000)]
WORDS = [f"the word of number {number}" for number in range(5000)]
ALIASED = [float(number) for number in range(100_000)]

MAKERS: dict[str, Callable[[], Any]] = {
    "list": lambda: [float(number) for number in range(50_000)],
    "tuple": lambda: tuple(float(number) for number in range(50_000)),
    "dict": lambda: {number: float(number) for number in range(50_000)},
    "ordered": lambda: OrderedDict.fromkeys(range(300, 50_000), 1.5),
    "counter": lambda: Counter(range(300, 50_000)),
    "set": lambda: {str(number) for number in range(50_000)},
    "deque": lambda: deque(float(number) for number in range(50_000)),
    "rows": lambda: [{"a": i, "b": [i, i + 1.5], "c": str(i)} for i in range(50_000)],
    "instances": lambda: [Record([float(i)]) for i in range(50_000)],
    "arrays": lambda: [np.ones(20) for _ in range(20_000)],
    "objects": lambda: np.array([str(i) for i in range(50_000)], dtype=object),
    "nested": lambda: [[[float(i * j)] * 3 for i in range(100)] for j in range(300)],
    "columns": lambda: {k: [float(i) for i in range(1000)] for k in range(300)},
    "runs": lambda: [word for word in WORDS for _ in range(30)],
    "common": lambda: [{"i": i, "all": COMMON} for i in range(20_000)],
    "words": lambda: [WORDS[i * 7919 % 5000] for i in range(200_000)],
    "aliased": lambda: list(ALIASED),
}


GIANT = "x" * 20_000_000


def make_tailed_parts() -> list[bytes]:
    """Make parts whose lengths follow a Pareto distribution."""
    draw = random.Random(1).paretovariate
    return [bytes(int(20 * draw(1.05))) for _ in range(100_000)]


TAILED: dict[str, Callable[[], Any]] = {
    "a few arrays": lambda: [None] * 99_999 + [np.ones(2_000_000)] + [None] * 99_999,
    "a text in a dict": lambda: {i: str(i) for i in range(50_000)} | {5: GIANT},
    "a text in a row": lambda: [{"id": i} for i in range(50_000)] + [{"id": GIANT}],
    "an attribute": lambda: [*(Handle() for _ in range(50_000)), Record([0.5] * 10**6)],
    "a view": lambda: [*((i,) for i in range(50_000)), (np.ones(10**6)[3:5],)],
    "in a set": lambda: {str(i) for i in range(50_000)} | {GIANT},
    "in an array": lambda: np.array([*map(str, range(50_000)), GIANT], dtype=object),
    "of all sizes": make_tailed_parts,
}


@pytest.mark.parametrize("name", TAILED)
def test_estimates_of_the_uneven(name: str) -> None:
    """A few large objects among many are found, and the stated error is true."""
    value = TAILED[name]()
    exact, estimate = sizeof(value).bytes, sizeof(value, exact=False)
    assert estimate.error_ratio is not None
    assert estimate.bytes == pytest.approx(exact, rel=estimate.error_ratio)


@pytest.mark.parametrize("name", MAKERS)
def test_estimates(name: str) -> None:
    """An estimate of a large container is close, says so, and says how close."""
    value = MAKERS[name]()
    exact, estimate = sizeof(value), sizeof(value, exact=False)
    assert estimate.bytes == pytest.approx(exact.bytes, rel=0.05)
    assert exact.exact
    assert not estimate.exact
    assert estimate.error_ratio is not None
    assert estimate.error_ratio < 0.1


def test_an_estimate_of_little_is_exact() -> None:
    """A measurement that needs no sample is exact, even with ``exact=False``."""
    value = [{"a": [number, str(number)]} for number in range(100)]
    assert sizeof(value, exact=False) == sizeof(value)


def test_budget() -> None:
    """When time is up the size is a lower bound, and says so."""
    value = [[float(number)] for number in range(1000)]
    size = sizeof(value, budget_s=0.0)
    assert not size.exact
    assert size.error_ratio is None
    assert size.bytes < sizeof(value).bytes


def test_many_objects() -> None:
    """Millions of objects are walked over, each counted once."""
    value = [[number] for number in range(1000, 501_000)]
    value += value
    expected = 64 + sys.getsizeof(value) - 56 + 500_000 * (80 + 32)
    # Pools of small objects have a header.
    assert sizeof(value).bytes == pytest.approx(expected, rel=0.005)


def test_while_another_thread_changes_it() -> None:
    """A container that grows in the meantime is sized as before or as after."""
    value: dict[int, Any] = {number: [number] for number in range(100_000)}
    ended = threading.Event()

    def change() -> None:
        number = 100_000
        while not ended.is_set():
            value[number] = [number]
            value.pop(number - 50_000, None)
            number += 1

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for exact in (True, False):
            assert sizeof(value, exact=exact).bytes > 1_000_000
    finally:
        ended.set()
        thread.join()


def test_sizing_makes_no_garbage() -> None:
    """A measurement leaves nothing to the collector, and no reference behind."""
    value = [{"a": [1.5]}, np.ones(10), Record([2.5])]
    sizeof(value)
    before = sys.getrefcount(value[0])
    gc.collect()
    gc.disable()
    try:
        for exact in (True, False):
            sizeof(value, exact=exact)
        assert gc.collect() == 0
    finally:
        gc.enable()
    after = sys.getrefcount(value[0])
    assert after == before


def test_a_generator_that_is_advanced() -> None:
    """A generator that is advanced holds no more than before."""

    def count() -> Generator[int]:
        number = 1000
        while True:
            yield number
            number += 1

    numbers = count()
    next(numbers)
    before = sizeof(numbers).bytes
    next(numbers)
    assert sizeof(numbers).bytes == before


def test_slots_are_smaller() -> None:
    """An object with slots takes less than one with attributes."""
    assert sizeof(Slotted([])).bytes < sizeof(Record([])).bytes


def test_what_iterates() -> None:
    """Arrays, iterators and results of the system are sized with their contents."""
    numbers = array.array("i", [0] * 1000)
    assert 4000 <= sizeof(numbers).bytes < 4200
    assert sizeof(enumerate(numbers)).bytes > 4000
    assert sizeof(memoryview(numbers)[10:20]).bytes > 4000
    assert sizeof(Path(__file__).stat()).bytes > 100


def test_errors_with_tracebacks() -> None:
    """An error holds the variables of the functions that it went through."""

    def fail() -> None:
        block = bytearray(MIB)
        raise ValueError(len(block))

    with pytest.raises(ValueError, match=str(MIB)) as raised:
        fail()
    assert sizeof(raised.value).bytes > MIB
    raised.value.__traceback__ = None
    assert sizeof(raised.value).bytes < 1000
