"""Records of cells, on a process whose memory is set by the test."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

from jupyter_memkit.measure.children import ChildrenMeter
from jupyter_memkit.measure.peak import PeakMeter
from jupyter_memkit.track.cells import CellAccounts, CellRecord
from tests.fake_children import FakeChildren
from tests.fake_probe import FakeProbe
from tests.set_clock import SetClock


def made_accounts(meter: PeakMeter) -> CellAccounts:
    """Records of a process without children and with a stopped clock."""
    return CellAccounts(meter, ChildrenMeter(FakeChildren()), SetClock(0.0))


def test_account_of_a_cell() -> None:
    """A record has the memory a cell used and kept, and its duration."""
    probe, children, clock = FakeProbe(), FakeChildren(), SetClock(1000.0)
    accounts = CellAccounts(PeakMeter(probe), ChildrenMeter(children), clock)
    children.use(7, 30)
    accounts._children.observe()
    cell = accounts.begin(
        "%%time\nimport os\ndf = load()\nx", execution_count=3, cell_id="ab"
    )
    probe.use(900, 250)
    children.use(7, 400, 50)
    gc.collect(1)
    clock.now_s = 1002.5
    record = accounts.end(cell, error=None)
    assert record.gc_s > 0
    assert record.gc_middle_s > 0
    assert record.minor_faults is not None
    expected = CellRecord(
        execution_count=3,
        cell_id="ab",
        first_line="df = load()",
        started_s=1000.0,
        duration_s=2.5,
        before_bytes=100,
        after_bytes=250,
        peak_bytes=900,
        exact=True,
        peak_line=None,
        children_before_bytes=30,
        children_peak_bytes=400,
        children_exact=True,
        gpu_before_bytes=None,
        gpu_peak_bytes=None,
        gpus=(),
        gc_s=record.gc_s,
        gc_young=record.gc_young,
        gc_middle=1,
        gc_old=0,
        gc_young_s=record.gc_young_s,
        gc_middle_s=record.gc_middle_s,
        gc_old_s=0.0,
        gc_found=record.gc_found,
        minor_faults=record.minor_faults,
        major_faults=record.major_faults,
        error=None,
    )
    assert record == expected
    assert accounts.records == [expected]


def test_first_of_overlapping_cells_is_the_running_one() -> None:
    """With cells on two subshells the one that started first is named."""
    accounts = made_accounts(PeakMeter(FakeProbe()))
    first = accounts.begin("first", execution_count=1, cell_id=None)
    second = accounts.begin("second", execution_count=2, cell_id=None)
    assert accounts.running is first
    accounts.end(first, error=None)
    assert accounts.running is second


def test_each_thread_has_its_running_cell() -> None:
    """A cell on a subshell is the running one of its thread only."""
    accounts = made_accounts(PeakMeter(FakeProbe()))
    first = accounts.begin("first", execution_count=1, cell_id=None)
    with ThreadPoolExecutor(1) as other:
        assert other.submit(lambda: accounts.running_here).result() is None
        second = other.submit(
            accounts.begin, "second", execution_count=2, cell_id=None
        ).result()
        assert other.submit(lambda: accounts.running_here).result() is second
    assert accounts.running_here is first


def test_ten_thousand_cells() -> None:
    """The last thousand records are kept, and all cells are counted."""
    accounts = made_accounts(PeakMeter(FakeProbe()))
    for count in range(10_000):
        cell = accounts.begin("", execution_count=count, cell_id=None)
        accounts.end(cell, error=None)
    assert (len(accounts.records), accounts.ended) == (1000, 10_000)
    assert [r.execution_count for r in accounts.latest(2)] == [9998, 9999]
    assert accounts.latest(0) == []


def test_abandoned_cell_leaves_no_open_watch() -> None:
    """When tracking ends during a cell, its record is closed, too."""
    meter = PeakMeter(FakeProbe())
    accounts = made_accounts(meter)
    accounts.begin("sleep()", execution_count=1, cell_id=None)
    accounts.abandon()
    assert accounts.running is None
    assert meter._watches == set()
