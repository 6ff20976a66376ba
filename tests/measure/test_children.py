"""The memory of child processes, fake ones and real ones."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time

import pytest

from jupyter_memkit.measure.children import (
    ChildrenMeter,
    ChildrenPeak,
    ChildrenReading,
    CopiedPages,
    children_meter,
)
from jupyter_memkit.measure.children_probe import (
    ProcChildrenProbe,
    PsutilChildrenProbe,
    children_probe,
)
from tests.fake_children import FakeChildren
from tests.measure.real_child import real_child

MIB = 1024 * 1024

linux = pytest.mark.skipif(sys.platform != "linux", reason="exact figures are of Linux")


class SlowChildren(FakeChildren):
    """Finding them takes half a second on a clock."""

    now_s = 0.0

    def find(self) -> list[int]:
        """Return all ids, slowly."""
        self.now_s += 0.5
        return super().find()


@pytest.fixture
def probe() -> FakeChildren:
    """No children at first."""
    return FakeChildren()


@pytest.fixture
def meter(probe: FakeChildren) -> ChildrenMeter:
    """A meter whose readings cost nothing, so each of them is due."""
    return ChildrenMeter(probe, lambda: 0.0, lambda: 0.0)


def test_no_children(probe: FakeChildren, meter: ChildrenMeter) -> None:
    """Without children the peak is exactly 0, and no search is made."""
    watch = meter.open()
    assert meter.observe() == ChildrenReading(count=0, bytes=0, peak_bytes=0)
    assert watch.close(1000) == ChildrenPeak(before_bytes=0, peak_bytes=0, exact=True)
    assert probe.finds == 0


def test_child_between_two_readings(probe: FakeChildren, meter: ChildrenMeter) -> None:
    """The peak of a living child is exact, however short it was."""
    watch = meter.open()
    probe.use(7, 100, 700, 200)
    assert meter.observe() == ChildrenReading(count=1, bytes=200, peak_bytes=700)
    assert watch.close(1000) == ChildrenPeak(before_bytes=0, peak_bytes=700, exact=True)


def test_child_of_an_earlier_stretch(probe: FakeChildren, meter: ChildrenMeter) -> None:
    """Memory that a child held before a measurement is not included."""
    probe.use(7, 700, 200)
    meter.observe()
    watch = meter.open()
    probe.use(7, 300)
    assert watch.close(1000) == ChildrenPeak(
        before_bytes=200, peak_bytes=300, exact=True
    )


def test_newborn_child(probe: FakeChildren, meter: ChildrenMeter) -> None:
    """The first children are searched for at the end, including unseen ones."""
    watch = meter.open()
    probe.use(7, 500, 100)
    assert watch.close(1000) == ChildrenPeak(before_bytes=0, peak_bytes=500, exact=True)


def test_several_children(probe: FakeChildren, meter: ChildrenMeter) -> None:
    """Several children are added up; whether they peaked together is unknown."""
    watch = meter.open()
    probe.use(7, 100)
    probe.use(8, 100, 300)
    meter.observe()
    assert watch.close(1000) == ChildrenPeak(
        before_bytes=0, peak_bytes=400, exact=False
    )


def test_fork_shares(probe: FakeChildren, meter: ChildrenMeter) -> None:
    """Memory that a forked child shares with this process is not counted twice."""
    probe.shareable_bytes = 1000
    watch = meter.open()
    probe.fork(7)
    assert meter.observe().bytes == 0
    probe.use(7, 1400, 1100)
    assert meter.observe() == ChildrenReading(count=1, bytes=100, peak_bytes=400)
    assert watch.close(2000) == ChildrenPeak(
        before_bytes=0, peak_bytes=400, exact=False
    )


def test_fork_copies(probe: FakeChildren, meter: ChildrenMeter) -> None:
    """What a forked child copies counts, and is known after its end."""
    probe.shareable_bytes = 1000
    probe.fork(7)
    meter.observe()
    probe.private_bytes[7] = 700
    meter.observe()
    assert meter.latest == ChildrenReading(count=1, bytes=700, peak_bytes=700)
    probe.end(7)
    meter.observe()
    assert meter.copied == CopiedPages(count=1, bytes=700)
    probe.fork(8)
    meter.observe()
    assert meter.copied == CopiedPages(count=0, bytes=0)


def test_fork_without_its_copies(probe: FakeChildren) -> None:
    """Where nothing may be read that grows with a process, copies do not count."""
    meter = ChildrenMeter(probe, lambda: 0.0, lambda: 0.0, reads_private=False)
    probe.shareable_bytes = 1000
    probe.fork(7)
    meter.observe()
    probe.private_bytes[7] = 700
    assert meter.observe().bytes == 0
    assert meter.has_forks
    probe.end(7)
    meter.observe()
    assert not meter.has_forks


def test_fork_that_starts_a_program(probe: FakeChildren, meter: ChildrenMeter) -> None:
    """A child that has executed another program no longer shares memory."""
    probe.shareable_bytes = 1000
    probe.fork(7)
    meter.observe()
    probe.forks.clear()
    probe.use(7, 300)
    assert meter.observe().bytes == 300


def test_unseen_fork(probe: FakeChildren, meter: ChildrenMeter) -> None:
    """A fork that came and went unseen is found through the system's totals."""
    probe.shareable_bytes = 1000
    watch = meter.open()
    probe.fork(7)
    probe.use(7, 1700)
    probe.end(7)
    assert watch.close(1200) == ChildrenPeak(
        before_bytes=0, peak_bytes=700, exact=False
    )


@pytest.mark.parametrize("own_peak_bytes", [1700, None])
def test_unseen_child_in_doubt(
    probe: FakeChildren, meter: ChildrenMeter, own_peak_bytes: int | None
) -> None:
    """A figure that may be this process's own memory is not attributed to a child."""
    watch = meter.open()
    probe.use(7, 1700)
    probe.end(7)
    peak = watch.close(own_peak_bytes)
    assert peak == ChildrenPeak(before_bytes=0, peak_bytes=0, exact=False)


def test_end_of_an_old_child(probe: FakeChildren, meter: ChildrenMeter) -> None:
    """A child of an earlier measurement that ends in this one adds no old figure."""
    probe.use(7, 1700, 100)
    meter.observe()
    watch = meter.open()
    probe.end(7)
    assert watch.close(200) == ChildrenPeak(
        before_bytes=100, peak_bytes=100, exact=False
    )


def test_child_that_ends_while_it_is_read(
    probe: FakeChildren, meter: ChildrenMeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that has ended when it is read is left out."""
    probe.use(7, 100)
    monkeypatch.setattr(probe, "read", lambda _pid: None)
    assert meter.observe() == ChildrenReading(count=0, bytes=0, peak_bytes=0)


def test_children_that_are_gone_before_a_stretch(
    probe: FakeChildren, meter: ChildrenMeter
) -> None:
    """A measurement starts without the memory of children that ended before."""
    probe.use(7, 100)
    meter.observe()
    probe.end(7)
    assert meter.open().close(1000) == ChildrenPeak(
        before_bytes=0, peak_bytes=0, exact=True
    )


def test_children_that_are_gone(probe: FakeChildren, meter: ChildrenMeter) -> None:
    """Ended children no longer count, whether all of them or one."""
    probe.use(7, 100)
    probe.use(8, 100)
    meter.observe()
    probe.end(7)
    assert meter.observe().count == 1
    probe.end(8)
    assert meter.observe().count == 0
    assert meter.pids == []


def test_pace() -> None:
    """Searching for children takes at most a four hundredth of the time."""
    probe = SlowChildren()
    probe.use(7, 100)
    meter = ChildrenMeter(probe, lambda: probe.now_s, lambda: probe.now_s)
    for _ in range(4000):
        probe.now_s += 0.1
        meter.observe()
    # At the start and after 200 seconds each.
    assert probe.finds == 2


def test_nested_stretches(probe: FakeChildren, meter: ChildrenMeter) -> None:
    """A nested measurement has the peak since its own start."""
    outer = meter.open()
    probe.use(7, 900, 100)
    meter.observe()
    inner = meter.open()
    probe.use(7, 200)
    assert inner.close(1000).peak_bytes == 200
    assert outer.close(1000).peak_bytes == 900
    assert outer.close(1000).peak_bytes == 900


def test_where_ends_are_not_reported() -> None:
    """If the end of a child cannot be detected, the figure is inexact."""
    probe = FakeChildren(covers_ended=False)
    meter = ChildrenMeter(probe, lambda: 0.0, lambda: 0.0)
    watch = meter.open()
    probe.use(7, 500)
    assert watch.close(1000) == ChildrenPeak(
        before_bytes=0, peak_bytes=500, exact=False
    )


@pytest.mark.own_process
@linux
def test_real_child() -> None:
    """A child that briefly holds 60 MiB is found, with its own high-water mark."""
    meter = ChildrenMeter(children_probe())
    watch = meter.open()
    with real_child() as pid:
        assert meter.observe().count == 1
        assert meter.pids == [pid]
        with open(f"/proc/{pid}/status") as status:  # noqa: PTH123 - a file of /proc
            mark = next(line for line in status if line.startswith("VmHWM:"))
        peak = watch.close(None)
    assert peak == ChildrenPeak(
        before_bytes=0, peak_bytes=int(mark.split()[1]) * 1024, exact=True
    )
    assert meter.observe() == ChildrenReading(count=0, bytes=0, peak_bytes=0)


@pytest.mark.own_process
@linux
def test_real_fork() -> None:
    """A forked child counts with the memory it takes, not with what it inherits."""
    block = bytearray(100 * MIB)
    meter = ChildrenMeter(children_probe())
    watch = meter.open()
    worker = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    worker.start()
    try:
        reading = meter.observe()
    finally:
        worker.terminate()
        worker.join()
    assert reading.count == 1
    assert reading.bytes < 30 * MIB
    assert watch.close(None).exact is False
    assert len(block) == 100 * MIB


UNSEEN_FORK = """\
import os
from jupyter_memkit.measure.children import ChildrenMeter
from jupyter_memkit.measure.children_probe import children_probe

watch = ChildrenMeter(children_probe()).open()
pid = os.fork()
if pid == 0:
    bytearray(900 << 20)
    os._exit(0)
os.waitpid(pid, 0)
print(watch.close(watch.shareable_bytes + (200 << 20)).peak_bytes)
"""


@linux
def test_real_fork_that_nobody_sees() -> None:
    """The peak of a fork that came and went is the system's figure."""
    # In a new process, because the system keeps the highest of all earlier children.
    command = [sys.executable, "-c", UNSEEN_FORK]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert abs(int(result.stdout) - 900 * MIB) < 20 * MIB


@linux
@pytest.mark.own_process
def test_asking_for_children_takes_none_away() -> None:
    """An ended child can still be waited for by its owner."""
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as child:
        while ProcChildrenProbe().read(child.pid) is not None:
            time.sleep(0.01)
        assert ProcChildrenProbe().has_children()
        assert child.wait() == 3
    assert not ProcChildrenProbe().has_children()


def test_psutil() -> None:
    """The psutil probe finds and reads a child, and does not claim to see ends."""
    probe = PsutilChildrenProbe()
    with real_child() as pid:
        assert pid in probe.find()
        memory = probe.read(pid)
        assert memory is not None
        assert memory.rss_bytes > MIB
        assert not probe.is_fork(pid)
    assert probe.has_children()
    assert probe.read(pid) is None
    assert probe.read_shareable_bytes() == 0
    assert probe.read_ended().faults == 0


def test_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """If there is no /proc, or it is hidden, psutil is used."""
    monkeypatch.setattr(
        "jupyter_memkit.measure.proc_files.read_stat_columns", _unreadable
    )
    assert isinstance(children_probe(), PsutilChildrenProbe)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert isinstance(children_probe(), PsutilChildrenProbe)


def _unreadable(_path: str) -> bytes:
    raise PermissionError


def test_forked_process_has_a_meter_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A forked process does not use a lock that its parent may hold."""
    mine = children_meter()
    assert children_meter() is mine
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert children_meter() is not mine
