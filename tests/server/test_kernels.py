"""The memory of kernels from outside, of a simulated manager."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jupyter_memkit import protocol
from jupyter_memkit.server.kernels import Kernels
from jupyter_memkit.track.last_state import Place
from tests.server.simulated_kernels import SimulatedManager
from tests.track.left_states import leave
from tests.waiting import LIMIT_S

MIB = 1024 * 1024


def test_reading_leaves_the_loop_free(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The server does other work while the memory of a kernel is read."""
    has_worked = threading.Event()

    def read_slowly(_pid: int) -> int:
        assert has_worked.wait(LIMIT_S)
        return MIB

    async def ask(kernels: Kernels) -> protocol.ServerReading:
        asyncio.get_running_loop().call_soon(has_worked.set)
        return await kernels.read("a")

    monkeypatch.setattr("jupyter_memkit.server.meters.read_rss_bytes", read_slowly)
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        kernels = Kernels(SimulatedManager({"a": process}, tmp_path))
        reading = asyncio.run(ask(kernels))
        process.communicate()
        assert reading["is_alive"]
        assert reading["rss_bytes"] == MIB
        assert not asyncio.run(kernels.read("a"))["is_alive"]


def test_death_of_a_kernel_that_the_server_has_dropped(tmp_path: Path) -> None:
    """It is found by the state that the kernel left."""
    place = Place(folder=tmp_path, session="notebook.ipynb", kernel_id="kernel-1")
    leave(place)
    kernels = Kernels(SimulatedManager({}, tmp_path))
    death = asyncio.run(kernels.find_death("kernel-1", place))
    assert death is not None
    assert death.first_line == "x = load()"
