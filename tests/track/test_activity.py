"""Running tasks that report their progress."""

from __future__ import annotations

import threading

import pytest

from jupyter_memkit.track.activity import Activities, Activity, activities
from tests.set_clock import SetClock


class Scene:
    """Running tasks, on a clock controlled by the test."""

    def __init__(self) -> None:
        self.clock = SetClock(1000.0)
        self.activities = Activities(self.clock)

    @property
    def current(self) -> Activity:
        """The task that is shown."""
        assert self.activities.current is not None
        return self.activities.current


@pytest.fixture
def scene() -> Scene:
    """No running task yet."""
    return Scene()


def test_work_shows_from_its_beginning_to_its_end(scene: Scene) -> None:
    """A task is shown before its first report, until the end of its block."""
    assert scene.activities.current is None
    with scene.activities.open("orders.csv", "rows"):
        assert scene.current == Activity(
            label="orders.csv", unit="rows", reported_s=1000.0, done=0, chunks=0
        )
    assert scene.activities.current is None


def test_work_that_fails_is_gone(scene: Scene) -> None:
    """An interrupt ends the task, too."""
    with pytest.raises(KeyboardInterrupt), scene.activities.open("a", "rows"):
        raise KeyboardInterrupt
    assert scene.activities.current is None


def test_reports_are_shown_as_given(scene: Scene) -> None:
    """Everything that is reported can be read, with its time."""
    with scene.activities.open("orders.csv", "rows") as update:
        scene.clock.now_s = 1002.0
        update(500, 2000, chunks=1, chunk_peak_bytes=70, budget_bytes=100)
        assert scene.current == Activity(
            label="orders.csv",
            unit="rows",
            reported_s=1002.0,
            done=500,
            total=2000,
            per_s=None,
            chunks=1,
            chunk_peak_bytes=70,
            budget_bytes=100,
        )


def test_speed_is_of_this_run(scene: Scene) -> None:
    """Units of an earlier run do not count for the rate."""
    with scene.activities.open("orders.csv", "rows") as update:
        update(1_000_000, chunks=1)
        assert scene.current.per_s is None
        scene.clock.now_s += 4.0
        update(1_000_200, chunks=2)
        assert scene.current.per_s == 50.0


def test_speed_of_a_run_that_started_over(scene: Scene) -> None:
    """After a step back, the rate is that since then."""
    with scene.activities.open("orders.csv", "rows") as update:
        update(100, chunks=1)
        scene.clock.now_s += 1.0
        update(900, chunks=2)
        scene.clock.now_s += 1.0
        update(100, chunks=1)
        assert scene.current.per_s is None
        scene.clock.now_s += 2.0
        update(120, chunks=2)
        assert scene.current.per_s == 10.0


def test_no_speed_without_time(scene: Scene) -> None:
    """Reports at the same moment give no rate."""
    with scene.activities.open("orders.csv", "rows") as update:
        update(100, chunks=1)
        update(200, chunks=2)
        assert scene.current.per_s is None


def test_inner_work_is_shown_while_it_lasts(scene: Scene) -> None:
    """A nested task is shown, and after it the outer one again."""
    with scene.activities.open("outer", "rows") as update:
        update(3, chunks=1)
        with scene.activities.open("inner", "rows"):
            update(5, chunks=2)
            assert scene.current.label == "inner"
        assert (scene.current.label, scene.current.done) == ("outer", 5)


def test_overlapping_work(scene: Scene) -> None:
    """If an earlier task ends first, the later one is still shown."""
    first = scene.activities.open("first", "rows")
    first.__enter__()
    with scene.activities.open("second", "rows"):
        first.__exit__(None, None, None)
        assert scene.current.label == "second"
    assert scene.activities.current is None


def test_late_news_bring_nothing_back(scene: Scene) -> None:
    """Reports of a task that has ended are not shown."""
    with scene.activities.open("a", "rows") as update:
        pass
    update(1, chunks=1)
    assert scene.activities.current is None


def test_every_reading_is_whole() -> None:
    """A thread that reads while others work never sees a partial report."""
    work = Activities()
    ends = threading.Event()
    torn: list[Activity] = []

    def watch() -> None:
        while not ends.is_set():
            seen = work.current
            if seen is not None and seen.done != seen.chunks:
                torn.append(seen)

    def do() -> None:
        for _ in range(200):
            with work.open("a", "rows") as update:
                for number in range(10):
                    update(number, chunks=number)

    watcher = threading.Thread(target=watch)
    workers = [threading.Thread(target=do) for _ in range(4)]
    for thread in (watcher, *workers):
        thread.start()
    for worker in workers:
        worker.join()
    ends.set()
    watcher.join()
    assert (torn, work.current) == ([], None)


def test_one_for_the_process() -> None:
    """Every task in the process is visible to the sidebar."""
    with activities().open("orders.csv", "rows"):
        current = activities().current
        assert current is not None
        assert current.label == "orders.csv"
    assert activities().current is None
