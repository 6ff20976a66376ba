"""Ctrl-C at any moment keeps the completed chunks, and leaves nothing behind."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jupyter_memkit.techniques.chunked import chunked
from tests.waiting import press_ctrl_c

N_MOMENTS = 100


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a table of orders."""
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    pd.DataFrame({"n": range(200_000), "text": "abc"}).to_csv(path, index=False)
    return path


def interrupt_after(seconds: float) -> threading.Thread:
    """Return a thread, not started yet, that sends Ctrl-C to this process."""

    def send() -> None:
        time.sleep(seconds)
        press_ctrl_c()

    return threading.Thread(target=send)


@pytest.mark.own_process  # An interrupt in coverage would leave its lock taken.
def test_any_moment(orders: Path, tmp_path: Path) -> None:
    """The result is always that of the chunks that are counted."""
    rng = random.Random(11)
    interrupted = 0
    for number in range(N_MOMENTS):
        done: list[int] = []

        def add_up(chunk: Any, done: list[int] = done) -> int:
            done.append(len(chunk))
            return int(chunk.n.sum())

        out = tmp_path / "rows.csv" if number % 4 == 3 else None
        job = chunked(orders, memory="100MB", rows=7_000).map(
            (lambda chunk: chunk[chunk.n % 2 == 0]) if out else add_up
        )
        thread = interrupt_after(rng.uniform(0, 0.08))
        try:
            # It can arrive before this call has returned.
            thread.start()
            summary = job.run(None if out else "sum", out=out)
            thread.join()
            time.sleep(0.001)  # Python raises it here, if it was late.
        except KeyboardInterrupt:
            interrupted += 1
            thread.join()
            assert not list(tmp_path.glob(".*"))
            if job.summary is None:
                continue
            summary = job.summary
        if out is None:
            rows = summary.rows
            assert summary.value == (sum(range(rows)) if rows else None)
            assert 0 <= len(done) - summary.chunks <= 1
        names = [item.name for item in threading.enumerate()]
        assert not [name for name in names if name.startswith("memkit")]
    assert interrupted > N_MOMENTS / 4
