"""A day of a notebook, on a clock that the test sets."""

from __future__ import annotations

import gc
import json
import tracemalloc
from typing import Any

import pytest

from tests.channel.scene import Scene

HOURS = 24
CELLS_AN_HOUR = 60
# Each minute a cell runs for a third of it.
CELL_S = 20
READINGS_A_SECOND = 2
MIB = 1024 * 1024
HIGHEST_HOUR = 5

pytestmark = pytest.mark.own_process


class Page:
    """Follows a kernel as the sidebar does: renews, and reloads every few hours."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._loads = 0
        self.credit = 0
        self.times_s: list[float] = []
        self.cells: list[int] = []

    def load(self) -> None:
        """Open the page again, which then knows nothing."""
        self._loads += 1
        self.times_s.clear()
        self.cells.clear()
        self._subscribe()

    def receive(self) -> None:
        """Take what was broadcast, and renew when a quarter of the credit is left."""
        for message in self._scene.kernel.broadcasts():
            self.credit -= 1
            self._take(message)
        if self.credit <= 150:
            self._subscribe()

    def _subscribe(self) -> None:
        since_s = self.times_s[-1] if self.times_s else 0.0
        snapshot = self._scene.ask(
            {
                "type": "subscribe",
                "protocol": 1,
                "client_id": f"page {self._loads}",
                "since_s": since_s,
            }
        )
        self.credit = snapshot["credit"]
        self._take(snapshot)

    def _take(self, message: dict[str, Any]) -> None:
        # What was kept back for the next message may be in the snapshot already.
        last_s = self.times_s[-1] if self.times_s else 0.0
        times_s = message.get("samples", {}).get("t_s", [])
        self.times_s += [t_s for t_s in times_s if t_s > last_s]
        self.cells += [cell["execution_count"] for cell in message.get("cells", [])]


def run_hour(scene: Scene, page: Page, hour: int) -> None:
    """Run a cell each minute; one of them uses more memory than all others."""
    for minute in range(CELLS_AN_HOUR):
        number = hour * CELLS_AN_HOUR + minute
        cell = scene.tracker.begin_cell(
            f"step({number})", execution_count=number, cell_id=f"id-{minute}"
        )
        peak = 900 if (hour, minute) == (HIGHEST_HOUR, 30) else 500
        for tick in range(CELL_S * READINGS_A_SECOND):
            used = peak if tick == 30 else 100 + tick
            scene.probe.use(used * MIB, (100 + tick) * MIB)
            scene.tick(1 / READINGS_A_SECOND)
            page.receive()
        scene.tracker.end_cell(cell, error="ValueError" if minute % 7 == 0 else None)
        for _ in range(60 - CELL_S):
            scene.tick(1.0)
            page.receive()


def read_traced_bytes() -> int:
    """Return what Python's allocators hold for this package and the test."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_day() -> None:
    """No reading or cell is lost, and nothing grows once the history is full."""
    scene = Scene()
    page = Page(scene)
    held_bytes = []
    tracemalloc.start()
    for hour in range(HOURS):
        if hour % 3 == 0:
            page.load()
        known = len(page.times_s)
        run_hour(scene, page, hour)
        assert page.times_s == sorted(set(page.times_s))
        # An idle kernel whose memory does not change sends nothing.
        assert len(page.times_s) - known >= CELLS_AN_HOUR * CELL_S * READINGS_A_SECOND
        assert scene.clock.now_s - page.times_s[-1] < 60 - CELL_S
        last = (hour + 1) * CELLS_AN_HOUR
        # A page that is loaded gets the last hundred cells.
        first = max(0, (hour - hour % 3) * CELLS_AN_HOUR - 100)
        assert page.cells == list(range(first, last))
        held_bytes.append(read_traced_bytes())
    tracemalloc.stop()
    # All that is kept is full by then. The page itself begins anew every three hours.
    # What a first use imports grows once, a leak always.
    grown_bytes = [
        now - before
        for before, now in zip(held_bytes[-6:-3], held_bytes[-3:], strict=True)
    ]
    assert min(grown_bytes) < MIB // 16

    tracker = scene.tracker
    assert tracker.cells_ended == HOURS * CELLS_AN_HOUR
    assert len(tracker.cells) == 1000
    assert tracker.highest is not None
    assert tracker.highest.bytes == 900 * MIB
    assert tracker.highest.execution_count == HIGHEST_HOUR * CELLS_AN_HOUR + 30
    history = tracker.history()
    assert max(sample.peak_bytes for sample in history) == 900 * MIB
    page.load()
    snapshot_bytes = len(json.dumps(page.times_s))
    assert snapshot_bytes < MIB
    assert len(history) < 6000
