"""Data sent there and back are equal, without extra copies, and are freed."""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_memkit.errors import IsolatedError
from jupyter_memkit.measure.peak import peak_meter
from jupyter_memkit.measure.proc_files import read_proc_file, read_size
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.techniques.processes import transfer
from jupyter_memkit.techniques.processes.calling import Call
from jupyter_memkit.techniques.processes.channel import N_PIECES, PIECE_BYTES
from jupyter_memkit.techniques.processes.process import ChildProcess, open_process

MIB = 1 << 20
LARGE_BYTES = 128 * MIB


def send_back(process: ChildProcess, value: Any) -> Any:
    """Send a value to a child, and return the value that it returns."""
    return Call(process).run(lambda same: same, (value,)).value


def make_frame() -> pd.DataFrame:
    """Create a frame with columns of various types."""
    n = np.arange(10_000)
    return pd.DataFrame(
        {
            "number": n,
            "text": n.astype(str),
            "kind": pd.Categorical(np.array(["a", "b"])[n % 2]),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(n, "D"),
        },
        index=pd.Index(n * 2, name="key"),
    )


def make_polars() -> pl.DataFrame:
    """Create a frame with types that Arrow has, and some that it does not have."""
    return pl.DataFrame(
        {
            "number": range(10_000),
            "text": [f"a text of some length {n}" for n in range(10_000)],
            "kind": pl.Series(["a", "b"] * 5_000, dtype=pl.Categorical),
            "choice": pl.Series(["a", "b"] * 5_000, dtype=pl.Enum(["a", "b"])),
            "pair": [{"x": n, "y": [n]} for n in range(10_000)],
        }
    )


def test_arrays(shared: ChildProcess) -> None:
    """Arrays of any layout are returned with their values, and are writable."""
    array = np.arange(1_200_000.0).reshape(3, 400, 1000)
    for each in (
        array,
        np.asfortranarray(array[0]),
        array[:, ::2],
        array[:0],
        array.astype(">i4"),
        array.astype(object)[0, :5],
        np.array(5),
    ):
        back = send_back(shared, each)
        np.testing.assert_array_equal(back, each)
        assert (back.dtype, back.flags.f_contiguous) == (
            each.dtype,
            each.copy("K").flags.f_contiguous,
        )
        back[...] = 0
    array.flags.writeable = False
    assert not send_back(shared, array).flags.writeable


@pytest.mark.parametrize("n_bytes", [0, 1, 65_535, 65_536, MIB, 2 * MIB, 13 * MIB + 1])
def test_sizes_of_buffers(shared: ChildProcess, n_bytes: int) -> None:
    """Buffers of all sizes are complete, whichever way they were sent."""
    array = np.random.default_rng(0).integers(0, 255, n_bytes, dtype=np.uint8)
    data = array.tobytes()
    back_array, back_data, number = send_back(shared, (array, data, 5))
    assert (back_array.tobytes(), back_data, number) == (data, data, 5)


def test_shared_objects(shared: ChildProcess) -> None:
    """Two references to one object are returned as references to one object."""
    array = np.zeros(MIB)
    first, second = send_back(shared, (array, array))
    assert first is second


def test_frames(shared: ChildProcess) -> None:
    """Frames of pandas, polars and Arrow are returned equal, including their types."""
    pandas = make_frame()
    pd.testing.assert_frame_equal(send_back(shared, pandas), pandas)
    polars = make_polars()
    for frame in (polars, polars[10:20], polars[:0]):
        back = send_back(shared, frame)
        assert back.schema == frame.schema
        assert back.equals(frame)
    table = pa.Table.from_pandas(pandas)
    assert send_back(shared, table).equals(table)


def test_many_objects(shared: ChildProcess) -> None:
    """Many objects without buffers are returned equal."""
    rows = [{"n": n, "text": str(n), "both": (n, n / 2)} for n in range(100_000)]
    assert send_back(shared, rows) == rows


def make_large(kind: str) -> Any:
    """Create a value of `LARGE_BYTES`, in a child."""
    n = LARGE_BYTES // 16
    numbers = np.arange(n)
    made: dict[str, Any] = {
        "array": lambda: np.ones(2 * n),
        "pandas": lambda: pd.DataFrame({"a": numbers, "b": numbers * 0.5}),
        "polars": lambda: pl.DataFrame({"a": numbers, "b": numbers * 0.5}),
        "arrow": lambda: pa.table({"a": numbers, "b": numbers * 0.5}),
        "bytes": lambda: b"x" * LARGE_BYTES,
    }
    return made[kind]()


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send the functions of this file by value, since a child cannot import it."""
    monkeypatch.setattr(make_large, "__module__", "__main__")


@pytest.mark.own_process(scope="module")
@pytest.mark.skipif(sys.platform != "linux", reason="exact peaks are Linux's")
@pytest.mark.parametrize("kind", ["array", "pandas", "polars", "arrow", "bytes"])
def test_peak_and_return(shared: ChildProcess, kind: str) -> None:
    """A returned value never exists twice, and its memory goes back on `del`."""
    # The first call loads the libraries and the memory that they keep.
    Call(shared).run(make_large, (kind,))
    watch = peak_meter().open()
    outcome = Call(shared).run(make_large, (kind,))
    peak = watch.close()
    assert outcome.received_bytes >= LARGE_BYTES
    in_transit_bytes = N_PIECES * PIECE_BYTES
    allowed_bytes = LARGE_BYTES + in_transit_bytes + 8 * MIB
    assert peak.peak_bytes - peak.before_bytes < allowed_bytes
    before_bytes = read_rss_bytes()
    del outcome
    assert before_bytes - read_rss_bytes() > 0.85 * LARGE_BYTES


@pytest.mark.own_process(scope="module")
@pytest.mark.skipif(sys.platform != "linux", reason="exact peaks are Linux's")
def test_peak_of_sending(shared: ChildProcess) -> None:
    """Sending a value does not copy it in this process."""
    array = np.ones(LARGE_BYTES // 8)
    data = b"x" * LARGE_BYTES
    # The first call loads the libraries.
    send_back(shared, array[:1])
    watch = peak_meter().open()
    call = Call(shared)
    assert call.run(lambda a, d: (a[-1], d[-1:]), (array, data)).value == (1, b"x")
    peak = watch.close()
    assert peak.peak_bytes - peak.before_bytes < 64 * MIB


def test_returned_memory_is_private(shared: ChildProcess) -> None:
    """The memory of a returned array is private to this process."""
    array = send_back(shared, np.zeros(4 * MIB))
    address = array.__array_interface__["data"][0]
    with open("/proc/self/maps") as maps:  # noqa: PTH123 - a system file
        lines = [line.split() for line in maps]
    for place, mode, *_ in lines:
        start, end = (int(each, 16) for each in place.split("-"))
        if start <= address < end:
            assert mode == "rw-p"


def test_no_room(shared: ChildProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value without room here is refused, and the child can take the next call."""

    def refuse(n_bytes: int) -> None:
        message = f"{n_bytes} is too much"
        raise IsolatedError(message)

    monkeypatch.setattr(transfer, "check_room", refuse)
    monkeypatch.setattr(transfer, "_LARGE_BYTES", LARGE_BYTES)
    with pytest.raises(IsolatedError, match=f"{LARGE_BYTES} is too much"):
        Call(shared).run(make_large, ("array",))
    assert send_back(shared, 1) == 1


def test_class_of_the_notebook(shared: ChildProcess) -> None:
    """An object of a class defined in the test is returned as one of that class."""

    class Point:
        def __init__(self, x: int) -> None:
            self.x = x

    back = send_back(shared, Point(5))
    assert isinstance(back, Point)
    assert back.x == 5


def test_functions_share_the_namespace(shared: ChildProcess) -> None:
    """Functions of the notebook read and set the child's own variables."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    code = """
rate = 2
def double(x): return x * rate
def change():
    global rate
    rate = 3
    return double(2)
"""
    exec(code, namespace)
    assert Call(shared, namespace=namespace).run(namespace["change"]).value == 6
    assert namespace["rate"] == 2
    call = Call(shared, namespace=namespace, left_out={"rate"})
    assert call.run(namespace["double"], (2,)).value == 6
    call = Call(shared, namespace=namespace)
    assert call.run(namespace["double"], (2,)).value == 4


def read_shared_bytes(*_sent: Any) -> int:
    """Return how much of this process's memory is shared with others."""
    return read_size(read_proc_file("/proc/self/status"), b"RssShmem:")


@pytest.mark.skipif(sys.platform != "linux", reason="the system counts it on Linux")
def test_shared_memory_is_given_back(process: ChildProcess) -> None:
    """The shared memory of a transfer is freed in both processes afterwards."""
    data = np.ones(8 * MIB)
    before = read_shared_bytes()
    assert Call(process).run(read_shared_bytes, (data,)).value < MIB
    assert send_back(process, data).sum() == data.size
    assert read_shared_bytes() - before < MIB


@pytest.mark.skipif(sys.platform != "linux", reason="the system counts it on Linux")
def test_shared_memory_of_a_refused_value(
    process: ChildProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent of a value for which there is no room is freed as well."""

    def refuse(_n_bytes: int) -> None:
        message = "too much"
        raise IsolatedError(message)

    monkeypatch.setattr(transfer, "check_room", refuse)
    monkeypatch.setattr(transfer, "_LARGE_BYTES", LARGE_BYTES)
    with pytest.raises(IsolatedError, match="too much"):
        Call(process).run(make_large, ("array",))
    assert Call(process).run(read_shared_bytes).value < MIB


def test_no_helper_process() -> None:
    """No resource tracker process is started."""
    with open_process() as process:
        send_back(process, np.zeros(4 * MIB))
        from multiprocessing import resource_tracker  # noqa: PLC0415 - to look at it

        assert resource_tracker._resource_tracker._pid is None  # type: ignore[attr-defined]
    assert not [t for t in threading.enumerate() if t.name.startswith("memkit")]
