"""Keeps the kernel's published state true while requests are answered.

Around every control request ipykernel publishes "busy" and "idle". Pages and the server
take that "idle" for the end of the running cell, and an idle server may cull the
kernel. So after a request "busy" is published again for the cell, under a lock that
keeps it ahead of the cell's own "idle".
"""

from __future__ import annotations

import threading
from typing import Any

from jupyter_memkit.track.events import signal_safe_hook


class BusyStatus:
    """Remembers the message of the running cell, to publish "busy" for it.

    Parameters
    ----------
    kernel : ipykernel.ipkernel.IPythonKernel
        The kernel of this process.
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell whose cells are followed.
    """

    def __init__(self, kernel: Any, shell: Any) -> None:
        self._kernel = kernel
        self._events = shell.events
        self._parents: list[Any] = []
        # Held while publishing, so that "busy" is never sent after the cell's own
        # "idle", which the kernel sends after `post_run_cell`.
        self._lock = threading.Lock()
        self._begins = signal_safe_hook(self._pre_run_cell)
        self._ends = signal_safe_hook(self._post_run_cell, lambda: bool(self._parents))

    def attach(self) -> None:
        """Start following the cells of the shell."""
        self._events.register("pre_run_cell", self._begins)
        self._events.register("post_run_cell", self._ends)

    def detach(self) -> None:
        """Stop following the cells."""
        self._events.unregister("pre_run_cell", self._begins)
        self._events.unregister("post_run_cell", self._ends)

    def republish(self) -> None:
        """Publish "busy" again if a cell is running."""
        with self._lock:
            if self._parents:
                self._kernel.session.send(
                    self._kernel.iopub_socket,
                    "status",
                    {"execution_state": "busy"},
                    parent=self._parents[0],
                    ident=f"kernel.{self._kernel.ident}.status".encode(),
                )

    def _pre_run_cell(self, _info: Any) -> None:
        with self._lock:
            self._parents.append(self._kernel.get_parent("shell"))

    def _post_run_cell(self, _result: Any) -> None:
        with self._lock:
            # An empty cell ends without having started.
            if self._parents:
                self._parents.pop()
