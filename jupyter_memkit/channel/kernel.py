"""The kernel's end of the wire: broadcasts readings and answers requests.

Broadcasts leave from the sampler's thread; requests arrive on the control
channel, so that both work while a cell runs.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from jupyter_memkit import __version__, protocol
from jupyter_memkit.channel.busy import BusyStatus
from jupyter_memkit.channel.messages import (
    cells_message,
    samples_message,
    snapshot_message,
)
from jupyter_memkit.channel.news import News, read_news
from jupyter_memkit.channel.state import read_state
from jupyter_memkit.track.activity import Activities, activities
from jupyter_memkit.track.cells import CellRecord, OpenCell
from jupyter_memkit.track.history import Sample
from jupyter_memkit.track.tracker import MemoryTracker

# A page that is gone is forgotten after this many broadcasts; one that is there
# renews before. Counted in broadcasts, not in time, so an idle kernel needs no
# sign of life from its pages, which would keep it from being culled.
_CREDIT = 600
# More pages than anybody opens; a subscriber beyond takes the place of the one that has
# been silent the longest, which comes back when it renews.
_MOST_SUBSCRIBERS = 32
# An id is a UUID, or of that order.
_MOST_ID_LETTERS = 128
# A running cell shows life after this time, even when its memory is still: at
# every second reading, so at least twice a second.
_STILL_INTERVAL_S = 0.35
# What an idle process moves by itself is not worth a message.
_IDLE_CHANGE_BYTES = 1024 * 1024


class KernelChannel:
    """Connects a tracker with the pages that look at its kernel.

    Parameters
    ----------
    kernel : ipykernel.ipkernel.IPythonKernel
        The kernel of this process.
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell that the extension is loaded into.
    tracker : MemoryTracker
        Where the readings come from.
    work : Activities, optional
        Where the work under way tells how far it is; that of this process when left
        out.
    """

    def __init__(
        self,
        kernel: Any,
        shell: Any,
        tracker: MemoryTracker,
        work: Activities | None = None,
    ) -> None:
        self._kernel = kernel
        self._tracker = tracker
        self._work = work or activities()
        self._busy = BusyStatus(kernel, shell)
        self._credits: dict[str, int] = {}
        self._credits_lock = threading.Lock()
        self._answers: dict[str, Callable[[Any], protocol.Reply | protocol.State]] = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "state": self._state,
        }
        self._seen_t_s = 0.0
        self._kept_back: list[Sample] = []
        self._sent_t_s = 0.0
        self._sent_rss_bytes = 0
        self._sent_children_bytes = 0
        self._sent_running = False
        # Two pages may have been told different things, one with its snapshot.
        self._sent_news: set[News] = {News()}
        self._cells_sent = 0

    def attach(self) -> None:
        """Begin to answer requests and to broadcast to those who subscribe."""
        self._busy.attach()
        self._kernel.control_handlers[protocol.REQUEST_TYPE] = self._handle_request
        self._tracker.observe(self._on_reading)

    def detach(self) -> None:
        """Answer no longer, and say so to those who were subscribed."""
        self._tracker.unobserve(self._on_reading)
        self._kernel.control_handlers.pop(protocol.REQUEST_TYPE, None)
        self._busy.detach()
        if self._credits:
            self._broadcast({"type": "goodbye", "protocol": protocol.PROTOCOL_VERSION})

    @property
    def subscribers(self) -> int:
        """How many pages are subscribed."""
        return len(self._credits)

    def _on_reading(self) -> None:
        """Send what is new, if somebody looks and it is worth a message."""
        samples = self._tracker.history(self._seen_t_s)
        if samples:
            self._seen_t_s = samples[-1].t_s
        # Counted before the look at who is there: a page that subscribes in between
        # gets the cells until then with its snapshot.
        cells_ended = self._tracker.cells_ended
        if not self._credits:
            self._cells_sent = cells_ended
            self._kept_back = []
            return
        if samples:
            self._tell(samples, self._tracker.running, read_news(self._work))
        records = self._take_ended_cells()
        if records:
            self._broadcast(cells_message(records))

    def _take_ended_cells(self) -> list[CellRecord]:
        """Return the cells that have ended since they were last told.

        The count and the records belong together: a cell that ends between the two
        would push another one out of the records that are asked for.
        """
        while True:
            cells_ended = self._tracker.cells_ended
            n_new = cells_ended - self._cells_sent
            records = self._tracker.latest_cells(n_new) if n_new else []
            if cells_ended == self._tracker.cells_ended:
                self._cells_sent = cells_ended
                return records

    def _tell(
        self, samples: list[Sample], running: OpenCell | None, news: News
    ) -> None:
        """Broadcast readings, or keep the last one back if nothing has changed."""
        if self._sent_news == {news} and not self._is_worth_sending(samples, running):
            self._kept_back = samples[-1:]
            return
        self._sent_t_s = samples[-1].t_s
        self._sent_rss_bytes = samples[-1].rss_bytes
        self._sent_children_bytes = samples[-1].children_bytes
        self._sent_running = running is not None
        self._sent_news = {news}
        # With the end of the still stretch, or a chart would draw it as a slope.
        reading = self._tracker.now()
        self._broadcast(
            samples_message(self._kept_back + samples, reading, running, news)
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
        """Publish a message to every page, at the cost of a credit of each."""
        with self._credits_lock:
            self._credits = {
                client: left - 1 for client, left in self._credits.items() if left > 1
            }
        self._kernel.session.send(
            self._kernel.iopub_socket,
            "comm_msg",
            {"comm_id": protocol.COMM_ID, "data": message},
            # Not the running cell's: an output area would take it for its own.
            parent={},
            ident=f"comm-{protocol.COMM_ID}".encode(),
        )

    async def _handle_request(
        self, stream: Any, ident: Any, parent: dict[str, Any]
    ) -> None:
        """Answer one request; called by the kernel on its control thread."""
        reply = self._answer(parent["content"])
        self._kernel.session.send(stream, protocol.REPLY_TYPE, reply, parent, ident)
        # After the handler the kernel publishes "idle" for this request, which
        # pages and the server take for the end of the running cell.
        asyncio.get_running_loop().call_soon(self._busy.republish)

    def _answer(self, request: Any) -> protocol.Reply | protocol.State:
        """Return the reply to a request, which may be anything."""
        kind = request.get("type")
        if request.get("protocol") != protocol.PROTOCOL_VERSION:
            return {
                "type": "incompatible",
                "protocol": protocol.PROTOCOL_VERSION,
                "version": __version__,
            }
        answer = self._answers.get(kind) if isinstance(kind, str) else None
        if answer is None:
            return _refused(f"{kind!r} is not a request of this protocol")
        client = request.get("client_id")
        is_id = isinstance(client, str) and len(client) <= _MOST_ID_LETTERS
        if kind != "state" and not is_id:
            most = _MOST_ID_LETTERS
            return _refused(f"client_id has to be a string of at most {most} letters")
        return answer(request)

    def _subscribe(self, request: Any) -> protocol.Reply:
        since_s = request.get("since_s")
        if not isinstance(since_s, (int, float)):
            return _refused("since_s has to be a number of seconds")
        with self._credits_lock:
            self._credits[request["client_id"]] = _CREDIT
            if len(self._credits) > _MOST_SUBSCRIBERS:
                del self._credits[min(self._credits, key=self._credits.__getitem__)]
        news = read_news(self._work)
        snapshot = snapshot_message(
            self._tracker, news, since_s=since_s, credit=_CREDIT
        )
        # The page believes this until a broadcast says otherwise.
        self._sent_running = snapshot["running"] is not None
        self._sent_news.add(news)
        return snapshot

    def _state(self, _request: Any) -> protocol.State:
        return read_state(self._tracker, self._work)

    def _unsubscribe(self, request: Any) -> protocol.Reply:
        with self._credits_lock:
            self._credits.pop(request["client_id"], None)
        return {"type": "unsubscribed", "protocol": protocol.PROTOCOL_VERSION}


def _refused(message: str) -> protocol.Refused:
    return {
        "type": "refused",
        "protocol": protocol.PROTOCOL_VERSION,
        "message": message,
    }
