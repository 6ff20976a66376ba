"""The Jupyter Server extension: reads the memory of kernels from outside.

A kernel cannot answer while a C call holds its GIL, nor after its end. While a busy
kernel sends no broadcast, the page asks the server, which reads ``/proc`` of the
kernel's process. Such a request counts as no activity of the kernel.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Return the module to load, for Jupyter Server."""
    return [{"module": "jupyter_memkit.server"}]


def _load_jupyter_server_extension(server_app: Any) -> None:
    """Add the handlers to the server."""
    from jupyter_memkit.server.handlers import build_handlers  # noqa: PLC0415 - the kernel's environment may lack jupyter_server

    server_app.web_app.add_handlers(".*", build_handlers(server_app.base_url))
