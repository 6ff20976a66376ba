"""Untouched pages do not count as memory of the process."""

from __future__ import annotations

import io
import mmap
import platform
import re
import sys
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from jupyter_memkit.measure.sizes import sizeof, sizes, untouched
from jupyter_memkit.measure.sizes.page_entries import PageEntries
from jupyter_memkit.measure.sizes.untouched import Untouched, UntouchedFinder
from jupyter_memkit.show.memls import format_size

MIB = 1024 * 1024
# The system can provide pages of 2 MiB.
SLACK_BYTES = 4 * MIB

pytestmark = [
    # The allocator clears memory that was used before, which touches it; it returns
    # the large blocks of most tests at once.
    pytest.mark.own_process(scope="module"),
    pytest.mark.traced_children,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports it"),
]


def test_zeros() -> None:
    """An array of zeros takes next to nothing, until it is filled."""
    values = np.zeros(64 * MIB // 8)
    size = sizeof(values)
    assert size.bytes < SLACK_BYTES
    assert size.bytes + size.elsewhere["untouched"] >= values.nbytes
    assert format_size(size).endswith("MiB untouched")
    values[: len(values) // 2] = 1
    assert abs(sizeof(values).bytes - values.nbytes // 2) <= SLACK_BYTES
    values[:] = 1
    assert sizeof(values).bytes >= values.nbytes
    assert "untouched" not in sizeof(values).elsewhere


@pytest.mark.own_process
def test_many_small_arrays() -> None:
    """Arrays of zeros take next to nothing also where none of them is large."""
    values = [np.zeros(500_000 // 8) for _ in range(256)]
    whole_bytes = sum(each.nbytes for each in values)
    size = sizeof(values)
    # Some lie in memory that was used before.
    assert size.bytes < whole_bytes / 2
    assert size.bytes + size.elsewhere["untouched"] >= whole_bytes
    for each in values:
        each[:] = 1
    assert sizeof(values).bytes >= whole_bytes


def test_older_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Linux cannot scan the page map, its entries are read."""
    monkeypatch.setattr(untouched, "_SCAN", 0)
    values = np.zeros(64 * MIB // 8)
    values[: len(values) // 2] = 1
    assert abs(sizeof(values).bytes - values.nbytes // 2) <= SLACK_BYTES


@pytest.mark.skipif(
    tuple(map(int, re.findall(r"\d+", platform.release())[:2])) < (6, 7),
    reason="older versions of Linux do not report it",
)
def test_read_zeros() -> None:
    """Zeros that were read but never written to do not count."""
    values = np.zeros(64 * MIB // 8)
    assert values.sum() == 0
    assert sizeof(values).bytes < SLACK_BYTES


@pytest.mark.parametrize("pagemap", [untouched._PAGEMAP, "/proc/no/such/map"])
def test_read_zeros_on_older_systems(
    monkeypatch: pytest.MonkeyPatch, pagemap: str
) -> None:
    """Zeros that were read are bounded by the resident memory of their mapping."""
    monkeypatch.setattr(untouched, "_SCAN", 0)
    monkeypatch.setattr(untouched, "_PAGEMAP", pagemap)
    values = np.zeros(64 * MIB // 8)
    values[: len(values) // 4] = 1
    assert values.sum() == len(values) // 4
    size = sizeof(values)
    error_bytes = (size.error_ratio or 0) * size.bytes + SLACK_BYTES
    assert abs(size.bytes - values.nbytes // 4) <= error_bytes
    for part in (values[: len(values) // 2], values[len(values) // 2 :]):
        start = part.ctypes.data // mmap.PAGESIZE * mmap.PAGESIZE
        least, most = PageEntries().bound_provided(None, start, start + part.nbytes)
        touched_bytes = int(part.sum()) * 8
        assert least <= touched_bytes + SLACK_BYTES
        assert most >= touched_bytes - SLACK_BYTES


def test_doubt_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A size that the system only bounds is an estimate with an error."""
    found = Untouched(bytes=32 * MIB, doubtful_bytes=16 * MIB)
    monkeypatch.setattr(UntouchedFinder, "find", lambda *_: found)
    values = np.ones(64 * MIB // 8)
    size = sizeof([values, values[1:]])
    assert not size.exact
    assert size.error_ratio == pytest.approx(16 / 32, rel=0.1)


def test_bytes() -> None:
    """Bytes made of a length take next to nothing, also in a file and a buffer."""
    zeros = bytes(64 * MIB)
    for value in (zeros, [zeros], io.BytesIO(zeros), pa.py_buffer(zeros)):
        size = sizeof(value)
        assert size.exact
        assert size.bytes < SLACK_BYTES
        assert size.bytes + size.elsewhere["untouched"] >= 64 * MIB


def test_bytes_and_their_views() -> None:
    """Bytes and the views of them are counted once."""
    data = b"a" * MIB
    listed = sizes({"data": data, "view": pa.py_buffer(data), "list": [data, b"b"]})
    assert MIB <= listed.total_bytes < 1.01 * MIB
    assert listed["data"].shared_bytes == pytest.approx(MIB, rel=0.01)


@pytest.mark.own_process
def test_hash_table() -> None:
    """Untouched buckets of an index do not count."""
    index: Any = pd.Index(np.arange(900_000)[::-1].copy())
    index.get_loc(5)
    size = sizeof(index)
    assert size.elsewhere["untouched"] > MIB
    whole_bytes = size.bytes + size.elsewhere["untouched"]
    assert whole_bytes == pytest.approx(
        index._engine.sizeof() + index.to_numpy().nbytes, abs=4096
    )


@pytest.mark.parametrize("scan", [untouched._SCAN, 0])
def test_copied_pages_of_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scan: int
) -> None:
    """Pages written to in a copy-on-write mapping count as memory, not as disk."""
    monkeypatch.setattr(untouched, "_SCAN", scan)
    path = tmp_path / "values"
    path.write_bytes(bytes(16 * MIB))
    values = np.memmap(path, "u1", "c")
    assert values.sum() == 0
    assert sizeof(values).bytes < MIB
    values[: 4 * MIB] = 1
    size = sizeof(values)
    assert size.bytes == pytest.approx(4 * MIB, abs=MIB // 4)
    assert size.bytes + size.elsewhere["disk"] == pytest.approx(16 * MIB, abs=MIB // 4)


def test_views() -> None:
    """Views of an untouched array take and share none of its memory."""
    values = np.zeros((64 * MIB // 8, 1))
    listed = sizes({"values": values, "view": values[:, 0]})
    assert listed.total_bytes < SLACK_BYTES
    assert listed["view"].bytes < SLACK_BYTES
    assert listed["view"].shared_bytes <= listed["view"].bytes


def test_spare_capacity() -> None:
    """Spare capacity of an array does not count while it is untouched."""
    values = array("d", bytes(64 * MIB))
    assert values.__sizeof__() > 66 * MIB
    assert 64 * MIB <= sizeof(values).bytes < 66 * MIB


def test_device() -> None:
    """Untouched pages do not count as a device."""
    assert sizeof(np.zeros(64 * MIB // 8)).device == "RAM"


def test_untouched_bytes_that_are_measured_late() -> None:
    """After the time limit, they are as small as before it."""
    pages = bytes(80_000_000)
    late, soon = (sizes({"pages": pages}, budget_s=each) for each in (-1.0, 1.0))
    assert late["pages"].bytes == soon["pages"].bytes < 10_000
