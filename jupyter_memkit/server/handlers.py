"""Answers HTTP requests for the memory of a kernel."""

from __future__ import annotations

import json
import time
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from jupyter_memkit import protocol
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.process import read_rss_bytes


class KernelMemoryHandler(APIHandler):
    """``GET jupyter_memkit/kernels/<kernel id>/memory``."""

    # Otherwise JupyterHub would count a polling sidebar as user activity.
    _track_activity = False
    auth_resource = "kernels"

    @web.authenticated
    @authorized
    def get(self, kernel_id: str) -> None:
        """Reply with a `ServerReading`, or 404 with the reason."""
        kernel = self.kernel_manager.get_kernel(kernel_id)
        provisioner = kernel.provisioner
        if not isinstance(provisioner, LocalProvisioner) or provisioner.pid is None:
            raise web.HTTPError(404, "the kernel runs on another machine")
        try:
            rss_bytes = read_rss_bytes(provisioner.pid)
        except MemkitError as error:
            raise web.HTTPError(404, str(error)) from error
        reading: protocol.ServerReading = {
            "type": "server_reading",
            "protocol": protocol.PROTOCOL_VERSION,
            "t_s": time.time(),
            "rss_bytes": rss_bytes,
        }
        self.finish(json.dumps(reading))


def build_handlers(base_url: str) -> list[tuple[str, type[Any]]]:
    """Return the routes below the server's base URL."""
    path = r"jupyter_memkit/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)/memory"
    return [(url_path_join(base_url, path), KernelMemoryHandler)]
