"""Responses equal the golden ones that the sidebar's tests read, too."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_memkit.server.handlers import death_message
from jupyter_memkit.server.kernel_list import kernel_message
from jupyter_memkit.server.meters import reading_message
from jupyter_memkit.track.deaths import Death
from jupyter_memkit.track.largest import LargeVariable
from tests.golden import golden

MIB = 1024**2
GIB = 1024**3

KILLED = Death(
    id="kernel-5e1d9a53-9b4b-4f8a-8f1f-0d2a6a0c8a10-4711",
    kind="memory",
    signal=9,
    exit_status=None,
    cause="killed by the system because memory ran out at 23.1 GiB of 24.0 GiB",
    for_memory=True,
    seen_s=1790000020.25,
    rss_bytes=23 * GIB,
    children_bytes=128 * MIB,
    limit_bytes=24 * GIB,
    limit_name="cgroup memory.max",
    growth_bytes_per_s=536870912.5,
    execution_count=7,
    cell_id="b1946ac9",
    first_line='df = pd.read_csv("orders.csv")',
    started_s=1790000010.25,
    variables=(
        LargeVariable(name="df", bytes=20 * GIB),
        LargeVariable(name="orders", bytes=GIB),
    ),
)


def test_death() -> None:
    """A death is sent with its cause, its cell and its variables."""
    assert death_message(KILLED) == golden("last_death")
    assert death_message(None) == golden("last_death_none")


def test_reading_of_a_process_that_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a reading has no figures."""
    monkeypatch.setattr("time.time", lambda: 1790000011.0)
    assert reading_message(None) == golden("server_reading_dead")


MODELS: list[dict[str, Any]] = [
    {
        "id": "5e1d9a53-9b4b-4f8a-8f1f-0d2a6a0c8a10",
        "name": "python3",
        "last_activity": "2026-09-21T14:13:20.250000Z",
        "execution_state": "idle",
        "connections": 1,
    },
    # As a gateway lists one that it has just started.
    {"id": "0a0c8a10-9b4b-4f8a-8f1f-5e1d9a530d2a", "name": "ir"},
]


def test_kernels() -> None:
    """A kernel is listed with its memory, or with why that is unknown."""
    memory = golden("kernel_list")["kernels"][0]["memory"]
    assert [
        kernel_message(MODELS[0], 4711, memory),
        kernel_message(MODELS[1], None, "elsewhere"),
    ] == golden("kernel_list")["kernels"]
