"""Memory that nobody has touched yet is no memory of the process."""

from __future__ import annotations

import platform
import re
import sys
from array import array
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_memkit.measure.sizes import sizeof, sizes, untouched
from jupyter_memkit.show.memls import format_size

MIB = 1024 * 1024
# The system can provide pages of 2 MiB.
SLACK_BYTES = 4 * MIB

pytestmark = [
    # Memory that was used before is cleared by the allocator, and so touched.
    pytest.mark.own_process,
    pytest.mark.skipif(
        sys.platform != "linux", reason="elsewhere the system does not say"
    ),
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


def test_older_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Linux cannot scan the map of the pages, its entries are read."""
    monkeypatch.setattr(untouched, "_SCAN", 0)
    values = np.zeros(64 * MIB // 8)
    values[: len(values) // 2] = 1
    assert abs(sizeof(values).bytes - values.nbytes // 2) <= SLACK_BYTES


@pytest.mark.skipif(
    tuple(map(int, re.findall(r"\d+", platform.release())[:2])) < (6, 7),
    reason="an older Linux does not tell",
)
def test_read_zeros() -> None:
    """Zeros that were read and never written to are still no memory of the process."""
    values = np.zeros(64 * MIB // 8)
    assert values.sum() == 0
    assert sizeof(values).bytes < SLACK_BYTES


def test_hash_table() -> None:
    """The buckets of an index that no key has fallen into do not count."""
    index: Any = pd.Index(np.arange(900_000)[::-1].copy())
    index.get_loc(5)
    size = sizeof(index)
    assert size.elsewhere["untouched"] > MIB
    whole_bytes = size.bytes + size.elsewhere["untouched"]
    assert whole_bytes == pytest.approx(
        index._engine.sizeof() + index.to_numpy().nbytes, abs=4096
    )


def test_views() -> None:
    """Views of an array that was not touched have none of it either, nor share it."""
    values = np.zeros((64 * MIB // 8, 1))
    listed = sizes({"values": values, "view": values[:, 0]})
    assert listed.total_bytes < SLACK_BYTES
    assert listed["view"].bytes < SLACK_BYTES
    assert listed["view"].shared_bytes <= listed["view"].bytes


def test_room_to_grow() -> None:
    """The room that an array has to grow into counts only once it was touched."""
    values = array("d", bytes(64 * MIB))
    assert values.__sizeof__() > 66 * MIB
    assert 64 * MIB <= sizeof(values).bytes < 66 * MIB


def test_device() -> None:
    """What nobody has touched is on no device."""
    assert sizeof(np.zeros(64 * MIB // 8)).device == "RAM"
