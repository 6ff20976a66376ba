"""What a feed sends to pages whose renewal waits for the running cell."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_memkit.channel.feed import Feed
from jupyter_memkit.measure.peak import PeakMeter
from jupyter_memkit.track.tracker import MemoryTracker
from tests.fake_probe import FakeProbe
from tests.set_clock import SetClock

MIB = 1024 * 1024


class Scene:
    """A feed of a process controlled by the test, whose memory moves all the time."""

    def __init__(self, *, forgets: bool) -> None:
        self.probe = FakeProbe()
        self.clock = SetClock(1000.0)
        self.tracker = MemoryTracker(PeakMeter(self.probe), self.clock)
        self.sent: list[Any] = []
        self.feed = Feed(self.tracker, self.sent.append, forgets=forgets)
        self.feed.attach()
        self.cell = self.tracker.begin_cell("x", execution_count=1, cell_id=None)

    def read(self, count: int) -> list[Any]:
        """Take readings a quarter of a second apart; return what was sent."""
        self.sent.clear()
        for _ in range(count):
            self.clock.now_s += 0.25
            self.probe.use(self.probe.read_rss_bytes() + MIB)
            self.tracker.sample()
        return list(self.sent)


def times(messages: list[Any]) -> list[float]:
    """Return the times of all readings in messages."""
    return [t_s for message in messages for t_s in message["samples"]["t_s"]]


def test_page_that_cannot_renew_gets_all_readings_seldom() -> None:
    """Without its credit it gets a message every ten seconds, without a gap."""
    scene = Scene(forgets=False)
    scene.feed.subscribe("page", 0.0)
    assert len(scene.read(600)) == 600
    slow = scene.read(400)
    assert len(slow) == 10
    assert times(slow) == [scene.clock.now_s - 0.25 * n for n in range(399, -1, -1)]
    scene.feed.subscribe("page", scene.clock.now_s)
    assert len(scene.read(20)) == 20
    assert scene.feed.subscribers == 1


def test_page_that_could_renew_is_forgotten() -> None:
    """Without its credit it gets nothing."""
    scene = Scene(forgets=True)
    scene.feed.subscribe("page", 0.0)
    assert len(scene.read(600)) == 600
    assert scene.read(400) == []
    assert scene.feed.subscribers == 0


def test_end_of_a_cell_comes_with_a_reading() -> None:
    """A page may show what the server read while the kernel was silent."""
    scene = Scene(forgets=True)
    scene.tracker.end_cell(scene.cell, error=None)
    scene.feed.subscribe("page", 0.0)
    scene.tracker.sample()
    scene.sent.clear()
    cell = scene.tracker.begin_cell("y", execution_count=2, cell_id=None)
    scene.clock.now_s += 1
    scene.tracker.end_cell(cell, error=None)
    scene.tracker.sample()
    assert [message["type"] for message in scene.sent] == ["samples", "cells"]
    assert times(scene.sent[:1])[-1] == scene.clock.now_s
    scene.sent.clear()
    scene.clock.now_s += 1
    scene.tracker.sample()
    assert scene.sent == []


@pytest.mark.parametrize("forgets", [True, False])
def test_detached_feed_sends_goodbye_only(forgets: bool) -> None:
    """Its listener is gone from the tracker."""
    scene = Scene(forgets=forgets)
    scene.feed.subscribe("page", 0.0)
    scene.read(1)
    scene.sent.clear()
    scene.feed.detach()
    assert [message["type"] for message in scene.sent] == ["goodbye"]
    assert scene.read(10) == []
    assert scene.tracker._observers == []
