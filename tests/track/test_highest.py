"""The highest memory, and the cell to which it belongs."""

from __future__ import annotations

import dataclasses

from jupyter_memkit.track.highest import HighestMemory
from jupyter_memkit.track.history import Sample
from tests.channel.test_messages import ENDED

MIB = 1024 * 1024
CELL = dataclasses.replace(
    ENDED[0], execution_count=5, after_bytes=300 * MIB, peak_bytes=400 * MIB, exact=True
)


def idle_sample(rss_bytes: int, children_bytes: int = 0) -> Sample:
    """A reading between cells."""
    return Sample(
        t_s=1.0,
        rss_bytes=rss_bytes,
        peak_bytes=rss_bytes,
        children_bytes=children_bytes,
    )


def test_peak_of_a_cell_is_exact() -> None:
    """The system's mark of a cell counts, although no sample saw it."""
    memory = HighestMemory()
    memory.see(idle_sample(100 * MIB), None, exact=True)
    memory.end(CELL, children_bytes=0)
    highest = memory.highest
    assert highest is not None
    assert (highest.bytes, highest.execution_count) == (400 * MIB, 5)
    assert highest.exact


def test_children_at_the_end_of_a_cell() -> None:
    """With its children the process can be higher at the end than it ever was alone."""
    memory = HighestMemory()
    memory.end(CELL, children_bytes=200 * MIB)
    highest = memory.highest
    assert highest is not None
    assert (highest.bytes, highest.execution_count) == (500 * MIB, 5)
    assert not highest.exact


def test_reading_after_the_cell_leaves_it_its_highest() -> None:
    """A few pages more between cells do not replace the cell; a real rise does."""
    memory = HighestMemory()
    memory.end(CELL, children_bytes=200 * MIB)
    memory.see(idle_sample(301 * MIB, 199 * MIB + 4096), None, exact=True)
    assert memory.highest is not None
    assert memory.highest.execution_count == 5
    memory.see(idle_sample(300 * MIB, 202 * MIB), None, exact=True)
    assert memory.highest.execution_count is None
