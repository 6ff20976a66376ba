"""Sends a tracker's readings to subscribers when they are worth a message.

Nothing is sent without a subscriber, or while an idle kernel's memory changes by less
than a MiB. A running cell is reported up to five times a second while its memory
changes, and twice a second while it does not. The end of a cell is always sent with a
reading, because a page may show one that the server took while the kernel was silent.
News of running work, including its end, is sent with the next reading.

A subscription expires after 600 messages unless the page renews it. So a page that was
closed is noticed without any message from the others, which would count as activity and
keep an idle kernel from being culled. A page that reloads in the middle of a cell still
receives messages.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from jupyter_memkit import protocol
from jupyter_memkit.channel.messages import (
    cells_message,
    samples_message,
    snapshot_message,
)
from jupyter_memkit.channel.news import News, read_news
from jupyter_memkit.track.activity import Activities, activities
from jupyter_memkit.track.cells import CellRecord, OpenCell
from jupyter_memkit.track.history import Sample
from jupyter_memkit.track.tracker import MemoryTracker

# Counting messages instead of time means that pages need not contact an idle kernel,
# which would prevent it from being culled.
_CREDIT = 600
# More pages than users open; another subscriber replaces the one that renewed its
# subscription first, which returns when it renews.
_MOST_SUBSCRIBERS = 64
# While a cell runs, a message is sent at least this often even if its memory does not
# change: every second reading, so at least twice a second.
_STILL_INTERVAL_S = 0.35
# Smaller changes of an idle process are not worth a message.
_IDLE_CHANGE_BYTES = 1024 * 1024
# The interval of messages to pages that may have gone away.
_SLOW_INTERVAL_S = 10.0


class Feed:
    """Follows a tracker, and sends its changes while there is a subscriber.

    Parameters
    ----------
    tracker : MemoryTracker
        The source of the readings.
    send : callable
        Sends a message to all subscribers; called on the sampler's thread.
    work : Activities, optional
        The source of progress reports; by default that of this process.
    forgets : bool
        Whether a page is dropped when it has used up its credit. Otherwise it receives
        a message every ten seconds until it renews: for pages whose renewal waits for
        the running cell.
    """

    def __init__(
        self,
        tracker: MemoryTracker,
        send: Callable[[protocol.Broadcast], None],
        work: Activities | None = None,
        *,
        forgets: bool = True,
    ) -> None:
        self._tracker = tracker
        self._send_message = send
        self._work = work or activities()
        self._forgets = forgets
        self._credits: dict[str, int] = {}
        self._credits_lock = threading.Lock()
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
        """Start following the tracker."""
        self._tracker.observe(self._on_reading)

    def detach(self) -> None:
        """Stop following the tracker, and notify the subscribers."""
        self._tracker.unobserve(self._on_reading)
        if self._credits:
            self._broadcast({"type": "goodbye", "protocol": protocol.PROTOCOL_VERSION})

    @property
    def subscribers(self) -> int:
        """The number of subscribed pages."""
        return len(self._credits)

    def subscribe(self, client_id: str, since_s: float) -> protocol.Snapshot:
        """Add or renew a page, and return what it needs to draw.

        Parameters
        ----------
        client_id : str
            The page.
        since_s : float
            The time of the last reading that it has, in seconds since the epoch.
        """
        with self._credits_lock:
            # The oldest comes first.
            self._credits.pop(client_id, None)
            self._credits[client_id] = _CREDIT
            if len(self._credits) > _MOST_SUBSCRIBERS:
                del self._credits[next(iter(self._credits))]
        news = read_news(self._work, self._tracker.largest)
        snapshot = snapshot_message(
            self._tracker, news, since_s=since_s, credit=_CREDIT
        )
        # The page assumes this until a message changes it.
        self._sent_running = snapshot["running"] is not None
        self._sent_news.add(news)
        return snapshot

    def unsubscribe(self, client_id: str) -> None:
        """Drop a page."""
        with self._credits_lock:
            self._credits.pop(client_id, None)

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
                samples,
                self._tracker.running,
                read_news(self._work, self._tracker.largest),
                has_ended=cells_ended != self._cells_sent,
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
        self,
        samples: list[Sample],
        running: OpenCell | None,
        news: News,
        *,
        has_ended: bool,
    ) -> None:
        """Send the readings, or hold back the last one if nothing has changed."""
        if self._is_slow and samples[-1].t_s - self._sent_t_s < _SLOW_INTERVAL_S:
            self._kept_back += samples
            return
        is_still = self._sent_news == {news} and not has_ended
        if is_still and not self._is_worth_sending(samples, running):
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

    @property
    def _is_slow(self) -> bool:
        """Whether all pages have used up their credit."""
        return not any(self._credits.values())

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
        """Send a message to every page, which uses one credit of each."""
        with self._credits_lock:
            self._credits = {
                client: max(0, left - 1)
                for client, left in self._credits.items()
                if left > 1 or not self._forgets
            }
        self._send_message(message)
