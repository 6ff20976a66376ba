"""The tracker in a script."""

from __future__ import annotations

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.peak import PeakMeter
from jupyter_memkit.track.tracker import MemoryTracker, tracker
from tests.fake_probe import FakeProbe
from tests.set_clock import SetClock

MIB = 1024 * 1024


def test_script_gets_the_tracker_that_runs() -> None:
    """The tracker is running inside the with block only."""
    with MemoryTracker() as mine:
        assert tracker() is mine
    with pytest.raises(MemkitError, match=r"%load_ext jupyter_memkit"):
        tracker()


def test_reading_of_now() -> None:
    """A reading has the memory and the limit, which is higher."""
    with MemoryTracker() as mine:
        reading = mine.now()
    assert reading.gauge is not None
    assert MIB < reading.rss_bytes < reading.gauge.limit_bytes
    assert reading.gauge.name


def test_cell_marks_the_history() -> None:
    """The start, the end and the peak of a short cell are in the history."""
    probe, clock = FakeProbe(), SetClock(1000.0)
    mine = MemoryTracker(PeakMeter(probe), clock)
    cell = mine.begin_cell("work()", execution_count=1, cell_id=None)
    probe.use(700, 200)
    clock.now_s = 1001.0
    mine.end_cell(cell, error=None)
    history = [(s.t_s, s.rss_bytes, s.peak_bytes) for s in mine.history()]
    assert history == [(1000.0, 100, 100), (1001.0, 200, 700)]


def test_observer_is_notified_of_each_reading() -> None:
    """An observer is called after each reading until it is removed."""
    seen = []
    mine = MemoryTracker(PeakMeter(FakeProbe()), SetClock(1000.0))

    def observer() -> None:
        seen.append(len(mine.history()))

    mine.observe(observer)
    mine.sample()
    mine.unobserve(observer)
    mine.sample()
    assert seen == [1]


def test_observers_of_cells() -> None:
    """Observers are notified of the start and the end of cells until removed."""
    notified: list[str] = []
    mine = MemoryTracker(PeakMeter(FakeProbe()), SetClock(1000.0))
    first = (lambda: notified.append("1 begins"), lambda: notified.append("1 ended"))
    second = (lambda: notified.append("2 begins"), lambda: notified.append("2 ended"))
    mine.observe_cells(*first)
    mine.observe_cells(*second)
    for _ in range(2):
        cell = mine.begin_cell("", execution_count=1, cell_id=None)
        mine.end_cell(cell, error=None)
        mine.unobserve_cells(*first)
    assert notified == [
        *("1 begins", "2 begins", "1 ended", "2 ended"),
        *("2 begins", "2 ended"),
    ]


def test_intervals() -> None:
    """Readings are rare when idle, frequent in a cell, and very frequent if sampled."""
    probe = FakeProbe()
    mine = MemoryTracker(PeakMeter(probe), SetClock(0.0))
    assert mine._interval_s() == 1.0
    cell = mine.begin_cell("", execution_count=1, cell_id=None)
    assert mine._interval_s() == 0.2
    probe.has_high_water = False
    second = mine.begin_cell("", execution_count=2, cell_id=None)
    assert mine._interval_s() == 0.01
    mine.end_cell(cell, error=None)
    mine.end_cell(second, error=None)
    assert mine._interval_s() == 0.2
    mine.sample()
    assert mine._interval_s() == 1.0


def test_stop_in_a_cell_closes_its_account() -> None:
    """A tracker that stops during a cell leaves no measurement open."""
    meter = PeakMeter(FakeProbe())
    mine = MemoryTracker(meter, SetClock(0.0))
    mine.start()
    mine.begin_cell("", execution_count=1, cell_id=None)
    mine.stop()
    assert mine.running is None
    assert meter._watches == set()
