"""The history of readings, and its memory."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator

from jupyter_memkit.measure.children import ChildrenMeter
from jupyter_memkit.measure.peak import PeakMeter
from jupyter_memkit.track.cells import CellAccounts
from jupyter_memkit.track.history import History, Level, Sample
from tests.fake_children import FakeChildren
from tests.fake_probe import FakeProbe
from tests.set_clock import SetClock


def sample(t_s: float, rss_bytes: int = 100, peak_bytes: int = 0) -> Sample:
    """A sample whose peak is its reading by default."""
    return Sample(
        t_s=t_s,
        rss_bytes=rss_bytes,
        peak_bytes=max(rss_bytes, peak_bytes),
        children_bytes=0,
    )


def test_samples_come_back_in_order() -> None:
    """Appended samples are returned oldest first."""
    history = History()
    samples = [sample(1.0), sample(1.25), sample(1.5)]
    for each in samples:
        history.append(each)
    assert history.since(0.0) == samples


def test_since_leaves_out_what_is_known() -> None:
    """A sample exactly at the given time is not returned."""
    history = History()
    for t_s in (1.0, 2.0, 3.0):
        history.append(sample(t_s))
    assert [each.t_s for each in history.since(2.0)] == [3.0]


def test_bucket_keeps_the_highest_peak() -> None:
    """Samples in one bucket are merged: the latest reading, the highest peak."""
    level = Level(bucket_s=10.0, capacity=5)
    level.append(sample(11.0, 100, 900))
    level.append(sample(15.0, 300))
    assert level.since(0.0) == [sample(15.0, 300, 900)]


def test_late_sample_does_not_disturb_the_order() -> None:
    """A late sample of another thread does not break the order."""
    level = Level(bucket_s=0.1, capacity=5)
    level.append(sample(5.31))
    level.append(sample(5.29, 700))
    level.append(sample(5.45))
    assert [each.t_s for each in level.since(0.0)] == [5.31, 5.45]
    assert level.since(0.0)[0].peak_bytes == 700


def test_full_level_forgets_the_oldest() -> None:
    """A full ring buffer drops its oldest samples, even after many rounds."""
    level = Level(bucket_s=1.0, capacity=3)
    for t_s in range(1, 12):
        level.append(sample(float(t_s)))
    assert [each.t_s for each in level.since(0.0)] == [9.0, 10.0, 11.0]


def week() -> Iterator[Sample]:
    """A reading every ten seconds for a week, and four per second in its last hour."""
    week_s = 7 * 24 * 3600
    for second in range(0, week_s - 3600, 10):
        yield sample(float(second))
    for tick in range(3600 * 4):
        yield sample(week_s - 3600 + tick / 4)


def test_week_is_known_coarsely_and_minutes_finely() -> None:
    """There is a sample per two minutes for days, and one per ten seconds for hours."""
    history = History()
    for each in week():
        history.append(each)
    times = [each.t_s for each in history.since(0.0)]
    now_s = 7 * 24 * 3600.0

    def count(from_s: float, to_s: float) -> int:
        return sum(from_s <= t_s < to_s for t_s in times)

    assert count(0, 3600) == 30
    assert count(now_s - 7200, now_s - 3600) == 360
    assert count(now_s - 60, now_s) == 240
    assert times == sorted(times)


def record_a_week(cells: int) -> tuple[History, CellAccounts]:
    """Return what a tracker keeps of a week with so many cells."""
    history = History()
    for each in week():
        history.append(each)
    accounts = CellAccounts(
        PeakMeter(FakeProbe()), ChildrenMeter(FakeChildren()), SetClock(0.0)
    )
    for count in range(cells):
        code = f"{count:200}"
        cell = accounts.begin(code, execution_count=count, cell_id=f"{count:36}")
        accounts.end(cell, error=None)
    return history, accounts


def test_history_of_a_week_is_small() -> None:
    """However long a session lasts, readings and cells take under two MiB."""
    # What is imported and compiled on first use is not theirs.
    record_a_week(cells=1)
    tracemalloc.start()
    try:
        kept = record_a_week(cells=3000)
        gc.collect()
        held_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kept[1].records) == 1000
    assert held_bytes < 2 * 1024 * 1024
