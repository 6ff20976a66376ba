"""What a worker does in its own process."""

from __future__ import annotations

import pickle
import signal
import sys
from functools import partial
from typing import Any

import cloudpickle
import pytest

from jupyter_memkit.techniques.chunked import chunked
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request
from jupyter_memkit.techniques.chunked.worker_process import Setup, Task, Worker

N_BLOCKS = 1_000
BLOCK_BYTES = 50_000


def make_blocks(_chunk: Any = None) -> list[bytearray]:
    """Return 50 MB in the heap, in blocks too small for a mapping of their own."""
    return [bytearray(BLOCK_BYTES) for _ in range(N_BLOCKS)]


def load_leaving_holes() -> Any:
    """Leave as much free memory behind as a chunk takes, as an import may."""
    last = make_blocks()[-1]  # Keeps what lies below it in the process.
    return partial(take_as_much, last)


def take_as_much(_last: bytearray, chunk: Any) -> int:
    """Take memory for a chunk."""
    return len(make_blocks(chunk))


class LeavesHoles:
    """Becomes a function when a worker loads it."""

    def __reduce__(self) -> Any:
        return load_leaving_holes, ()


@pytest.mark.own_process
def test_growth_counts_memory_that_was_free_before() -> None:
    """What loading the function left free does not hide what a chunk takes."""
    setup = Setup(
        path=list(sys.path),
        source="the list",
        request=Request(rows=int),
        function=cloudpickle.dumps(LeavesHoles()),
        tries=1,
    )
    piece = Piece(load=partial(list, range(3)), start=0, end=3, rows=3)
    task = Task(number=0, first_row=0, piece=piece)
    reply = Worker(setup).work(pickle.dumps(task))
    assert pickle.loads(reply.value or b"") == N_BLOCKS
    assert reply.growth_bytes > 0.9 * N_BLOCKS * BLOCK_BYTES


def interrupt_itself(chunk: list[int]) -> int:
    """Get a Ctrl-C that was meant for the kernel."""
    signal.raise_signal(signal.SIGINT)
    return sum(chunk)


def test_ctrl_c_in_a_worker() -> None:
    """A Ctrl-C that reaches a worker too ends nothing there: the kernel decides."""
    job = chunked(list(range(10)), rows=1).map(interrupt_itself)
    assert job.run("sum", workers=2).value == sum(range(10))
