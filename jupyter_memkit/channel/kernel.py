"""The kernel's end of the wire: broadcasts readings and answers requests.

There is no comm: an ordinary comm handler would take the figure of a plotting cell. The
kernel broadcasts on iopub from the sampler's thread, and requests arrive on the control
channel. So both work while a cell runs, in two tabs, for a console on the same kernel,
and after a reload. `Feed` decides what is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from jupyter_memkit import protocol
from jupyter_memkit.channel.busy import BusyStatus
from jupyter_memkit.channel.feed import Feed
from jupyter_memkit.channel.inspecting import Inspecting
from jupyter_memkit.channel.requests import find_fault
from jupyter_memkit.channel.state import read_state, state_message
from jupyter_memkit.track.activity import Activities, activities
from jupyter_memkit.track.tracker import MemoryTracker


class KernelChannel:
    """Connects a tracker with the pages that show its kernel.

    Parameters
    ----------
    kernel : ipykernel.ipkernel.IPythonKernel
        The kernel of this process.
    tracker : MemoryTracker
        The source of the readings.
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell that the extension is loaded into.
    work : Activities, optional
        The source of progress reports; by default that of this process.
    """

    def __init__(
        self,
        kernel: Any,
        tracker: MemoryTracker,
        shell: Any,
        work: Activities | None = None,
    ) -> None:
        self._kernel = kernel
        self._tracker = tracker
        self._work = work or activities()
        self._feed = Feed(tracker, self._broadcast, self._work)
        self._busy = BusyStatus(kernel, shell)
        self._answers: dict[str, Callable[[Any], protocol.Reply | protocol.State]] = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "state": self._state,
        }
        self._inspecting = Inspecting(kernel, shell, tracker)

    def attach(self) -> None:
        """Start answering requests and broadcasting to subscribers."""
        self._busy.attach()
        self._kernel.control_handlers[protocol.REQUEST_TYPE] = self._handle_request
        self._feed.attach()

    def detach(self) -> None:
        """Stop answering requests, and notify the subscribers."""
        self._kernel.control_handlers.pop(protocol.REQUEST_TYPE, None)
        self._busy.detach()
        self._feed.detach()

    @property
    def subscribers(self) -> int:
        """The number of subscribed pages."""
        return self._feed.subscribers

    def _broadcast(self, message: protocol.Broadcast) -> None:
        """Publish a message to every page."""
        self._kernel.session.send(
            self._kernel.iopub_socket,
            protocol.BROADCAST_TYPE,
            message,
            # Without a parent, because an output area would claim a message of its
            # cell.
            parent={},
            ident=protocol.BROADCAST_TYPE.encode(),
        )

    async def _handle_request(
        self, stream: Any, ident: Any, parent: dict[str, Any]
    ) -> None:
        """Answer a request; called by the kernel on its control thread."""
        reply = await self._answer(parent["content"])
        self._kernel.session.send(stream, protocol.REPLY_TYPE, reply, parent, ident)
        # The kernel publishes "idle" after this handler; see `BusyStatus`.
        asyncio.get_running_loop().call_soon(self._busy.republish)

    async def _answer(self, request: Any) -> protocol.Reply | protocol.State:
        """Return the reply to a request, which may be malformed."""
        fault = find_fault(request, [*self._answers, *self._inspecting.answers])
        if fault is not None:
            return fault
        inspect = self._inspecting.answers.get(request["type"])
        if inspect is not None:
            return await inspect(request)
        return self._answers[request["type"]](request)

    def _subscribe(self, request: Any) -> protocol.Reply:
        return self._feed.subscribe(request["client_id"], request["since_s"])

    def _state(self, _request: Any) -> protocol.State:
        return state_message(read_state(self._tracker, self._work))

    def _unsubscribe(self, request: Any) -> protocol.Reply:
        self._feed.unsubscribe(request["client_id"])
        return {"type": "unsubscribed", "protocol": protocol.PROTOCOL_VERSION}
