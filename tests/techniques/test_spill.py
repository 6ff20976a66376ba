"""Values on disk: unchanged, with their memory freed, and nothing left behind."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit import spill, temporary_folders, unspill
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.file_lock import lock_file
from jupyter_memkit.measure.process import ProcProbe, read_rss_bytes
from jupyter_memkit.techniques.spilling import folders, sharing, values
from jupyter_memkit.techniques.spilling.files import find_file, list_files
from jupyter_memkit.techniques.spilling.kinds import arrays_of, is_spilled
from jupyter_memkit.techniques.spilling.listing import list_spilled
from jupyter_memkit.techniques.spilling.parts import BufferLayout
from jupyter_memkit.techniques.spilling.variables import (
    spill_variables,
    unspill_variables,
)

# The searches of a fresh process visit fewer objects.
pytestmark = [pytest.mark.own_process(scope="module"), pytest.mark.traced_children]

MIB = 1024 * 1024

linux = pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits")


@pytest.fixture(autouse=True)
def disk(disk: Path) -> Iterator[Path]:
    """The folder for temporary files, which must be empty after each test."""
    yield disk
    folders.remove_folders()
    assert list(disk.iterdir()) == []


def left_on(disk: Path) -> list[Path]:
    """Return the existing files of values."""
    return list(disk.glob("*/*.bin"))


def read_only() -> np.ndarray:
    """Return an array that cannot be written to."""
    array = np.arange(1000)
    array.flags.writeable = False
    return array


ARRAYS: dict[str, Callable[[], np.ndarray]] = {
    "floats": lambda: np.linspace(0, 1, 1000),
    "columns first": lambda: np.asfortranarray(np.arange(600).reshape(20, 30)),
    "spread": lambda: np.arange(600).reshape(20, 30)[::2, ::3],
    "backwards": lambda: np.arange(600)[::-1],
    "repeated": lambda: np.broadcast_to(np.arange(5), (4, 5)),
    "one": lambda: np.array(1.5),
    "records": lambda: np.array([(1, 2.5, b"ab")], dtype="i4,f8,S2"),
    "times": lambda: np.array(["2013-01-01", "NaT"], "datetime64[ns]"),
    "texts": lambda: np.array(["a", "bcd"]),
    "other byte order": lambda: np.arange(9, dtype=">i4"),
    "read-only": read_only,
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_arrays(kind: str) -> None:
    """An array keeps its type, order and flags on disk and back."""
    array = ARRAYS[kind]()
    spilled = spill(array)
    back = unspill(spilled)
    assert (is_spilled(array), is_spilled(spilled), is_spilled(back)) == (0, 1, 0)
    for moved in (spilled, back):
        assert type(moved) is np.ndarray
        assert (moved.dtype, moved.shape) == (array.dtype, array.shape)
        assert moved.flags.writeable == array.flags.writeable
        assert moved.flags.f_contiguous == array.flags.f_contiguous
        np.testing.assert_array_equal(moved, array)


def flights() -> pd.DataFrame:
    """Return a frame of several types."""
    frame = pd.DataFrame(
        {
            "day": pd.date_range("2013-01-01", periods=100),
            "delay": np.linspace(-5, 90, 100),
            "flight": np.arange(100),
            "late": np.arange(100) % 3 == 0,
            "hours": np.arange(100) + 0.5,
        }
    )
    frame.attrs["source"] = "a test"
    return frame


FRAMES: dict[str, Callable[[], Any]] = {
    "mixed": flights,
    "times as index": lambda: flights().set_index("day"),
    "two levels": lambda: flights().set_index(["flight", "late"])[["delay", "hours"]],
    "names twice": lambda: pd.DataFrame(np.ones((3, 2)), columns=["a", "a"]),
    "texts as index": lambda: pd.DataFrame({"a": [1, 2]}, index=["x", "y"]),
    "part": lambda: flights().iloc[10:20],
    "series": lambda: flights()["delay"],
}


@pytest.mark.parametrize("kind", FRAMES)
def test_frames(kind: str) -> None:
    """A frame is unchanged on disk and back, with all its numbers on disk."""
    frame = FRAMES[kind]()
    spilled = spill(frame)
    assert all(find_file(array) for array in arrays_of(spilled))
    back = unspill(spilled)
    assert not is_spilled(back)
    for moved in (spilled, back):
        assert type(moved) is type(frame)
        assert moved.equals(frame)
        assert moved.index.equals(frame.index)
        assert moved.attrs == frame.attrs


def test_objects_stay_the_same() -> None:
    """Labels and attrs of a frame are the same objects, also if pickle refuses them."""
    row, column, unit = object(), object(), lambda: "EUR"
    frame: Any = pd.DataFrame(np.ones((1, 2)), index=[row], columns=[column, "b"])
    frame.attrs["unit"] = unit
    spilled = spill(frame)
    for moved in (spilled, unspill(spilled)):
        assert moved.loc[row, column] == 1
        assert moved.attrs["unit"] is unit


def test_frames_stay_on_disk() -> None:
    """Computing with pandas does not move a frame back; changes go to the file."""
    frame = spill(flights())
    frame.describe()
    frame.groupby("late").delay.sum()
    frame.loc[3, "delay"] = 77.0
    assert frame.loc[3, "delay"] == 77.0
    assert all(find_file(array) for array in arrays_of(frame))


@pytest.mark.own_process
@linux
def test_memory_comes_back() -> None:
    """The memory is returned to the system, and the move itself needs almost none."""
    names = {"numbers": np.ones(25_000_000)}
    spill(np.ones(10))
    probe = ProcProbe()
    if not probe.reset_high_water():
        pytest.skip("the high-water mark cannot be reset here")
    before_bytes = read_rss_bytes()
    spilled = spill_variables("numbers", namespace=names)
    assert probe.read_high_water_bytes() - before_bytes < 16 * MIB
    assert abs(spilled.freed_bytes - 200_000_000) < 10 * MIB
    assert before_bytes - read_rss_bytes() > 150_000_000
    assert spilled.file_bytes == 200_000_000
    assert names["numbers"].sum() == 25_000_000
    probe.reset_high_water()
    unspill_variables("numbers", namespace=names)
    assert not is_spilled(names["numbers"])


def test_views_move_along() -> None:
    """Arrays that share memory share it on disk and back, in one file."""
    whole = np.arange(1000)
    names: dict[str, Any] = {"whole": whole, "same": whole, "part": whole[10:20:2]}
    del whole
    spilled = spill_variables("part", namespace=names)
    assert spilled.along == ("whole", "same")
    assert spilled.file_bytes == 8000
    for move in (lambda: None, lambda: unspill_variables("same", namespace=names)):
        move()
        assert names["same"] is names["whole"]
        names["part"][0] += 1
        assert names["whole"][10] == names["part"][0]
    assert list_files() == []


def test_each_has_its_own_file(disk: Path) -> None:
    """Variables that do not share memory are moved and freed separately."""
    names: dict[str, Any] = {"a": np.ones(1000), "b": np.ones(500), "frame": flights()}
    steps: list[tuple[int, int]] = []
    spilled = spill_variables(
        *names, namespace=names, progress=lambda *done: steps.append(done)
    )
    assert (len(spilled.paths), spilled.along) == (3, ())
    assert steps[-1] == (spilled.file_bytes, spilled.file_bytes)
    back = unspill_variables("a", namespace=names)
    assert (back.along, back.file_bytes, is_spilled(names["b"])) == ((), 8000, True)
    del names["b"]
    assert len(left_on(disk)) == 1


@pytest.mark.own_process
def test_a_small_view_leaves_its_base() -> None:
    """If the base has no name, only the view's part is written."""
    names = {"part": np.ones((1_000_000, 4))[:, 0]}
    spilled = spill_variables("part", namespace=names)
    assert spilled.file_bytes == 8_000_000
    if sys.platform == "linux":
        assert spilled.freed_bytes > 30_000_000


def test_other_holders(disk: Path, bare_shell: InteractiveShell) -> None:
    """If something else uses the memory, it is named, and nothing is moved."""
    bare_shell.run_cell("import numpy as np\na = np.ones(1000)\nkept = {'k': [a[5:]]}")
    array = bare_shell.user_ns["a"]
    searched: list[int] = []
    with pytest.raises(MemkitError, match=r"^kept\['k'\]\[0\].* uses the memory of a,"):
        spill_variables("a", shell=bare_shell, search_progress=searched.append)
    assert searched
    assert bare_shell.user_ns["a"] is array
    assert left_on(disk) == []


@pytest.mark.usefixtures("disk")
@pytest.mark.parametrize(
    "code",
    [
        "it = bytearray(1_600_000); a = np.frombuffer(it)",
        "b = bytearray(1_600_000); a = np.frombuffer(b); it = lambda b=b: b; del b",
        "it = memoryview(bytearray(1_600_000)); a = np.asarray(it)",
        "it = (ctypes.c_double * 200_000)(); a = np.ctypeslib.as_array(it)",
        "b = np.ones(200_000); a = np.from_dlpack(b); it = [b]; del b",
        "it = pa.array(np.ones(200_000)); a = it.to_numpy()",
        "a = np.ones(200_000); it = pa.py_buffer(a)",
        "it = pl.Series(np.ones(200_000)); a = it.to_numpy()",
        "a = np.ones(200_000); it = pl.Series(a)",
        "it = bytearray(1_600_000); a = pd.Series(np.frombuffer(it), copy=False)",
    ],
)
def test_memory_of_others(bare_shell: InteractiveShell, code: str) -> None:
    """Memory that a buffer or another library uses too is not moved."""
    bare_shell.run_cell("import ctypes, numpy as np, pandas as pd")
    bare_shell.run_cell("import polars as pl, pyarrow as pa")
    bare_shell.run_cell(code).raise_error()
    value = bare_shell.user_ns["a"]
    with pytest.raises(MemkitError, match=r"^it also uses the memory of a,"):
        spill_variables("a", shell=bare_shell)
    assert bare_shell.user_ns["a"] is value
    bare_shell.run_cell("del it").raise_error()
    assert spill_variables("a", shell=bare_shell).names == ("a",)


@pytest.mark.parametrize("make", [lambda: np.ones(9), lambda: np.ones(9)[1:], flights])
def test_nothing_else_holds_it(
    make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If only the variable refers to it, not all objects are searched."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(sharing, "holders", refuse)
    names = {"value": make()}
    spill_variables("value", namespace=names)
    assert is_spilled(names["value"])


def test_frames_that_share(disk: Path) -> None:
    """Memory that two pandas objects share is not moved, which would duplicate it."""
    frame = pd.DataFrame({"a": np.arange(10.0)})
    names: dict[str, Any] = {"frame": frame, "column": frame["a"]}
    with pytest.raises(MemkitError, match=r"column = column\.copy\(\)"):
        spill_variables("frame", namespace=names)
    assert left_on(disk) == []
    names["column"] = names["column"].copy()
    assert spill_variables("frame", namespace=names).along == ()


@pytest.mark.own_process
@pytest.mark.parametrize("shown", ["numbers", "numbers[5:]", "numbers.reshape(10, -1)"])
def test_outputs(bare_shell: InteractiveShell, shown: str) -> None:
    """Outputs that refer to it are removed, and reported."""
    bare_shell.run_cell("import numpy as np")
    bare_shell.run_cell("numbers = np.ones(13_000_000)", store_history=True)
    bare_shell.run_cell(shown, store_history=True)
    number = bare_shell.execution_count - 1
    before_bytes = read_rss_bytes()
    spilled = spill_variables("numbers", shell=bare_shell)
    assert f"Out[{number}]" in spilled.forgotten
    assert number not in bare_shell.user_ns["Out"]
    if sys.platform == "linux":
        assert before_bytes - read_rss_bytes() > 80 * MIB


REFUSED: dict[str, tuple[Any, str]] = {
    "list": ([1, 2], "has the type list, .* %to_numpy x"),
    "objects": (np.array([1, "a"], object), "Python objects.* %shrink"),
    "records of objects": (np.zeros(2, "i4,O"), "Python objects"),
    "masked": (np.ma.array([1.0]), r"\.data and its \.mask"),
    "sparse": (scipy.sparse.eye(3).tocsr(), r"x\.data"),
    "empty": (np.empty((0, 3)), "is empty"),
    "no rows": (pd.DataFrame({"a": np.empty(0)}), "is empty"),
    "texts": (pd.DataFrame({"a": ["x"], "b": [1]}), "in a, .*select_dtypes"),
    "many": (pd.DataFrame([list("abcde")]), "in 0, 1, 2 and 2 more"),
    "categories": (pd.Series(["a"], dtype="category"), r"\.cat\.codes"),
    "nullable": (pd.DataFrame({"a": pd.array([1, None], "Int64")}), "in a"),
    "sparse column": (
        pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])}),
        "pandas extension types in a",
    ),
    "module": (np, "has the type module"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(disk: Path, kind: str) -> None:
    """A value that cannot be stored is refused with the remedy, without changes."""
    value, sentence = REFUSED[kind]
    names = {"x": value}
    with pytest.raises(MemkitError, match=f"^x .*{sentence}"):
        spill_variables("x", namespace=names)
    assert names == {"x": value}
    assert left_on(disk) == []


def test_index() -> None:
    """The remedy for a pandas index works."""
    names: dict[str, Any] = {"x": pd.date_range("2026", periods=5)}
    with pytest.raises(MemkitError, match="DatetimeIndex") as refused:
        spill_variables("x", namespace=names)
    exec(str(refused.value).partition("values: ")[2], names)
    spill_variables("x_values", namespace=names)
    assert is_spilled(names["x_values"])


def test_mapped_already(disk: Path) -> None:
    """A value that is already in a mapped file, of any origin, is not written again."""
    mapped = np.memmap(disk / "own.bin", np.float64, "w+", shape=5)
    for value in (mapped, np.asarray(mapped), spill(pd.DataFrame({"a": [1, 2]}))):
        with pytest.raises(MemkitError, match="is already in a mapped file"):
            spill(value)
    del mapped, value
    (disk / "own.bin").unlink()


def test_names() -> None:
    """An unknown name, or a repeated move, is reported in one sentence."""
    names = {"prices": np.ones(10), "rest": np.ones(10)}
    with pytest.raises(MemkitError, match=r"'price'; did you mean prices\?"):
        spill_variables("price", namespace=names)
    with pytest.raises(MemkitError, match="prices is in memory; %spill lists"):
        unspill_variables("prices", namespace=names)
    with pytest.raises(MemkitError, match="not on disk"):
        unspill(names["prices"])
    spill_variables("prices", "prices", namespace=names)
    with pytest.raises(MemkitError, match="prices is already in a mapped file"):
        spill_variables("prices", "rest", namespace=names)
    assert not is_spilled(names["rest"])


def test_interrupt(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C during a move changes nothing, and leaves no file."""
    monkeypatch.setattr("jupyter_memkit.techniques.spilling.parts._BLOCK_BYTES", 1000)
    steps: list[int] = []

    def interrupt(done_bytes: int, total_bytes: int) -> None:
        assert total_bytes == 8000
        steps.append(done_bytes)
        if done_bytes >= 4000:
            raise KeyboardInterrupt

    array = np.arange(1000)
    names = {"array": array}
    with pytest.raises(KeyboardInterrupt):
        spill_variables("array", namespace=names, progress=interrupt)
    assert steps == [1000, 2000, 3000, 4000]
    assert names["array"] is array
    assert (left_on(disk), list_files()) == ([], [])
    spilled = spill(array)
    with pytest.raises(KeyboardInterrupt):
        unspill_variables("s", namespace={"s": spilled}, progress=interrupt)
    assert is_spilled(spilled)


# A limit on file sizes interrupts the writing, as a full disk does.
FULL = """\
import resource, sys
import numpy as np
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.file_lock import lock_file
from jupyter_memkit.techniques.spilling.variables import spill_variables

array = np.ones(10_000_000)
before = id(array)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000_000, 40_000_000))
try:
    spill_variables("array", folder=sys.argv[1])
except MemkitError as error:
    print(error)
print(id(array) == before, array.sum())
"""


@posix
def test_full_disk_on_the_way(disk: Path) -> None:
    """A disk that fills up is reported in one sentence, and nothing is changed."""
    done = run(FULL, disk)
    assert "failed (a limit on files), and nothing was changed" in done
    assert "True 10000000.0" in done
    assert left_on(disk) == []


def test_full_disk(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If there is too little space, nothing is written."""
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(MemkitError, match=r"7\.8 KiB does not fit .* has 10 B free"):
        spill(np.ones(1000))
    assert left_on(disk) == []


def test_full_disk_for_the_second(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If one of several does not fit, none is moved."""
    names: dict[str, Any] = {"a": np.ones(1000), "b": np.ones(5000)}
    usage = type("Usage", (), {"free": 10_000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(MemkitError, match="does not fit"):
        spill_variables("a", "b", namespace=names)
    assert not any(map(is_spilled, names.values()))
    assert left_on(disk) == []


def test_full_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that does not fit into memory stays on disk."""
    spilled = spill(np.ones(1000))
    monkeypatch.setattr(values, "read_room_bytes", lambda: 4000)
    with pytest.raises(MemkitError, match="does not fit into memory"):
        unspill(spilled)
    assert is_spilled(spilled)


def test_folder(disk: Path) -> None:
    """A missing or read-only folder is reported in one sentence."""
    with pytest.raises(MemkitError, match=r"there is no folder .*; create it first"):
        spill(np.ones(10), folder=disk / "nowhere")
    own = disk / "own"
    own.mkdir()
    spilled = spill(np.ones(10), folder=own)
    assert len(list(own.glob("*/*.bin"))) == 1
    assert spilled.sum() == 10
    folders.remove_folders()
    own.rmdir()


@linux
def test_folder_that_takes_nothing() -> None:
    """A folder in which no file can be created is reported in one sentence."""
    with pytest.raises(MemkitError, match="no file can be created in /proc"):
        spill(np.ones(10), folder="/proc")


def test_folder_that_is_taken(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new folder that another process mistakes for a leftover is abandoned."""
    calls: list[int] = []

    def lock_later(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 1:
            raise BlockingIOError
        lock_file(descriptor)

    monkeypatch.setattr(temporary_folders, "lock_file", lock_later)
    assert spill(np.ones(10)).sum() == 10
    assert len(list(disk.iterdir())) == 2
    folders.remove_left()
    assert len(list(disk.iterdir())) == 1


def test_without_locks(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system without locks, folders are used, but never cleaned up."""

    def refuse(_descriptor: int) -> None:
        raise OSError

    monkeypatch.setattr(temporary_folders, "lock_file", refuse)
    spilled = spill(np.ones(10))
    assert (folders.remove_left(), len(left_on(disk))) == (0, 1)
    assert spilled.sum() == 10


def test_pandas_that_copies(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a version of pandas copies the arrays, an error reports it."""
    build = BufferLayout.build
    monkeypatch.setattr(BufferLayout, "build", lambda *args: [build(*args)[0].copy()])
    with pytest.raises(MemkitError, match=r"would copy .*; spill its numbers"):
        spill(pd.DataFrame({"a": [1.0]}))
    assert left_on(disk) == []


@linux
def test_folder_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in memory is refused, and skipped by default."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or not folders.is_in_memory(memory):
        pytest.skip("there is no such folder here")
    with pytest.raises(MemkitError, match="itself in memory"):
        spill(np.ones(10), folder=memory)
    monkeypatch.setattr(tempfile, "tempdir", str(memory))
    monkeypatch.setattr(folders, "_LARGE", str(memory))
    with pytest.raises(MemkitError, match="/dev/shm is itself in memory"):
        spill(np.ones(10))


@posix
def test_for_the_user_alone(disk: Path) -> None:
    """Other users can neither read nor list the files."""
    spilled = spill(np.ones(10))
    (path,) = left_on(disk)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    del spilled


@posix
def test_file_ends_with_the_value(disk: Path) -> None:
    """The file exists exactly while something uses it."""
    spilled = spill(np.arange(1000))
    part = spilled[5:10]
    del spilled
    assert len(left_on(disk)) == 1
    assert part.sum() == 35
    del part
    assert (left_on(disk), list_files()) == ([], [])


# Spills, and ends as requested.
CHILD = """\
import os, signal, sys
import numpy as np
from jupyter_memkit import spill

kept = spill(np.ones(1000), folder=sys.argv[1])
if sys.argv[2] == "fork":
    child = os.fork()
    if not child:
        del kept
        sys.exit()
    os.waitpid(child, 0)
    print(len(os.listdir(os.path.dirname(kept.base.filename))))
    sys.exit()
print("ready", flush=True)
sys.stdin.readline()
"""


@posix
def test_process_that_ends(disk: Path) -> None:
    """The folder is removed with the process, but not with a forked child."""
    assert run(CHILD, disk, "fork").split() == ["2"]


@posix
def test_process_that_is_killed(disk: Path) -> None:
    """The next process removes leftovers of a killed one, but no files in use."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(disk), "wait"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        assert folders.remove_left() == 0
        (path,) = left_on(disk)
        child.send_signal(signal.SIGKILL)
    assert path.exists()
    listed = list_spilled({})
    assert (listed.variables, listed.removed_bytes) == ((), 8000)
    assert list(disk.iterdir()) == []


def test_list(disk: Path) -> None:
    """Each variable has its file, and a file without a variable is listed too."""
    nameless = spill(np.ones(5))
    names: dict[str, Any] = {"a": np.ones((100, 3)), "n": 5, "frame": flights()}
    spill_variables("a", namespace=names)
    spill_variables("frame", namespace=names)
    listed = list_spilled(names)
    assert [(each.name, each.type, each.shape) for each in listed.variables] == [
        (None, "", None),
        ("a", "ndarray float64", (100, 3)),
        ("frame", "DataFrame", (100, 5)),
    ]
    assert listed.variables[1].file_bytes == 2400
    assert {each.path for each in listed.variables} == set(left_on(disk))
    if sys.platform == "linux":
        names["a"].sum()
        assert list_spilled(names).variables[1].resident_bytes == 4096
    assert nameless.sum() == 5


def run(program: str, *arguments: object) -> str:
    """Run a program in a separate process; return its output."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
