"""The memory of kernels over HTTP, on a real server with real kernels."""

from __future__ import annotations

import threading
import time
import urllib.error
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from jupyter_memkit import protocol
from tests.lab_server import LabServer, lab_server
from tests.server.clients import connect_to
from tests.waiting import LIMIT_S, wait_until

MIB = 1024 * 1024
UNKNOWN = "00000000-0000-4000-8000-000000000000"
REQUESTS = [
    ("GET", "jupyter_memkit/kernels"),
    ("GET", f"jupyter_memkit/kernels/{UNKNOWN}/memory"),
    ("GET", f"jupyter_memkit/kernels/{UNKNOWN}/death"),
    ("DELETE", f"jupyter_memkit/kernels/{UNKNOWN}/death/kernel-1"),
    ("POST", "jupyter_memkit/tour"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """A server with the extension enabled by its installation, and an authorizer."""
    with lab_server(
        tmp_path_factory.mktemp("server"),
        "--ServerApp.authorizer_class=tests.server.authorizer.ByQuery",
    ) as server:
        yield server


def test_memory_of_a_kernel(server: LabServer) -> None:
    """The reply is a message of the protocol with a plausible figure."""
    path = f"jupyter_memkit/kernels/{server.start_kernel()}/memory"
    # A process that has just been started is smaller.
    wait_until(lambda: server.ask("GET", path)["rss_bytes"] > MIB)
    before_s = time.time()
    reading = server.ask("GET", path)
    assert before_s <= reading["t_s"] <= time.time()
    assert set(reading) == set(protocol.ServerReading.__annotations__)
    assert reading["type"] == "server_reading"
    assert reading["protocol"] == protocol.PROTOCOL_VERSION
    assert reading["is_alive"]
    assert MIB < reading["rss_bytes"] < 1000 * MIB
    assert reading["children_bytes"] == 0
    gauge = reading["gauge"]
    assert set(gauge) == set(protocol.Gauge.__annotations__)
    assert 0 < gauge["used_bytes"] < gauge["limit_bytes"]


def test_memory_moves_while_the_kernel_cannot_answer(server: LabServer) -> None:
    """While a C call holds the GIL the server sees the memory grow."""
    kernel_id = server.start_kernel()
    client = connect_to(server, kernel_id)
    path = f"jupyter_memkit/kernels/{kernel_id}/memory"
    before_bytes = server.ask("GET", path)["rss_bytes"]
    done = threading.Event()

    def run() -> None:
        try:
            client.execute_interactive("x = list(range(30_000_000))", timeout=LIMIT_S)
        finally:
            done.set()

    thread = threading.Thread(target=run)
    thread.start()
    readings = []
    while not done.is_set():
        readings.append(server.ask("GET", path)["rss_bytes"])
    thread.join()
    client.stop_channels()
    between = [
        reading
        for reading in readings
        if before_bytes + 50 * MIB < reading < before_bytes + 900 * MIB
    ]
    assert len(set(between)) >= 3


def test_unknown_kernel(server: LabServer) -> None:
    """A kernel that is not the server's is not found."""
    with pytest.raises(urllib.error.HTTPError) as error:
        server.ask("GET", f"jupyter_memkit/kernels/{UNKNOWN}/memory")
    error.value.close()
    assert error.value.code == HTTPStatus.NOT_FOUND


def refused(server: LabServer, method: str, path: str) -> bool:
    """Return whether a request is refused."""
    with pytest.raises(urllib.error.HTTPError) as error:
        server.ask(method, path)
    error.value.close()
    return error.value.code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_stranger_gets_nothing(
    server: LabServer, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    """Without the token, every request is refused."""
    monkeypatch.setattr("tests.lab_server._TOKEN", "wrong")
    assert refused(server, method, path)


@pytest.mark.parametrize(("method", "path"), REQUESTS)
def test_the_authorizer_decides(server: LabServer, method: str, path: str) -> None:
    """With the token, a request that the server's authorizer forbids is refused."""
    assert refused(server, method, f"{path}?forbidden")


def test_reading_is_not_an_activity(server: LabServer) -> None:
    """Requests of the sidebar do not count as activity."""
    kernel_id = server.start_kernel()
    connect_to(server, kernel_id).stop_channels()
    before = server.ask("GET", "api/status")["last_activity"]
    for _ in range(3):
        server.ask("GET", f"jupyter_memkit/kernels/{kernel_id}/memory")
        server.ask("GET", f"jupyter_memkit/kernels/{kernel_id}/death")
    assert server.ask("GET", "api/status")["last_activity"] == before
