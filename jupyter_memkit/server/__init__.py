"""The Jupyter Server extension: reads the memory of kernels from outside.

A kernel cannot answer while a C call holds its GIL, nor after its end. While a busy
kernel sends no broadcast, the page asks the server, which reads ``/proc`` of the
kernel's process. After its end, the server reports the last state that the kernel left
on disk. For a page that shows all kernels it lists them with their memory, and, if the
administrator asks for it, adds that to the metrics of Prometheus. Such a request does
not count as activity of the kernel. It also copies the notebooks of the course to the
user's files.
"""

from __future__ import annotations

import atexit
from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Return the module to load, for Jupyter Server."""
    return [{"module": "jupyter_memkit.server"}]


def _load_jupyter_server_extension(server_app: Any) -> None:
    """Add the handlers to the server, and follow its kernels."""
    # The kernel's environment may lack jupyter_server.
    from jupyter_memkit.server.family_meters import FamilyMeters  # noqa: PLC0415
    from jupyter_memkit.server.handlers import build_handlers  # noqa: PLC0415
    from jupyter_memkit.server.kernel_list import KernelLister  # noqa: PLC0415
    from jupyter_memkit.server.kernels import ACTIONS, SETTING, Kernels  # noqa: PLC0415
    from jupyter_memkit.server.metrics import (  # noqa: PLC0415
        KernelMetrics,
        MemkitServer,
    )

    kernels = Kernels(server_app.kernel_manager)
    for kernel_id in server_app.kernel_manager.list_kernel_ids():
        kernels.follow(kernel_id)
    server_app.web_app.settings[SETTING] = kernels
    server_app.event_logger.add_listener(schema_id=ACTIONS, listener=kernels.on_action)
    lister = KernelLister(server_app.kernel_manager, kernels, FamilyMeters())
    routes = build_handlers(server_app.base_url, kernels, lister)
    server_app.web_app.add_handlers(".*", routes)
    interval_s = MemkitServer(parent=server_app).metrics_interval
    if interval_s > 0:
        metrics = KernelMetrics(server_app.kernel_manager, lister)
        metrics.start(interval_s)
        # The server notifies only applications of its end.
        atexit.register(metrics.stop)
