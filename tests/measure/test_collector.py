"""The time of the garbage collector over measurements."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from jupyter_memkit.measure.collector import CollectorClock
from jupyter_memkit.measure.free_heap import read_free_python_heap_bytes

# With a second on one clock and the collector off on the other, in a fresh process.
SHARE = """
import gc, time
from jupyter_memkit.measure.collector import collector_clock

def build():
    start_s = time.perf_counter()
    made = [{"a": i, "b": [i]} for i in range(1_000_000)]
    return time.perf_counter() - start_s

watch = collector_clock().open()
build_s = build()
gc_s = watch.close().duration_s
print(0 < gc_s < build_s)
"""


# A timer fires while the collector traverses a large heap, as Ctrl-C would.
INTERRUPTS = """
import gc, signal
from jupyter_memkit.measure.collector import collector_clock

class Struck(BaseException):
    pass

def strike(*_):
    raise Struck

signal.signal(signal.SIGALRM, strike)
heap = [[number] for number in range(300_000)]
watch = collector_clock().open()
lost = 0
for number in range(40):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001 + number / 5000)
        while signal.getitimer(signal.ITIMER_REAL)[0] > 0:
            gc.collect()
        for _ in range(3):
            pass
        lost += 1
    except Struck:
        pass
print(lost, watch.close().counts[2] > 0)
"""


# Collections at the limit of recursion, where calls from C fail as well.
RECURSION = """
import gc, sys, time
from jupyter_memkit.measure.collector_timer import CollectorTimer

def deep(kept):
    kept.append([kept])
    deep(kept)

began_s = time.perf_counter()
timer = CollectorTimer()
timer.start()
found = gc.get_threshold()
gc.set_threshold(3, 3, 3)
for _ in range(100):
    try:
        deep([])
    except RecursionError:
        pass
gc.set_threshold(*found)
print("now", file=sys.stderr)
before, = timer.read_durations_s()[2:]
gc.collect()
after, = timer.read_durations_s()[2:]
print(after > before, sum(timer.read_durations_s()) < time.perf_counter() - began_s)
"""


def test_collection_at_the_limit_of_recursion() -> None:
    """A collection whose time could not be read is left out, and later ones are not."""
    done = subprocess.run(
        [sys.executable, "-c", RECURSION], capture_output=True, text=True, check=True
    )
    _, _, later = done.stderr.partition("now\n")
    assert (done.stdout, later) == ("True True\n", "")


@pytest.mark.own_process
def test_timing_keeps_nothing() -> None:
    """Each collection leaves nothing that would keep an arena of Python's heap."""
    before_bytes = read_free_python_heap_bytes()
    watch = CollectorClock().open()
    records = [{"id": n, "name": f"customer {n}"} for n in range(300_000)]
    assert watch.close().counts[0] > 100
    records.clear()
    assert read_free_python_heap_bytes() - before_bytes < 10_000_000


@pytest.mark.skipif(sys.platform == "win32", reason="needs a timer of the system")
def test_no_signal_is_lost_in_a_collection() -> None:
    """An exception of a signal handler during a collection ends the user's code."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTS], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("0 True\n", "")


def test_collections_are_counted_by_generation() -> None:
    """Explicit collections are counted in the requested generation."""
    clock = CollectorClock()
    gc.disable()
    try:
        watch = clock.open()
        gc.collect(0)
        gc.collect(2)
        gc.collect(2)
        collections = watch.close()
    finally:
        gc.enable()
    assert collections.counts == (1, 0, 2)
    young_s, middle_s, old_s = collections.durations_s
    assert 0 < young_s < old_s
    assert middle_s == 0
    assert collections.duration_s == young_s + old_s


def test_unreachable_objects_are_counted() -> None:
    """Objects that the collections found are counted, but none from before."""
    clock = CollectorClock()
    gc.collect()
    watch = clock.open()
    cycles: list[list[object]] = [[] for _ in range(100)]
    for cycle in cycles:
        cycle.append(cycle)
    del cycle, cycles
    gc.collect()
    assert watch.close().found in range(100, 110)


def test_stretches_overlap() -> None:
    """Each measurement has its own figures, whichever ends first."""
    clock = CollectorClock()
    gc.disable()
    try:
        outer = clock.open()
        gc.collect(2)
        inner = clock.open()
        gc.collect(2)
        assert outer.close().counts == (0, 0, 2)
        gc.collect(2)
        assert inner.close().counts == (0, 0, 2)
    finally:
        gc.enable()


def test_nothing_stays_behind() -> None:
    """The callbacks exist only during a measurement, even if it is ended twice."""
    before = list(gc.callbacks)
    watch = CollectorClock().open()
    assert len(gc.callbacks) > len(before)
    watch.close()
    watch.close()
    assert gc.callbacks == before


def test_time_is_part_of_the_work() -> None:
    """The collector's time is above zero and below that of the work."""
    done = subprocess.run(
        [sys.executable, "-c", SHARE], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"
