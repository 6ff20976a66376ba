"""The memory of a run, as its summary reports it."""

from __future__ import annotations

import sys

import pytest

from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.techniques.chunked import chunked

MIB = 1 << 20
BLOCK_BYTES = 64 << 10


@pytest.mark.own_process
@pytest.mark.skipif(sys.platform != "linux", reason="only glibc is asked to trim")
def test_memory_that_was_free_before() -> None:
    """Blocks that reuse memory freed before the run count as what it took."""
    blocks = [bytearray(BLOCK_BYTES) for _ in range(128 * MIB // BLOCK_BYTES)]
    full_bytes = read_rss_bytes()
    # The last one keeps the heap from shrinking by itself.
    del blocks[:-1]
    assert read_rss_bytes() > full_bytes - 16 * MIB

    def fill(_: range) -> int:
        return len([bytearray(BLOCK_BYTES) for _ in range(64 * MIB // BLOCK_BYTES)])

    summary = chunked(range(3), rows=1).map(fill).run("sum")
    assert summary.value == 3 * 64 * MIB // BLOCK_BYTES
    grown_bytes = summary.peak_bytes - summary.before_bytes
    assert 48 * MIB < grown_bytes < 96 * MIB
