"""Pauses with a memory limit."""

from __future__ import annotations

import gc
import mmap
import threading
import time
from collections.abc import Callable

import pytest

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.techniques.gc_pausing import growth as module
from jupyter_memkit.techniques.gc_pausing.pause import gc_pause
from jupyter_memkit.techniques.gc_pausing.switch import read_gc_status
from tests.waiting import LIMIT_S, wait_until

MIB = 1024 * 1024

BIG_BYTES = 10 * MIB
# Made once, because the allocator keeps some of the memory of what is deleted.
CONTENT = b"x" * BIG_BYTES
# Two gigabytes, a hundred times the limits.
MOST_LOADS = 200


class Node:
    """An object that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self
        # Memory that goes back to the system when it is freed.
        self.load = mmap.mmap(-1, BIG_BYTES)
        self.load.write(CONTENT)


def grow_until(is_so: Callable[[], bool]) -> None:
    """Allocate more and more memory until a condition is true."""
    deadline_s = time.monotonic() + LIMIT_S
    loads: list[bytes] = []
    while not is_so():
        assert time.monotonic() < deadline_s
        # Then the watcher only needs its turn, which a busy machine may delay.
        if len(loads) < MOST_LOADS:
            loads.append(b"x" * BIG_BYTES)
        time.sleep(0.02)


def watchers() -> list[str]:
    """Return the names of the watching threads."""
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name == "memkit-gc-growth"]


@pytest.mark.own_process
def test_limit_is_exceeded() -> None:
    """Above the limit garbage is collected, and the collector runs until the end."""
    gc.collect()
    with gc_pause(max_growth=50 * MIB) as pause:
        assert watchers() == ["memkit-gc-growth"]
        for _ in range(6):
            Node()
        wait_until(gc.isenabled)
        status = read_gc_status()
    assert watchers() == []
    assert (status.paused_by, gc.isenabled()) == (None, True)
    assert "exceeded its memory limit" in status.note
    assert pause.resumption is not None
    assert pause.resumption.growth_bytes > 50 * MIB
    # Each of them is a node and its map.
    reclaimed = pause.resumption.reclaimed_objects // 2
    assert reclaimed >= 3
    # Two more may be created during the collection.
    assert pause.resumption.reclaimed_bytes > (reclaimed - 2) * BIG_BYTES - MIB
    assert pause.collections_avoided == pause.resumption.collections_avoided
    assert gc.isenabled()


def test_pure_python_without_a_break() -> None:
    """A collection also runs during a loop that never waits."""
    with gc_pause(max_growth=20 * MIB) as pause:
        kept = []
        deadline_s = time.monotonic() + LIMIT_S
        while not gc.isenabled() and time.monotonic() < deadline_s:
            kept.append([None] * 100)
    assert pause.resumption is not None


def test_others_are_resumed_too() -> None:
    """A limit that is exceeded ends all current pauses, and those that begin later."""
    with gc_pause(collect=False), gc_pause(max_growth=20 * MIB):
        grow_until(gc.isenabled)
        with gc_pause():
            assert gc.isenabled()
    assert gc.isenabled()
    with gc_pause(collect=False):
        assert not gc.isenabled()


def test_raised_thresholds_are_restored_early() -> None:
    """Raised thresholds are restored early too."""
    found = gc.get_threshold()
    with gc_pause(max_growth=20 * MIB, threshold=1_000_000) as pause:
        grow_until(lambda: gc.get_threshold() == found)
    assert pause.resumption is not None


def test_limit_is_not_exceeded() -> None:
    """A pause that stays below its limit lasts to its end."""
    with gc_pause(max_growth="1TB") as pause:
        time.sleep(3 * module._INTERVAL_S)
        assert not gc.isenabled()
    assert pause.resumption is None
    assert watchers() == []


def test_collector_was_off() -> None:
    """A collector that the user disabled is not enabled."""
    gc.disable()
    try:
        with gc_pause(max_growth=1) as pause:
            assert watchers() == []
        assert not gc.isenabled()
    finally:
        gc.enable()
    assert pause.resumption is None


def test_forgotten_pause() -> None:
    """A pause ends with its thread when nothing refers to it any more."""
    pause = gc_pause(max_growth="1TB")
    pause.__enter__()
    del pause
    wait_until(gc.isenabled)
    wait_until(lambda: watchers() == [])


def test_memory_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed readings are skipped."""
    failures = [MemkitError("too many open files")] * 2

    def read_or_fail() -> int:
        if failures and threading.current_thread().name == "memkit-gc-growth":
            raise failures.pop()
        return read_rss_bytes()

    monkeypatch.setattr(module, "read_rss_bytes", read_or_fail)
    with gc_pause(max_growth=20 * MIB) as pause:
        grow_until(gc.isenabled)
    assert failures == []
    assert pause.resumption is not None
