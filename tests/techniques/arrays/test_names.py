"""Packing and shrinking variables: completely, or not at all."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.peak import peak_meter
from jupyter_memkit.techniques.allocator import release_unused
from jupyter_memkit.techniques.arrays.pack_names import pack_names
from jupyter_memkit.techniques.arrays.policy import Policy
from jupyter_memkit.techniques.arrays.shrink_names import shrink_names
from jupyter_memkit.techniques.variables.undo import undo_names
from tests.techniques.arrays.random_frames import assert_identical

MB = 1_000_000
ROWS = 500_000


def make_frame(n_rows: int = 1000) -> pd.DataFrame:
    """Return a frame whose blocks have several columns."""
    numbers = np.arange(n_rows)
    frame = pd.DataFrame(
        {
            "a": numbers % 50,
            "b": numbers % 7,
            "kept": numbers * 2**40,
            "c": numbers / 2,
            "d": numbers / 7,
            "boxed": pd.Series([1, None] * (n_rows // 2), dtype=object),
            "boxed too": pd.Series([True, None] * (n_rows // 2), dtype=object),
            "text": ["red", "blue"] * (n_rows // 2),
        }
    )
    frame.attrs["source"] = "made"
    return frame


def interrupt_at(count: int) -> Callable[[int], object]:
    """Return a progress callback that sends Ctrl-C at its nth call."""
    calls = 0

    def send(_done: int) -> None:
        nonlocal calls
        calls += 1
        if calls == count:
            signal.raise_signal(signal.SIGINT)

    return send


@pytest.mark.own_process
def test_peak() -> None:
    """Shrinking a frame needs at most one additional column of memory."""
    rng = np.random.default_rng(0)
    columns = {f"n{i}": rng.integers(0, 50, ROWS) for i in range(8)}
    columns |= {f"x{i}": rng.random(ROWS).astype("f4").astype("f8") for i in range(8)}
    mine = {"frame": pd.DataFrame(columns), "first": make_frame()}
    before = {name: each.copy() for name, each in columns.items() if name < "n2"}
    del columns
    shrink_names("first", namespace=mine)
    release_unused()
    watch = peak_meter().open()
    shrunk = shrink_names("frame", namespace=mine)
    peak = watch.close()
    if peak.exact:
        assert peak.peak_bytes - peak.before_bytes < ROWS * 8 + 4 * MB
        assert shrunk.freed_bytes is not None
        # The rest is a twelfth of one half and a half of the other.
        assert shrunk.freed_bytes > 0.9 * (shrunk.before_bytes - shrunk.after_bytes)
    for name, values in before.items():
        assert (mine["frame"][name].to_numpy() == values).all()


@pytest.mark.parametrize("count", range(1, 8))
def test_interrupted(count: int) -> None:
    """After Ctrl-C anywhere a frame is unchanged, even if it was taken apart."""
    mine: dict[str, Any] = {"frame": make_frame(), "numbers": np.arange(1000)}
    before = mine["frame"].copy()
    with pytest.raises(KeyboardInterrupt):
        shrink_names("numbers", "frame", namespace=mine, progress=interrupt_at(count))
    assert_identical(before, mine["frame"])
    assert mine["numbers"].dtype == np.int64


def test_interrupted_packing() -> None:
    """After Ctrl-C a list is still the same object, unchanged."""
    numbers, more = list(range(50_000)), list(range(50_000))
    mine: dict[str, Any] = {"numbers": numbers, "more": more}
    with pytest.raises(KeyboardInterrupt):
        pack_names("numbers", "more", namespace=mine, progress=interrupt_at(9))
    assert mine["numbers"] is numbers
    assert mine["more"] is more


def test_refused() -> None:
    """If one of several is refused, none is changed."""
    mine: dict[str, Any] = {"good": [1, 2], "bad": [1, None], "numbers": np.arange(9)}
    before = dict(mine)
    with pytest.raises(MemkitError, match=r"^bad was not changed: it contains None"):
        pack_names("good", "bad", namespace=mine)
    with pytest.raises(
        MemkitError, match=r"^bad was not changed: it has the type list"
    ):
        shrink_names("numbers", "bad", namespace=mine)
    with pytest.raises(
        MemkitError, match=r"no variable 'numers'; did you mean numbers"
    ):
        shrink_names("numbers", "numers", namespace=mine)
    assert all(mine[name] is each for name, each in before.items())


@pytest.mark.parametrize(
    ("into", "sentence"),
    [("two words", "is not a valid name"), ("class", "is not a valid name")],
)
def test_into_refused(into: str, sentence: str) -> None:
    """An invalid name is refused before anything is changed."""
    mine: dict[str, Any] = {"numbers": [1, 2]}
    with pytest.raises(MemkitError, match=sentence):
        pack_names("numbers", into=into, namespace=mine)
    assert mine == {"numbers": [1, 2]}


def test_into() -> None:
    """The result is assigned to another variable, and the list is kept."""
    mine: dict[str, Any] = {"numbers": [1, 2], "more": [3]}
    packed = pack_names("numbers", into="array", namespace=mine)
    assert (mine["numbers"], mine["array"].tolist()) == ([1, 2], [1, 2])
    assert packed.variables[0].into == "array"
    with pytest.raises(MemkitError, match="into works for one variable"):
        pack_names("numbers", "more", into="array", namespace=mine)


def test_two_names() -> None:
    """Two names of one object have one result."""
    numbers = list(range(100))
    mine: dict[str, Any] = {"a": numbers, "b": numbers}
    assert pack_names("a", "b", namespace=mine).variables[0].name == "a, b"
    assert mine["a"] is mine["b"]
    shrink_names("a", "b", namespace=mine)
    assert mine["a"] is mine["b"]
    undo_names("a", "b", namespace=mine)
    assert (mine["a"] is mine["b"], mine["a"].dtype) == (True, np.int64)


def test_shared_frame() -> None:
    """A frame that has other holders stays complete for them."""
    frame = make_frame()
    before, series = frame.copy(), frame["a"]
    mine = {"frame": frame}
    shrink_names("frame", namespace=mine)
    assert_identical(before, frame)
    del frame, mine
    assert (series == before["a"]).all()


def test_shared_column() -> None:
    """A column that has other holders keeps its values when the frame is freed."""
    frame = make_frame()
    series, view = frame["a"], frame["c"].to_numpy()[:10]
    mine = {"frame": frame}
    del frame
    shrink_names("frame", namespace=mine)
    assert series.tolist() == [number % 50 for number in range(1000)]
    assert view.tolist() == [number / 2 for number in range(10)]


def test_foreign_memory() -> None:
    """Memory that the frame does not own, such as a tensor's, is not freed."""
    buffer = bytearray(np.arange(2 * ROWS).tobytes())
    block = np.ndarray((2, ROWS), np.int64, buffer)
    mine = {"frame": pd.DataFrame(block.T, copy=False)}
    del block
    shrink_names("frame", namespace=mine)
    assert mine["frame"].dtypes.tolist() == [np.int32, np.int32]
    assert np.frombuffer(buffer, np.int64).tolist() == list(range(2 * ROWS))


def test_undo() -> None:
    """Undo restores the dtypes, or the original object if it still exists."""
    frame = make_frame()
    before = frame.copy()
    mine: dict[str, Any] = {"frame": frame}
    del frame
    shrink_names("frame", namespace=mine)
    assert undo_names("frame", namespace=mine).ways == {"frame": "converted"}
    assert_identical(before, mine["frame"])
    mine["numbers"] = numbers = np.arange(1000)
    shrink_names("numbers", namespace=mine)
    assert undo_names("numbers", namespace=mine).ways == {"numbers": "original"}
    assert mine["numbers"] is numbers


@pytest.mark.parametrize(
    "make",
    [
        lambda i: np.float32(i / 3),
        np.int64,
        lambda i: np.datetime64(i, "ns"),
        lambda i: np.timedelta64(i, "ns"),
        dt.date.fromordinal,
        lambda i: b"%d" % i,
    ],
    ids=lambda make: type(make(1)).__name__,
)
def test_undo_of_objects(make: Callable[[int], Any]) -> None:
    """Undo restores the objects of an array with their types, and that it is fixed."""
    array = np.array([[make(i)] for i in range(1, 1000)], dtype=object)
    mine: dict[str, Any] = {"array": array.copy()}
    mine["array"].flags.writeable = False
    shrink_names("array", namespace=mine)
    assert mine["array"].dtype != object
    assert undo_names("array", namespace=mine).ways == {"array": "converted"}
    found = mine["array"]
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert list(map(type, found.flat)) == list(map(type, array.flat))
    assert list(found.flat) == list(array.flat)
    assert not found.flags.writeable


@pytest.mark.parametrize(
    "make",
    [
        lambda i: dt.datetime(2026, 1, 1) + dt.timedelta(i),  # noqa: DTZ001 - as some are
        lambda i: dt.datetime.fromtimestamp(i, dt.timezone(dt.timedelta(0), "mine")),
        lambda i: dt.datetime.fromtimestamp(i, ZoneInfo("Europe/Berlin")),
        lambda i: pd.Timestamp(i, unit="s", tz="Europe/Berlin"),
        lambda i: f"text {i % 9}",
        lambda i: i,
    ],
    ids=lambda make: f"{type(make(1)).__name__}-{getattr(make(1), 'tzinfo', None)}",
)
def test_undo_of_a_series(make: Callable[[int], Any]) -> None:
    """Undo restores the objects of a Series with their types, its attrs and flags."""
    values = [make(i) if i % 3 else None for i in range(1000)]
    series = pd.Series(values, dtype=object, name="x")
    series.attrs["source"] = "made"
    series.flags.allows_duplicate_labels = False
    mine = {"series": series}
    before = series.copy()
    del series
    shrink_names("series", namespace=mine)
    assert mine["series"].dtype != object
    assert undo_names("series", namespace=mine).ways == {"series": "converted"}
    found = mine["series"]
    assert_identical(before.to_frame(), found.to_frame())
    assert (found.attrs, found.flags) == (before.attrs, before.flags)
    zones = [[getattr(each, "tzinfo", None) for each in it] for it in (before, found)]
    assert zones[0] == zones[1]


def test_undo_refused() -> None:
    """A value that was not shrunk, or rounded without its original, is refused."""
    mine: dict[str, Any] = {"numbers": np.arange(9), "prices": np.arange(99) / 7}
    with pytest.raises(MemkitError, match="was not shrunk with %shrink"):
        undo_names("numbers", namespace=mine)
    shrink_names("prices", policy=Policy(float32=True), namespace=mine)
    with pytest.raises(MemkitError, match="rounding cannot be undone"):
        undo_names("prices", namespace=mine)
    mine["frame"] = make_frame()
    shrink_names("frame", namespace=mine)
    for column in list(mine["frame"].columns[1:]):
        del mine["frame"][column]
    with pytest.raises(MemkitError, match="has been modified since it was shrunk"):
        undo_names("frame", namespace=mine)


def test_rounded_frame() -> None:
    """A frame is restored if rounding it is interrupted."""
    mine = {"frame": make_frame(), "more": make_frame()}
    before = mine["frame"].copy()
    policy = Policy(float32=True)
    with pytest.raises(KeyboardInterrupt):
        shrink_names(
            "frame", "more", policy=policy, namespace=mine, progress=interrupt_at(12)
        )
    assert_identical(before, mine["frame"])
    shrunk = shrink_names("frame", policy=policy, namespace=mine)
    notes = [part.note for part in shrunk.variables[0].parts if part.label == "d"]
    assert notes[0].startswith("rounded: off by at most")


def test_dry_run() -> None:
    """A dry run reports what shrinking would do, and changes nothing."""
    frame = make_frame()
    mine: dict[str, Any] = {"frame": frame, "numbers": np.arange(1000)}
    dry = shrink_names("frame", "numbers", dry_run=True, namespace=mine)
    assert mine["frame"] is frame
    del frame
    done = shrink_names("frame", "numbers", namespace=mine)
    for planned, made in zip(dry.variables, done.variables, strict=True):
        for expected, part in zip(planned.parts, made.parts, strict=True):
            assert (part.label, part.after_dtype) == (
                expected.label,
                expected.after_dtype,
            )
            # An array keeps some more bytes after a library has requested its buffer.
            assert part.after_bytes == pytest.approx(expected.after_bytes, abs=256)
    assert dry.variables[1].after_type == done.variables[1].after_type
    assert (dry.freed_bytes, dry.dry_run) == (None, True)


def test_held(bare_shell: InteractiveShell) -> None:
    """Outputs with the list are removed, and its other holders are reported."""
    bare_shell.run_cell("numbers = [float(n) for n in range(200_000)]")
    bare_shell.run_cell("numbers", store_history=True)
    packed = pack_names("numbers", shell=bare_shell)
    assert packed.variables[0].held == ()
    assert any(copy.startswith("Out[") for copy in packed.copies)
    bare_shell.run_cell("more = {'kept': [float(n) for n in range(200_000)]}")
    bare_shell.run_cell("numbers = more['kept']")
    packed = pack_names("numbers", shell=bare_shell)
    assert packed.variables[0].held == ("more['kept']",)


def test_memory_of_a_list() -> None:
    """After packing a list only its array is left, to five per cent."""
    code = """
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.techniques.arrays.pack_names import pack_names
pack_names("warm", namespace={"warm": [number / 7 for number in range(200_000)]})
empty = read_rss_bytes()
mine = {"numbers": [number / 7 for number in range(6_000_000)]}
pack_names("numbers", namespace=mine)
print((read_rss_bytes() - empty) / mine["numbers"].nbytes)
"""
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 0.95 < float(ended.stdout) < 1.05


def test_lists_that_were_refused(shell: InteractiveShell) -> None:
    """A refusal keeps nothing alive: the list is freed with its name."""
    # Lists do not support weak references.
    shell.user_ns["values"] = deque([1.0, None])
    reference = weakref.ref(shell.user_ns["values"])
    assert shell.run_cell("%to_numpy values").error_in_exec is not None
    shell.run_cell("%to_numpy values --missing nan").raise_error()
    assert reference() is None
