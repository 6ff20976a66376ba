"""Accounts of cells, on a process whose memory the test sets."""

from __future__ import annotations

from jupyter_memkit.measure.peak import PeakMeter
from jupyter_memkit.track.cells import CellAccounts, CellRecord
from tests.fake_probe import FakeProbe
from tests.track.test_clock import SetClock


def test_account_of_a_cell() -> None:
    """A record holds what the cell used, kept and how long it took."""
    probe, clock = FakeProbe(), SetClock(1000.0)
    accounts = CellAccounts(PeakMeter(probe), clock)
    cell = accounts.begin("\n  df = load()\nx", execution_count=3, cell_id="ab")
    probe.use(900, 250)
    clock.now_s = 1002.5
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
        error=None,
    )
    assert accounts.end(cell, error=None) == expected
    assert accounts.records == [expected]


def test_first_of_overlapping_cells_is_the_running_one() -> None:
    """With cells on two subshells the one that started first is named."""
    accounts = CellAccounts(PeakMeter(FakeProbe()), SetClock(0.0))
    first = accounts.begin("first", execution_count=1, cell_id=None)
    second = accounts.begin("second", execution_count=2, cell_id=None)
    assert accounts.running is first
    accounts.end(first, error=None)
    assert accounts.running is second


def test_ten_thousand_cells() -> None:
    """The last thousand are kept, and all are counted."""
    accounts = CellAccounts(PeakMeter(FakeProbe()), SetClock(0.0))
    for count in range(10_000):
        cell = accounts.begin("", execution_count=count, cell_id=None)
        accounts.end(cell, error=None)
    assert (len(accounts.records), accounts.ended) == (1000, 10_000)
    assert [r.execution_count for r in accounts.latest(2)] == [9998, 9999]
    assert accounts.latest(0) == []


def test_abandoned_cell_leaves_no_open_watch() -> None:
    """When tracking ends in a cell, its account ends too."""
    meter = PeakMeter(FakeProbe())
    accounts = CellAccounts(meter, SetClock(0.0))
    accounts.begin("sleep()", execution_count=1, cell_id=None)
    accounts.abandon()
    assert accounts.running is None
    assert meter._watches == set()
