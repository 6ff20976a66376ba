"""A real ipykernel in a separate process."""

from __future__ import annotations

import contextlib
import gc
import queue
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from jupyter_memkit import protocol
from tests.kernel_sockets import with_sockets
from tests.lab_server import isolated_environment
from tests.slow_clock import slow_kernel_clocks
from tests.untraced import without_coverage
from tests.waiting import LIMIT_S

_ATTEMPT_S = 15.0


def connect(connection_file: str) -> BlockingKernelClient:
    """Return a connected and ready client of a kernel that is already running.

    If its ports were taken meanwhile, its server restarts it with others.
    """
    deadline_s = time.monotonic() + LIMIT_S
    while True:
        client = BlockingKernelClient(connection_file=connection_file)
        client.load_connection_file()
        client.start_channels()
        with contextlib.suppress(RuntimeError):
            client.wait_for_ready(timeout=_ATTEMPT_S)
            return client
        client.stop_channels()
        assert time.monotonic() < deadline_s, "the kernel does not answer"


class RealKernel:
    """A kernel and a client of it.

    Parameters
    ----------
    client : BlockingKernelClient
        A connected and ready client.
    """

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client
        self._is_silent = False

    def run(self, code: str) -> str:
        """Run a cell to its end and return its printed output."""
        printed = []

        def keep(message: dict[str, Any]) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])
            if message["msg_type"] == "error":
                raise AssertionError("\n".join(message["content"]["traceback"]))

        assert not self._is_silent, "an earlier cell did not end"
        try:
            self.client.execute_interactive(code, timeout=LIMIT_S, output_hook=keep)
        except (TimeoutError, queue.Empty):
            # Every other test of this kernel would wait as long.
            self._is_silent = True
            raise
        return "".join(printed)

    def read_rss_mib(self) -> float:
        """Return the kernel's resident memory, read from outside (Linux)."""
        pid = int(self.run("import os; print(os.getpid())"))
        status = Path(f"/proc/{pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024

    def request(self, content: dict[str, Any] | bytes) -> dict[str, Any]:
        """Send a request, perhaps encoded, on the control channel; return the reply."""
        message = self.client.session.msg(protocol.REQUEST_TYPE, content)
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=LIMIT_S)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                assert reply["msg_type"] == protocol.REPLY_TYPE
                answer: dict[str, Any] = reply["content"]
                return answer

    def start(self, code: str) -> str:
        """Start a cell that prints, wait until it does, and return its request's id."""
        msg_id: str = self.client.execute(code)
        while self.client.get_iopub_msg(timeout=LIMIT_S)["msg_type"] != "stream":
            pass
        return msg_id

    def subscribe(self, since_s: float = 0.0) -> dict[str, Any]:
        """Subscribe to the broadcasts and return the snapshot."""
        return self.request(
            {
                "type": "subscribe",
                "protocol": protocol.PROTOCOL_VERSION,
                "client_id": "test",
                "since_s": since_s,
            }
        )

    def iopub_until_idle(self, msg_id: str) -> list[dict[str, Any]]:
        """Return the iopub messages until a request has been handled."""
        messages = []
        deadline_s = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline_s:
            message = self.client.get_iopub_msg(timeout=LIMIT_S)
            messages.append(message)
            if (
                message["msg_type"] == "status"
                and message["content"]["execution_state"] == "idle"
                and message["parent_header"].get("msg_id") == msg_id
            ):
                return messages
        raise TimeoutError(msg_id)


def broadcasts(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the contents of our broadcasts among iopub messages."""
    return [
        message["content"]
        for message in messages
        if message["msg_type"] == protocol.BROADCAST_TYPE
    ]


@contextlib.contextmanager
def real_kernel(
    home: Path, *, is_traced: bool = True, is_timed: bool = False, **variables: str
) -> Iterator[RealKernel]:
    """Run a kernel for the length of a with block.

    Parameters
    ----------
    home : Path
        A folder for the kernel's files.
    is_traced : bool
        Whether it is part of the tests' coverage, which slows searches down.
    is_timed : bool
        Whether its searches have a time limit, which a busy machine exceeds.
    **variables : str
        Environment variables of the kernel.
    """
    manager = KernelManager(kernel_name="python3", config=with_sockets())
    environment = isolated_environment(home) | variables
    if not is_traced:
        environment = without_coverage(environment)
    if not is_timed:
        slow_kernel_clocks(home / "ipython")
    manager.start_kernel(env=environment)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=LIMIT_S)
        yield RealKernel(client)
    finally:
        client.stop_channels()
        # It exits by itself, so that its coverage is written.
        manager.shutdown_kernel()
        # The event loops that jupyter_client leaves are closed by the collector, which
        # fails if it reaches their sockets first, as after a `gc.freeze()`.
        del client, manager
        gc.collect()
