"""The kernel's end of the wire: broadcasts readings and answers requests.

There is no comm: an ordinary comm handler would take the figure of a plotting cell. The
kernel broadcasts on iopub from the sampler's thread, and requests arrive on the control
channel. So both work while a cell runs, in two tabs, for a console on the same kernel,
and after a reload.

A subscription is good for 600 broadcasts, and the page renews it. So a page that went
away is forgotten without any message from the others, which would count as activity and
keep an idle kernel from being culled. A page that reloads in the middle of a cell still
receives broadcasts.

Nothing is sent while nobody is subscribed, or while an idle kernel's memory moves by
less than a MiB. A running cell is reported up to five times a second while its memory
moves, and twice a second while it does not. News of running work, including its end,
is sent with the next reading.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from jupyter_memkit import protocol
from jupyter_memkit.channel.busy import BusyStatus
from jupyter_memkit.channel.inspecting import Inspecting
from jupyter_memkit.channel.messages import (
    cells_message,
    samples_message,
    snapshot_message,
)
from jupyter_memkit.channel.news import News, read_news
from jupyter_memkit.channel.requests import find_fault
from jupyter_memkit.channel.state import read_state
from jupyter_memkit.track.activity import Activities, activities
from jupyter_memkit.track.cells import CellRecord, OpenCell
from jupyter_memkit.track.history import Sample
from jupyter_memkit.track.largest import LargestVariables
from jupyter_memkit.track.tracker import MemoryTracker

# A closed page is removed after this many broadcasts; an open one renews its
# subscription before. Counting broadcasts instead of time means that pages need not
# contact an idle kernel, which would prevent it from being culled.
_CREDIT = 600
# More pages than anybody opens; another subscriber replaces the one that renewed its
# subscription first, which returns when it renews.
_MOST_SUBSCRIBERS = 64
# While a cell runs, a message is sent at least this often even if its memory does not
# change: every second reading, so at least twice a second.
_STILL_INTERVAL_S = 0.35
# Smaller changes of an idle process are not worth a message.
_IDLE_CHANGE_BYTES = 1024 * 1024


class KernelChannel:
    """Connects a tracker with the pages that show its kernel.

    Parameters
    ----------
    kernel : ipykernel.ipkernel.IPythonKernel
        The kernel of this process.
    tracker : MemoryTracker
        The source of the readings.
    work : Activities, optional
        The source of progress reports; by default that of this process.
    largest : LargestVariables, optional
        Measures the variables of the notebook.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        The shell that the extension is loaded into; by default the kernel's.
    """

    def __init__(
        self,
        kernel: Any,
        tracker: MemoryTracker,
        work: Activities | None = None,
        *,
        largest: LargestVariables | None = None,
        shell: Any = None,
    ) -> None:
        self._kernel = kernel
        self._tracker = tracker
        self._work = work or activities()
        self._largest = largest
        self._busy = BusyStatus(kernel, shell or kernel.shell)
        self._credits: dict[str, int] = {}
        self._credits_lock = threading.Lock()
        self._answers: dict[str, Callable[[Any], protocol.Reply | protocol.State]] = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "state": self._state,
        }
        self._inspecting = Inspecting(kernel, shell or kernel.shell, tracker)
        self._seen_t_s = 0.0
        self._kept_back: list[Sample] = []
        self._sent_t_s = 0.0
        self._sent_rss_bytes = 0
        self._sent_children_bytes = 0
        self._sent_running = False
        # Pages may have received different news, one of them with its snapshot.
        self._sent_news: set[News] = {News()}
        self._cells_sent = 0

    def attach(self) -> None:
        """Start answering requests and broadcasting to subscribers."""
        self._busy.attach()
        self._kernel.control_handlers[protocol.REQUEST_TYPE] = self._handle_request
        self._tracker.observe(self._on_reading)

    def detach(self) -> None:
        """Stop answering requests, and notify the subscribers."""
        self._tracker.unobserve(self._on_reading)
        self._kernel.control_handlers.pop(protocol.REQUEST_TYPE, None)
        self._busy.detach()
        if self._credits:
            self._broadcast({"type": "goodbye", "protocol": protocol.PROTOCOL_VERSION})

    @property
    def subscribers(self) -> int:
        """The number of subscribed pages."""
        return len(self._credits)

    def _on_reading(self) -> None:
        """Send changes that are worth a message, if any page is subscribed."""
        samples = self._tracker.history(self._seen_t_s)
        if samples:
            self._seen_t_s = samples[-1].t_s
        # Counted before checking for subscribers: a page that subscribes in between
        # receives the cells until then with its snapshot.
        cells_ended = self._tracker.cells_ended
        if not self._credits:
            self._cells_sent = cells_ended
            self._kept_back = []
            return
        if samples:
            self._send(
                samples, self._tracker.running, read_news(self._work, self._largest)
            )
        records = self._take_ended_cells()
        if records:
            self._broadcast(cells_message(records))

    def _take_ended_cells(self) -> list[CellRecord]:
        """Return the cells that have ended since the last message about them.

        The count and the records must match: a cell that ends between reading the two
        would displace another from the requested records.
        """
        while True:
            cells_ended = self._tracker.cells_ended
            n_new = cells_ended - self._cells_sent
            records = self._tracker.latest_cells(n_new) if n_new else []
            if cells_ended == self._tracker.cells_ended:
                self._cells_sent = cells_ended
                return records

    def _send(
        self, samples: list[Sample], running: OpenCell | None, news: News
    ) -> None:
        """Broadcast the readings, or hold back the last one if nothing has changed."""
        if self._sent_news == {news} and not self._is_worth_sending(samples, running):
            self._kept_back = samples[-1:]
            return
        self._sent_t_s = samples[-1].t_s
        self._sent_rss_bytes = samples[-1].rss_bytes
        self._sent_children_bytes = samples[-1].children_bytes
        self._sent_running = running is not None
        self._sent_news = {news}
        # Includes the last unchanged reading, or a chart would draw a slope up to the
        # change.
        self._broadcast(
            samples_message(
                self._kept_back + samples,
                self._tracker.latest_reading(),
                self._tracker.highest,
                self._tracker.cells_ended,
                running,
                news,
            )
        )
        self._kept_back = []

    def _is_worth_sending(
        self, samples: list[Sample], running: OpenCell | None
    ) -> bool:
        if (running is not None) != self._sent_running:
            return True
        change_bytes = max(
            max(
                abs(sample.rss_bytes - self._sent_rss_bytes),
                abs(sample.peak_bytes - self._sent_rss_bytes),
                abs(sample.children_bytes - self._sent_children_bytes),
            )
            for sample in samples
        )
        if running is None:
            return change_bytes >= _IDLE_CHANGE_BYTES
        return change_bytes > 0 or samples[-1].t_s - self._sent_t_s >= _STILL_INTERVAL_S

    def _broadcast(self, message: protocol.Broadcast) -> None:
        """Publish a message to every page, which uses one credit of each."""
        with self._credits_lock:
            self._credits = {
                client: left - 1 for client, left in self._credits.items() if left > 1
            }
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
        with self._credits_lock:
            # The oldest comes first.
            self._credits.pop(request["client_id"], None)
            self._credits[request["client_id"]] = _CREDIT
            if len(self._credits) > _MOST_SUBSCRIBERS:
                del self._credits[next(iter(self._credits))]
        news = read_news(self._work, self._largest)
        snapshot = snapshot_message(
            self._tracker, news, since_s=request["since_s"], credit=_CREDIT
        )
        # The page assumes this until a broadcast changes it.
        self._sent_running = snapshot["running"] is not None
        self._sent_news.add(news)
        return snapshot

    def _state(self, _request: Any) -> protocol.State:
        return read_state(self._tracker, self._work)

    def _unsubscribe(self, request: Any) -> protocol.Reply:
        with self._credits_lock:
            self._credits.pop(request["client_id"], None)
        return {"type": "unsubscribed", "protocol": protocol.PROTOCOL_VERSION}
