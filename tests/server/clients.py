"""Clients of the kernels of a server."""

from __future__ import annotations

from jupyter_client.blocking.client import BlockingKernelClient

from tests.lab_server import LabServer
from tests.real_kernel import connect


def connect_to(server: LabServer, kernel_id: str) -> BlockingKernelClient:
    """Return a client of a kernel of the server."""
    return connect(str(server.runtime / f"kernel-{kernel_id}.json"))
