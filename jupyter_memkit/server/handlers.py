"""Answers HTTP requests for the memory and the deaths of kernels, and for the tour."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from jupyter_memkit import protocol
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.server.kernel_list import KernelLister
from jupyter_memkit.server.kernels import Kernels
from jupyter_memkit.server.tour import save_notebooks
from jupyter_memkit.track.deaths import Death, dismiss_death
from jupyter_memkit.track.last_state import Place

_KERNELS = "jupyter_memkit/kernels"
_KERNEL = rf"{_KERNELS}/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"


class MemkitHandler(APIHandler):
    """The base of the handlers."""

    # Otherwise JupyterHub would count a polling sidebar as user activity.
    _track_activity = False
    auth_resource = "kernels"


class ListHandler(MemkitHandler):
    """``GET jupyter_memkit/kernels``."""

    def initialize(self, lister: KernelLister) -> None:
        """Keep what the handlers share."""
        self.lister = lister

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Reply with a `KernelList`."""
        self.finish(await self.lister.list_json())


class KernelHandler(MemkitHandler):
    """The base of the handlers of one kernel."""

    def initialize(self, kernels: Kernels) -> None:
        """Keep what the handlers share."""
        self.kernels = kernels


class MemoryHandler(KernelHandler):
    """``GET jupyter_memkit/kernels/<kernel id>/memory``."""

    @web.authenticated
    @authorized
    async def get(self, kernel_id: str) -> None:
        """Reply with a `ServerReading`, or 404 with the reason."""
        # 404 for a kernel that is not the server's.
        self.kernel_manager.get_kernel(kernel_id)
        try:
            reading = await self.kernels.read(kernel_id)
        except MemkitError as error:
            raise web.HTTPError(404, str(error)) from error
        self.finish(json.dumps(reading))


class DeathHandler(KernelHandler):
    """``GET jupyter_memkit/kernels/<kernel id>/death``, and ``DELETE …/<death id>``."""

    @web.authenticated
    @authorized
    async def get(self, kernel_id: str) -> None:
        """Reply with a `LastDeath`."""
        place = await self._find_place(kernel_id)
        death = await self.kernels.find_death(kernel_id, place)
        self.finish(json.dumps(death_message(death)))

    @web.authenticated
    @authorized
    async def delete(self, kernel_id: str, death_id: str) -> None:
        """Dismiss a death, or reply with 404 if there is no such death."""
        if not dismiss_death(await self._find_place(kernel_id), death_id):
            raise web.HTTPError(404, "there is no such death of this kernel")
        self.set_status(204)
        self.finish()

    async def _find_place(self, kernel_id: str) -> Place:
        """Return where the kernel, and earlier ones of its notebook, left states."""
        sessions: Any = self.session_manager
        name = ""
        # A kernel that could not be restarted no longer has a session.
        with contextlib.suppress(web.HTTPError):
            session = await sessions.get_session(kernel_id=kernel_id)
            # The notebook as the server names it to its kernel.
            environment = sessions.get_kernel_env(session["path"], session["name"])
            name = environment["JPY_SESSION_NAME"]
        return self.kernels.place(kernel_id, name)


class TourHandler(APIHandler):
    """``POST jupyter_memkit/tour``."""

    auth_resource = "contents"

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Save the notebooks of the course, and reply with a `Tour`."""
        try:
            tour = await save_notebooks(self.contents_manager)
        except MemkitError as error:
            raise web.HTTPError(404, str(error)) from error
        self.finish(json.dumps(tour))


def build_handlers(
    base_url: str, kernels: Kernels, lister: KernelLister
) -> list[tuple[str, type[Any], dict[str, Any]]]:
    """Return the routes below the server's base URL."""
    of_one = {"kernels": kernels}
    return [
        (url_path_join(base_url, path), handler, shared)
        for path, handler, shared in (
            (_KERNELS, ListHandler, {"lister": lister}),
            (f"{_KERNEL}/memory", MemoryHandler, of_one),
            (f"{_KERNEL}/death", DeathHandler, of_one),
            (rf"{_KERNEL}/death/(?P<death_id>[^/]+)", DeathHandler, of_one),
            ("jupyter_memkit/tour", TourHandler, {}),
        )
    ]


def death_message(death: Death | None) -> protocol.LastDeath:
    """Build the response with the last death."""
    return {
        "type": "last_death",
        "protocol": protocol.PROTOCOL_VERSION,
        "death": None if death is None else _death(death),
    }


def _death(death: Death) -> protocol.Death:
    return {
        "id": death.id,
        "cause": death.kind,
        "signal": death.signal,
        "exit_status": death.exit_status,
        "seen_s": death.seen_s,
        "rss_bytes": death.rss_bytes,
        "children_bytes": death.children_bytes,
        "limit_bytes": death.limit_bytes,
        "limit_name": death.limit_name,
        "growth_bytes_per_s": death.growth_bytes_per_s,
        "execution_count": death.execution_count,
        "cell_id": death.cell_id,
        "first_line": death.first_line,
        "started_s": death.started_s,
        "variables": [
            {"name": each.name, "bytes": each.bytes, "accuracy": each.accuracy}
            for each in death.variables
        ],
    }
