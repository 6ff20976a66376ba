"""The Jupyter Server extension: reads the memory of kernels from outside.

A kernel cannot answer while a C call holds its GIL, and not at all when it is
dead; the server reads ``/proc`` of its process instead.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell Jupyter Server which module to load."""
    return [{"module": "jupyter_memkit.server"}]


def _load_jupyter_server_extension(server_app: Any) -> None:
    """Add the handlers to the server."""
    from jupyter_memkit.server.handlers import build_handlers  # noqa: PLC0415 - the kernel's environment may lack jupyter_server

    server_app.web_app.add_handlers(".*", build_handlers(server_app.base_url))
