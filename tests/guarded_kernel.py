"""A real kernel whose cells may fail, and which may end."""

from __future__ import annotations

import queue
import re
import time
from pathlib import Path
from typing import Any

import psutil

from jupyter_memkit.magics.memguard.guarded_cells import MIME_TYPE
from tests.real_kernel import RealKernel
from tests.waiting import LIMIT_S

# Colors in a terminal.
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_CHECK_S = 1.0


class GuardedKernel:
    """A kernel whose failures are results, not errors of the test.

    Attributes
    ----------
    name, text, traceback : str
        The error of the last cell; empty if it had none.
    stop : dict
        What its card says to programs; empty if it was not stopped.
    has_ended : bool
        Whether the kernel has ended.
    """

    def __init__(self, kernel: RealKernel) -> None:
        self.kernel = kernel
        self.stop: dict[str, Any] = {}
        self.name = self.text = self.traceback = ""
        self.has_ended = False
        self._is_silent = False
        self.pid = int(kernel.run("import os; print(os.getpid())"))

    def run(self, code: str, limit_s: float = LIMIT_S) -> str:
        """Run a cell until its end or that of the kernel, and return its text."""
        assert not self._is_silent, "an earlier cell did not end"
        self.stop, self.name, self.text, self.traceback = {}, "", "", ""
        texts: list[str] = []
        client = self.kernel.client
        msg_id = client.execute(code)
        deadline_s = time.monotonic() + limit_s
        while time.monotonic() < deadline_s:
            try:
                message = client.get_iopub_msg(timeout=_CHECK_S)
            except queue.Empty:
                if has_ended(self.pid):
                    self.has_ended = True
                    return "".join(texts)
                continue
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            if message["content"].get("execution_state") == "idle":
                return "".join(texts)
            texts.append(self._keep(message))
        # Every other test of this kernel would wait as long.
        self._is_silent = True
        raise TimeoutError(code)

    def _keep(self, message: dict[str, Any]) -> str:
        """Keep what a message reports, and return its text."""
        content = message["content"]
        if message["msg_type"] == "error":
            self.name, self.text = content["ename"], content["evalue"]
            self.traceback = _STYLE.sub("", "\n".join(content["traceback"]))
        elif message["msg_type"] == "stream":
            return str(content["text"])
        elif "data" in content:
            self.stop = content["data"].get(MIME_TYPE, self.stop)
            return str(content["data"].get("text/plain", ""))
        return ""

    def private_bytes(self) -> int:
        """Return the anonymous memory of the kernel."""
        return self.read("RssAnon:")

    def unused_bytes(self) -> int:
        """Return what is reserved and not used, which a cell fills without a limit."""
        return self.read("VmData:") - self.read("RssAnon:")

    def room_bytes(self) -> int:
        """Return what a cell may reserve until an allocation fails."""
        limits = Path(f"/proc/{self.pid}/limits").read_text()
        return int(limits.split("Max data size")[1].split()[0]) - self.read("VmData:")

    def read(self, field: str) -> int:
        """Return a field of the system's status of the kernel in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split(field)[1].split()[0]) * 1024


def has_ended(pid: int) -> bool:
    """Return whether a process has ended, even if nobody has waited for it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
