"""Guarded code in several threads: which fills the memory, and how it is stopped."""

from __future__ import annotations

import mmap
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from jupyter_memkit.techniques.guard.raising import raise_in
from jupyter_memkit.techniques.guard.regions import Region, Regions

BYTES = 32 << 20


@pytest.fixture
def other() -> Iterator[ThreadPoolExecutor]:
    """Another thread, which does what it is given."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def begin(regions: Regions) -> Region:
    """Begin a region in the current thread."""
    return regions.begin(lambda _: True, 0)


def touch() -> None:
    """Touch pages for the first time."""
    with mmap.mmap(-1, BYTES) as pages:
        for place in range(0, BYTES, mmap.PAGESIZE):
            pages[place] = 1


def test_each_thread_has_its_own(other: ThreadPoolExecutor) -> None:
    """A thread sees and ends its own regions, whatever began in between."""
    regions = Regions()
    mine, inner = begin(regions), begin(regions)
    theirs = other.submit(begin, regions).result()
    assert (regions.own, regions.latest) == (inner, theirs)
    regions.end(inner)
    assert (regions.own, regions.latest) == (mine, theirs)
    get_signals = [regions.get_signals]
    regions.end(theirs)
    assert regions.latest is mine
    assert [*get_signals, regions.get_signals] == [False, True]
    regions.end(mine)
    assert regions.latest is None


def test_end_of_a_region() -> None:
    """The region that is given ends, in any order; a second end changes nothing."""
    regions = Regions()
    outer, inner = begin(regions), begin(regions)
    regions.end(outer)
    regions.end(outer)
    assert regions.own is inner


def test_regions_that_end_while_they_are_read(
    other: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A region is found although that of another thread ends in the meantime."""
    regions = Regions()
    theirs = other.submit(begin, regions).result()
    mine = begin(regions)

    def is_in_this_thread(region: Region) -> bool:
        regions.end(theirs)
        return region is mine

    monkeypatch.setattr(Region, "is_in_this_thread", property(is_in_this_thread))
    assert regions.own is mine


@pytest.mark.skipif(sys.platform != "linux", reason="counts the faults of threads")
def test_thread_that_touches_pages(other: ThreadPoolExecutor) -> None:
    """The thread that touches most new pages fills the memory, whoever began last."""
    regions = Regions()
    touch()
    mine = begin(regions)
    theirs = other.submit(begin, regions).result()
    other.submit(touch).result()
    assert regions.find_filling() is theirs
    touch()
    touch()
    assert regions.find_filling() is mine


def test_error_in_another_thread() -> None:
    """An error is raised in the code that runs there."""
    begun = threading.Event()
    raised: list[str] = []

    def run() -> None:
        try:
            while True:
                begun.set()
        except MemoryError:
            raised.append("in the loop")

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait()
    raise_in(thread, MemoryError)
    thread.join()
    assert raised == ["in the loop"]
