"""A server extension that offers the tools over HTTP.

It finds, loads and calls them as jupyter-server-mcp does, which would bring fifty
packages to the tests.
"""

from __future__ import annotations

import importlib
import inspect
import json
from importlib.metadata import entry_points
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web

from jupyter_memkit.errors import MemkitError


def find_tools() -> dict[str, Any]:
    """Return the functions by name."""
    tools = {}
    (entry_point,) = entry_points(group="jupyter_server_mcp.tools")
    for text in entry_point.load():
        module, name = text.rsplit(":", 1)
        tools[name] = getattr(importlib.import_module(module), name)
    return tools


class ToolHandler(APIHandler):
    """``POST tools/NAME``, with the arguments as JSON."""

    @web.authenticated
    async def post(self, name: str) -> None:
        """Reply with what the tool returns, or with the error that it raises."""
        tool = find_tools()[name]
        arguments = json.loads(self.request.body)
        inspect.signature(tool).bind(**arguments)
        try:
            self.finish(json.dumps(await tool(**arguments)))
        except MemkitError as error:
            self.finish(json.dumps({"type": "failed", "message": str(error)}))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "tests.server.tool_host"}]


def _load_jupyter_server_extension(server_app: Any) -> None:
    server_app.web_app.add_handlers(".*", [(r"/tools/(\w+)", ToolHandler)])
