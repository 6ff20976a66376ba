"""The list of kernels, of a real server and of a simulated manager."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psutil
import pytest

from jupyter_memkit import protocol
from jupyter_memkit.server.family_meters import FamilyMeters
from jupyter_memkit.server.kernel_list import KernelLister
from jupyter_memkit.server.kernels import Kernels
from tests.lab_server import LabServer, lab_server
from tests.server.clients import connect_to
from tests.server.simulated_kernels import SimulatedManager
from tests.waiting import LIMIT_S, wait_until

MIB = 1024 * 1024

CHILD = "block = bytearray(b'x' * (80 << 20)); print(flush=True); input()"
START_CHILD = f"""
import subprocess, sys
pipe = subprocess.PIPE
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], stdin=pipe, stdout=pipe)
child.stdout.readline();
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A server with a kernel spec that is not Python and has no protocol."""
    folder = tmp_path_factory.mktemp("server")
    spec = folder / "home" / "data" / "kernels" / "stone"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-S", "-c", "import time; time.sleep(1e6)"]
    spec_text = json.dumps({"argv": argv, "display_name": "Stone", "language": "none"})
    (spec / "kernel.json").write_text(spec_text)
    # A kernel that dies is restarted by a test, not at any time by the server.
    with lab_server(folder, "--KernelManager.autorestart=False") as server:
        yield server


def kernels_of(server: LabServer) -> dict[str, protocol.KernelMemory]:
    """Return the server's list by the ids of the kernels."""
    before_s = time.time()
    kernel_list = server.ask("GET", "jupyter_memkit/kernels")
    # A list is shared for a moment.
    assert before_s - 60 < kernel_list["t_s"] <= time.time()
    assert kernel_list.keys() == protocol.KernelList.__annotations__.keys()
    return {kernel["kernel_id"]: kernel for kernel in kernel_list["kernels"]}


def children_bytes(server: LabServer, kernel_id: str) -> int:
    """Return the memory of a kernel's child processes."""
    memory = kernels_of(server)[kernel_id]["memory"]
    return 0 if memory is None else memory["children_bytes"]


def test_kernels_of_any_language(server: LabServer) -> None:
    """Each kernel is listed with the memory that psutil reads, whatever it runs."""
    ids = [server.start_kernel(), server.start_kernel("stone")]
    client = connect_to(server, ids[0])
    client.execute_interactive(START_CHILD, timeout=LIMIT_S)
    wait_until(lambda: children_bytes(server, ids[0]) > 0)
    listed = kernels_of(server)
    assert listed.keys() == set(ids)
    assert [listed[each]["spec"] for each in ids] == ["python3", "stone"]
    for kernel in listed.values():
        assert kernel.keys() == protocol.KernelMemory.__annotations__.keys()
        memory = kernel["memory"]
        assert memory is not None
        assert memory["gauge"] is not None
        process = psutil.Process(kernel["pid"])
        expected = pytest.approx(process.memory_info().rss, rel=0.1)
        assert memory["rss_bytes"] == expected
        children = [each.memory_info().rss for each in process.children(recursive=True)]
        assert memory["children_bytes"] == pytest.approx(sum(children), rel=0.1)
    (child,) = psutil.Process(listed[ids[0]]["pid"]).children()
    assert child.memory_info().rss > 80 * MIB
    assert abs(time.time() - (listed[ids[0]]["active_s"] or 0)) < LIMIT_S
    client.execute_interactive("child.communicate();", timeout=LIMIT_S)
    client.stop_channels()
    for each in ids:
        server.ask("DELETE", f"api/kernels/{each}")
    wait_until(lambda: kernels_of(server) == {})


def test_kernel_that_dies(server: LabServer) -> None:
    """It stays in the list without figures, until it is restarted."""
    kernel_id = server.start_kernel()
    connect_to(server, kernel_id).stop_channels()
    # A list may be a second old.
    wait_until(lambda: kernel_id in kernels_of(server))
    pid = kernels_of(server)[kernel_id]["pid"]
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: kernels_of(server)[kernel_id]["unknown"] == "ended")
    assert kernels_of(server)[kernel_id]["memory"] is None
    server.ask("POST", f"api/kernels/{kernel_id}/restart")

    def has_restarted() -> bool:
        kernel = kernels_of(server)[kernel_id]
        assert kernel["unknown"] in ("ended", None)
        return kernel["memory"] is not None and kernel["pid"] != pid

    wait_until(has_restarted)
    server.ask("DELETE", f"api/kernels/{kernel_id}")


def test_stranger_gets_nothing(
    server: LabServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the token, the request is refused."""
    monkeypatch.setattr("tests.lab_server._TOKEN", "wrong")
    with pytest.raises(urllib.error.HTTPError) as error:
        kernels_of(server)
    error.value.close()
    assert error.value.code == HTTPStatus.FORBIDDEN


def test_list_is_not_an_activity(server: LabServer) -> None:
    """A page that shows the list does not keep the server alive."""
    before = server.ask("GET", "api/status")["last_activity"]
    kernels_of(server)
    assert server.ask("GET", "api/status")["last_activity"] == before


@pytest.fixture
def sleepers() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Three processes that are waited for."""
    processes = [subprocess.Popen(["sleep", "1000000"]) for _ in range(3)]
    yield processes
    for process in processes:
        process.kill()
        process.wait()


class CountingMeters(FamilyMeters):
    """Counts how often the memory is read."""

    def __init__(self) -> None:
        super().__init__()
        self.readings = 0

    def read(
        self, pids: Iterable[int]
    ) -> dict[int, protocol.FamilyMemory | protocol.Unknown]:
        """Read the memory."""
        self.readings += 1
        return super().read(pids)


def lister_of(
    processes: Mapping[str, subprocess.Popen[bytes] | None],
    folder: Path,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[KernelLister, CountingMeters, SimulatedManager]:
    """Return a lister over processes, and what it uses."""
    manager, meters = SimulatedManager(processes, folder), CountingMeters()
    return KernelLister(manager, Kernels(manager), meters, clock), meters, manager


def unknown_of(text: str) -> dict[str, Any]:
    """Return why the memory of each kernel is unknown."""
    kernels = json.loads(text)["kernels"]
    assert all((each["memory"] is None) == bool(each["unknown"]) for each in kernels)
    return {each["kernel_id"]: each["unknown"] for each in kernels}


def test_unknown_memory(
    sleepers: list[subprocess.Popen[bytes]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A kernel that cannot be read is listed with the reason, not with 0 bytes."""
    ended, hidden, readable = sleepers
    ended.kill()
    ended.wait()
    processes = {"e": ended, "h": hidden, "r": readable, "m": None}
    read = "jupyter_memkit.measure.process.read_proc_file"

    def read_proc_file(path: str) -> bytes:
        if path == f"/proc/{hidden.pid}/statm":
            raise PermissionError(path)
        return Path(path).read_bytes()

    monkeypatch.setattr(read, read_proc_file)
    lister, *_ = lister_of(processes, tmp_path)
    assert unknown_of(asyncio.run(lister.list_json())) == {
        "e": "ended",
        "h": "refused",
        "r": None,
        "m": "elsewhere",
    }


def test_requests_share_a_list(
    sleepers: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    """Ten pages cost one reading, and one that closes takes it from nobody."""
    lister, meters, _ = lister_of({str(each.pid): each for each in sleepers}, tmp_path)

    async def ask() -> list[str]:
        closed = asyncio.ensure_future(lister.list_json())
        others = [asyncio.ensure_future(lister.list_json()) for _ in range(10)]
        await asyncio.sleep(0)
        closed.cancel()
        return await asyncio.gather(*others)

    lists = asyncio.run(ask())
    assert len(set(lists)) == 1
    assert len(json.loads(lists[0])["kernels"]) == 3
    assert meters.readings == 1


def test_list_is_read_again(
    sleepers: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    """A second later the next request reads again, also after a failure."""
    now_s = 100.0
    kernels = {"a": sleepers[0]}
    lister, meters, manager = lister_of(kernels, tmp_path, lambda: now_s)

    async def ask() -> None:
        nonlocal now_s
        await lister.list_json()
        now_s += 0.9
        await lister.list_json()
        assert meters.readings == 1
        now_s += 0.2
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(manager, "list_kernels", lambda: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                await lister.list_json()
        now_s += 1.1
        await lister.list_json()
        assert meters.readings == 2

    asyncio.run(ask())
