"""Chunks in other processes: the same values, and nothing left behind."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import StopChunks, chunked
from jupyter_memkit.techniques.chunked.sources.base import TypeChange
from jupyter_memkit.techniques.processes.calling import Call
from tests.waiting import interrupt_when

pytestmark = pytest.mark.traced_children

N_ROWS = 50_000


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Check that no process and no thread of a worker stays."""
    # Workers import the functions of this file from here.
    monkeypatch.syspath_prepend(Path(__file__).parents[4])
    before = set(psutil.Process().children(recursive=True))
    yield
    assert set(psutil.Process().children(recursive=True)) <= before
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("memkit")]


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a table to a CSV and a Parquet file."""
    n = np.arange(N_ROWS)
    frame = pd.DataFrame({"cat": np.array(["a", "b", "c"])[n % 3], "qty": n})
    folder = tmp_path_factory.mktemp("orders")
    frame.to_csv(folder / "orders.csv", index=False)
    frame.to_parquet(folder / "orders.parquet", row_group_size=9_000)
    return folder


def describe(chunk: Any) -> tuple[int, int]:
    """Return the first label and a sum of a chunk, which identify it."""
    return int(chunk.index[0]), int(chunk.qty.sum())


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_same_values_in_order(orders: Path, kind: str) -> None:
    """The values are those of one process, in the order of the chunks."""
    path = orders / f"orders.{kind}"
    alone = chunked(path, rows=4_000).map(describe).run("append")
    summary = chunked(path, rows=4_000).map(describe).run("append", workers=2)
    assert sum(total for _, total in summary.value) == sum(range(N_ROWS))
    assert summary.value == sorted(summary.value)
    assert summary.rows == alone.rows == N_ROWS
    if kind == "csv":
        assert summary.value == alone.value
    assert summary.workers == 2
    assert summary.peak_bytes > summary.before_bytes


@pytest.mark.parametrize(
    "make",
    [lambda: list(range(100)), lambda: iter(range(100)), lambda: np.arange(100)],
    ids=["list", "iterator", "array"],
)
def test_objects(make: Any) -> None:
    """Data in memory is sent, and the code that reads it runs in this process."""
    total = chunked(make(), rows=7).map(sum).run("sum", workers=2).value
    assert total == sum(range(100))


def fail_at_five(chunk: list[int]) -> int:
    """Fail at a chunk."""
    if chunk[0] == 5:
        message = "no five"
        raise ValueError(message)
    return chunk[0]


def test_errors() -> None:
    """An error is the function's own, with its line, and names the chunk."""
    job = chunked(list(range(10)), rows=1).map(fail_at_five)
    with pytest.raises(ValueError, match="no five") as raised:
        job.run("append", workers=2)
    assert job.summary is not None
    assert job.summary.value == [0, 1, 2, 3, 4]
    last = traceback.extract_tb(raised.value.__traceback__)[-1]
    assert (last.name, last.line) == ("fail_at_five", "raise ValueError(message)")
    assert raised.value.__cause__ is None
    assert str(job.position) == "chunk 6 (rows 5 to 5)"
    summary = job.run("append", workers=2, on_error="skip")
    assert summary.value == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert [chunk.number for chunk in summary.skipped] == [6]


def stop_at_five(chunk: list[int]) -> int:
    """Raise StopChunks at a chunk."""
    if chunk[0] == 5:
        raise StopChunks
    return chunk[0]


def test_stop() -> None:
    """A stop keeps the chunks before it, and drops those after it."""
    job = chunked(list(range(50)), rows=1).map(stop_at_five)
    assert job.run("append", workers=2).value == [0, 1, 2, 3, 4]


def kill_at_five(chunk: list[int]) -> int:
    """Kill the process at a chunk."""
    if chunk[0] == 5:
        os.write(2, b"out of luck\n")
        os.kill(os.getpid(), signal.SIGKILL)
    return chunk[0]


def test_killed_worker(capsys: pytest.CaptureFixture[str]) -> None:
    """A killed worker raises an error that names its chunk, after its last output."""
    job = chunked(list(range(10)), rows=1).map(kill_at_five)
    with pytest.raises(MemkitError) as raised:
        job.run("append", workers=2)
    assert capsys.readouterr().out == "out of luck\n"
    assert str(raised.value) == (
        "a worker was killed (SIGKILL) at chunk 6 (rows 5 to 5) of the list; it may "
        "have been out of memory: use a smaller --memory, or fewer --workers"
    )
    assert job.summary is not None
    assert job.summary.value == [0, 1, 2, 3, 4]


def test_interrupt(tmp_path: Path) -> None:
    """Ctrl-C ends the processes that are at work."""
    begun = tmp_path / "begun"

    def sleep_long(_chunk: Any) -> None:
        begun.touch()
        time.sleep(600)

    thread = interrupt_when(begun)
    with pytest.raises(KeyboardInterrupt):
        chunked(list(range(10)), rows=1).map(sleep_long).run("append", workers=2)
    thread.join()


def test_type_that_shows_late(tmp_path: Path) -> None:
    """A change of types raises the same error as in one process."""
    path = tmp_path / "a.csv"
    lines = (f"{0.5 if i == 700_003 else 1},{i:060}" for i in range(800_000))
    path.write_text("a,b\n" + "\n".join(lines))
    with pytest.raises(TypeChange, match="and float64 in row 700,003;"):
        chunked(path, columns=["a"]).map(len).run("sum", workers=2)


def test_values_that_cannot_be_sent() -> None:
    """A variable that cannot be pickled is named before any process starts."""
    lock = threading.Lock()
    with pytest.raises(MemkitError, match="the function cannot be sent to another"):
        chunked([1]).map(lambda chunk: (lock, chunk)).run("append", workers=2)


def test_worker_that_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A TimeoutError of a worker itself ends the run, and is not waited out."""

    def time_out(*_args: Any) -> Any:
        message = "the machine is too busy"
        raise TimeoutError(message)

    monkeypatch.setattr(Call, "run", time_out)
    with pytest.raises(TimeoutError, match="the machine is too busy"):
        chunked([1, 2], rows=1).map(sum).run("sum", workers=1)


def print_chunk(chunk: list[int]) -> int:
    """Print in every way: to stdout, to stderr, and without Python."""
    print("printed", chunk)
    print("to stderr", chunk, file=sys.stderr)
    os.write(1, b"past Python\n")
    return len(chunk)


def test_output(capfd: pytest.CaptureFixture[str]) -> None:
    """The output of the function is shown here, in the order of the chunks."""
    chunked([1, 2, 3], rows=1).map(print_chunk).run("sum", workers=2)
    shown = capfd.readouterr()
    out = shown.out.splitlines()
    assert [line for line in out if line != "past Python"] == [
        "printed [1]",
        "printed [2]",
        "printed [3]",
    ]
    assert len(out) == 6
    assert shown.err.splitlines() == [f"to stderr [{n}]" for n in (1, 2, 3)]


def test_limit(orders: Path, tmp_path: Path) -> None:
    """No worker starts a chunk beyond the limit."""
    marks = tmp_path / "marks"
    marks.mkdir()

    def mark(chunk: Any) -> int:
        (marks / str(chunk.index[0])).touch()
        return len(chunk)

    chunks = chunked(orders / "orders.parquet", rows=4_000, limit=3)
    assert chunks.map(mark).run("sum", workers=2).chunks == 3
    assert len(list(marks.iterdir())) == 3


def test_variables_of_the_cell_are_not_sent(shell: Any) -> None:
    """A variable that an earlier run of the cell has set is not sent."""
    shell.user_ns.update(numbers=range(10), doubled=threading.Lock())
    cell = "doubled = [2 * n for n in chunk]\nsum(doubled)"
    line = "%%chunked numbers --rows 4 --workers 2 --reduce sum --into total"
    shell.run_cell(f"{line}\n{cell}").raise_error()
    assert shell.user_ns["total"] == 90
