"""The engine: order, counts, partial results, and one chunk at a time."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked import (
    Mapped,
    ReduceError,
    Source,
    StopChunks,
    chunked,
)
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request
from tests.techniques.chunked.bodies import make_body
from tests.techniques.chunked.reductions import make_table


class Chunk(list[int]):
    """A list that supports weak references."""


class WatchedSource:
    """Records how many of its chunks are alive whenever it makes the next one."""

    name = "watched"
    total_rows = None
    row_bytes = None
    backend = None

    def __init__(self) -> None:
        self.alive: list[int] = []
        self.closed = False
        self._seen: list[weakref.ref[Chunk]] = []

    def columns(self) -> None:
        """Return None: it has no columns."""

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return no types."""
        return {}

    def fingerprint(self) -> str:
        """Return a constant."""
        return "watched"

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Make four chunks, and keep no reference to them."""
        try:
            for number in range(4):
                self.alive.append(sum(seen() is not None for seen in self._seen))
                yield Piece(
                    load=partial(self.make, request.rows()),
                    start=number,
                    end=number + 1,
                )
        finally:
            self.closed = True

    def make(self, rows: int) -> Any:
        """Make a chunk with a weak reference to it."""
        chunk = Chunk(range(rows))
        self._seen.append(weakref.ref(chunk))
        return chunk


def run_over(source: Source, function: Any) -> Mapped:
    """Return a function over chunks of three rows."""
    return Mapped(source, Settings(memory_bytes=1 << 30, rows=3), function)


@pytest.fixture
def uncollected() -> Any:
    """Disable the collector, so that only reference counts free memory."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
def test_one_chunk_at_a_time() -> None:
    """No chunk is alive when the next one is read."""
    source = WatchedSource()
    run_over(source, sum).reduce("sum")
    assert source.alive == [0, 0, 0, 0]


@pytest.mark.usefixtures("uncollected")
def test_values_are_not_kept() -> None:
    """Iterating and a run without reduction drop each value before the next chunk."""
    for run in (lambda job: job.run(), lambda job: [None for _ in job]):
        source = WatchedSource()
        run(run_over(source, lambda chunk: chunk))
        # The loop's own variable holds a value; ours do not.
        assert max(source.alive) <= 1
    source = WatchedSource()
    run_over(source, lambda chunk: chunk).run()
    assert source.alive == [0, 0, 0, 0]


@pytest.mark.usefixtures("uncollected")
def test_traceback_keeps_no_chunk() -> None:
    """The traceback of a failed run does not keep the chunk in the package's frames."""
    watched: list[weakref.ref[Chunk]] = []

    def fail(chunks: list[Chunk]) -> None:
        watched.append(weakref.ref(chunks.pop()))
        message = "no"
        raise ValueError(message)

    class Boxed(WatchedSource):
        def make(self, rows: int) -> Any:
            return [Chunk(range(rows))]

    with pytest.raises(ValueError, match="no") as raised:
        run_over(Boxed(), fail).run()
    assert raised.tb is not None
    assert watched[0]() is None


def test_source_is_closed() -> None:
    """The source is closed at the end, after an error, and when a loop is left."""

    def fail(_chunk: Any) -> None:
        raise KeyboardInterrupt

    ended, failed, left = WatchedSource(), WatchedSource(), WatchedSource()
    run_over(ended, sum).run()
    with pytest.raises(KeyboardInterrupt):
        run_over(failed, fail).run()
    values = iter(run_over(left, sum))
    next(values)
    del values
    assert (ended.closed, failed.closed, left.closed) == (True, True, True)


def test_source_protocol() -> None:
    """A user's own class that matches the protocol is a source."""
    source: Source = WatchedSource()
    assert list(run_over(source, sum)) == [3, 3, 3, 3]


def test_summary() -> None:
    """The summary counts chunks and rows, and measures time and memory."""
    job = chunked(range(10), rows=4).map(sum)
    seen: list[int] = []
    summary = job.run("append", progress=lambda step: seen.append(step.rows))
    assert (summary.chunks, summary.rows, summary.value) == (3, 10, [6, 22, 17])
    assert seen == [4, 8, 10]
    assert summary.duration_s > 0
    assert summary.peak_bytes >= summary.before_bytes > 0
    assert job.summary is summary


def test_failure_keeps_the_result_so_far() -> None:
    """After an error the summary has the result of the chunks before it."""
    job = chunked(range(10), rows=4).map(lambda chunk: 1 // (chunk[0] - 8))
    with pytest.raises(ZeroDivisionError) as raised:
        job.reduce("append")
    assert job.summary is not None
    assert (job.summary.chunks, job.summary.rows) == (2, 8)
    assert job.summary.value == [-1, -1]
    assert str(job.position) == "chunk 3 (rows 8 to 9)"
    assert job.position.in_function
    assert raised.value.__notes__ == ["In chunk 3 (rows 8 to 9) of the range."]


def test_unfit_value_keeps_the_result_so_far() -> None:
    """A value that does not fit is not counted, nor blamed on the function."""
    job = chunked([1, 2, None], rows=1).map(lambda chunk: chunk[0])
    with pytest.raises(ReduceError, match="sum does not support NoneType"):
        job.reduce("sum")
    assert job.summary is not None
    assert (job.summary.chunks, job.summary.value) == (2, 3)
    assert not job.position.in_function


def test_failure_to_join_keeps_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """If there is too little memory to join the parts, the parts are the value."""

    def refuse(_parts: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(
        "jupyter_memkit.techniques.chunked.results.concat._chain", refuse
    )
    job = chunked(range(4), rows=2).map(list)
    with pytest.raises(MemoryError):
        job.reduce("concat")
    assert job.summary is not None
    assert job.summary.value == [[0, 1], [2, 3]]


def test_stop() -> None:
    """StopChunks ends the run, and its own chunk is not counted."""

    def stop_at_8(chunk: list[int]) -> int:
        if chunk[0] == 8:
            raise StopChunks
        return sum(chunk)

    job = chunked(range(100), rows=4).map(stop_at_8)
    assert (list(job), job.reduce("append")) == ([6, 22], [6, 22])


def test_stop_iteration_does_not_end_a_run() -> None:
    """A StopIteration that escapes the user's code is an error, not the end."""
    job = chunked(range(10), rows=4).map(lambda _chunk: next(iter(())))
    with pytest.raises(StopIteration):
        job.reduce("append")


def test_more_rows_than_any_source() -> None:
    """A chunk of any number of rows has what there is."""
    for source in (range(5), iter(range(5)), list(range(5))):
        assert chunked(source, rows=10**30).map(len).reduce("sum") == 5


@pytest.mark.parametrize("rows", [0, -1, 2.5, "many", True])
def test_bad_rows(rows: Any) -> None:
    """Rows must be an integer of at least 1."""
    with pytest.raises(MemkitError) as raised:
        chunked([1], rows=rows)
    assert str(raised.value) == (
        f"rows must be a whole number of at least 1, not {rows!r}"
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"on_error": "ignore"}, "on_error must be 'stop' or 'skip', not 'ignore'"),
        ({"workers": -1}, "workers must be a whole number of at least 0, not -1"),
        ({"workers": 10**12}, "workers must be at most 1,024, not 1,000,000,000,000"),
        ({"tries": 0}, "tries must be a whole number of at least 1, not 0"),
    ],
)
def test_bad_options(options: dict[str, Any], sentence: str) -> None:
    """An option of a run that means nothing is rejected before anything is read."""
    source = WatchedSource()
    with pytest.raises(MemkitError) as raised:
        run_over(source, sum).run(**options)
    assert (str(raised.value), source.alive) == (sentence, [])


def test_a_file_of_the_last_chunk(tmp_path: Path) -> None:
    """A cell that writes one file anew for each chunk runs only over a single one."""
    path = tmp_path / "rows.csv"
    body = make_body("df.to_csv(path, index=False)", path=path)
    table = make_table(3, 2_000)
    with pytest.raises(MemkitError, match=r"each chunk would write .*rows\.csv anew"):
        chunked(table, rows=500).map(body).run()
    assert not path.exists()
    assert chunked(table, rows=500, limit=1).map(body).run().chunks == 1
    assert len(path.read_text().splitlines()) == 501


def test_unknown_reduction_reads_nothing() -> None:
    """An unknown reduction raises an error before the first chunk is read."""
    source = WatchedSource()
    with pytest.raises(MemkitError, match="there is no reduction 'nonsense'"):
        run_over(source, sum).reduce("nonsense")
    assert source.alive == []


def test_function_needs_no_analysis() -> None:
    """What judges the code of cells is not imported for a function of Python."""
    code = (
        "import sys; from jupyter_memkit.techniques.chunked import chunked; "
        "print(chunked(range(5)).map(sum).reduce('sum')); "
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    total, modules = done.stdout.splitlines()
    unused = {
        "asyncio",
        "jupyter_memkit.cells.columns.find",
        "jupyter_memkit.cells.purity",
        "jupyter_memkit.techniques.chunked.rehearsal",
    }
    assert (total, unused & set(modules.split())) == ("10", set())


def test_repr() -> None:
    """Chunks name their source and size."""
    assert repr(chunked([1], rows=2_000)) == "<chunks of 2,000 rows from the list>"
