"""The work of a child process on the pieces of a run."""

from __future__ import annotations

import ast
import pickle
import signal
import sys
from functools import partial
from typing import Any

import cloudpickle
import pytest

from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.body import CellBody
from jupyter_memkit.techniques.chunked.parallel.portable import dump_function
from jupyter_memkit.techniques.chunked.parallel.worker_process import (
    Setup,
    Task,
    Worker,
)
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request

N_BLOCKS = 1_000
BLOCK_BYTES = 50_000


def make_blocks(_chunk: Any = None) -> list[bytearray]:
    """Return 50 MB in the heap, in blocks too small for separate mappings."""
    return [bytearray(BLOCK_BYTES) for _ in range(N_BLOCKS)]


def load_leaving_holes() -> Any:
    """Leave as much free memory behind as a chunk takes, like some imports."""
    last = make_blocks()[-1]  # Keeps the blocks below it in the process.
    return partial(take_as_much, last)


def take_as_much(_last: bytearray, chunk: Any) -> int:
    """Take memory for a chunk."""
    return len(make_blocks(chunk))


class LeavesHoles:
    """An object that becomes a function when a worker unpickles it."""

    def __reduce__(self) -> Any:
        return load_leaving_holes, ()


@pytest.mark.own_process
def test_growth_counts_memory_that_was_free_before() -> None:
    """Memory that loading the function left free does not hide that of a chunk."""
    setup = Setup(
        source="the list",
        backend=None,
        function=cloudpickle.dumps(LeavesHoles()),
        tries=1,
    )
    piece = Piece(load=partial(list, range(3)), start=0, end=3, rows=3)
    task = Task(number=0, first_row=0, piece=piece)
    reply = Worker(setup).work(pickle.dumps(task), Request(rows=int))
    assert pickle.loads(reply.value or b"") == N_BLOCKS
    assert reply.growth_bytes > 0.9 * N_BLOCKS * BLOCK_BYTES


def interrupt_itself(chunk: list[int]) -> int:
    """Receive a Ctrl-C that was meant for the kernel."""
    signal.raise_signal(signal.SIGINT)
    return sum(chunk)


def test_ctrl_c_in_a_worker() -> None:
    """A Ctrl-C that also reaches a worker is ignored there: the kernel decides."""
    job = chunked(list(range(10)), rows=1).map(interrupt_itself)
    assert job.run("sum", workers=2).value == sum(range(10))


def test_imports_of_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker has imported the modules of a cell before the first chunk."""
    text = "import wave\nimport no_such_module\nif chunk:\n    import colorsys\nchunk"
    body = CellBody(
        ast.parse(text),
        "<cell>",
        namespace={},
        name="chunk",
        source=text,
        compile_code=compile,  # type: ignore[arg-type] # it takes a tree too
    )
    for name in ("wave", "colorsys"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    function = dump_function(body)
    Worker(Setup(source="the list", backend=None, function=function, tries=1))
    assert "wave" in sys.modules
    assert "colorsys" not in sys.modules
