"""The highest memory of a session, and its cell."""

from __future__ import annotations

from jupyter_memkit.measure.children import ChildrenMeter
from jupyter_memkit.measure.peak import PeakMeter
from jupyter_memkit.track.highest import Highest, HighestMemory
from jupyter_memkit.track.history import Sample
from jupyter_memkit.track.tracker import MemoryTracker
from tests.fake_children import FakeChildren
from tests.fake_probe import FakeProbe
from tests.set_clock import SetClock
from tests.track.accounts import make_record

MIB = 1024**2


class Session:
    """A tracker whose memory and time are set by the test."""

    def __init__(self) -> None:
        self.probe, self.clock = FakeProbe(), SetClock(1000.0)
        self.children = FakeChildren()
        self.probe.use(50 * MIB)
        self.tracker = MemoryTracker(
            PeakMeter(self.probe), self.clock, ChildrenMeter(self.children, self.clock)
        )
        self.sample()

    def sample(self) -> None:
        """Take a reading a second later."""
        self.clock.now_s += 1.0
        self.tracker.sample()

    def run(self, count: int, *sizes: int) -> None:
        """Run a cell whose memory has these sizes in turn."""
        cell = self.tracker.begin_cell(
            "x", execution_count=count, cell_id=f"cell-{count}"
        )
        self.probe.use(*sizes)
        self.tracker.end_cell(cell, error=None)

    @property
    def highest(self) -> Highest:
        """The highest so far."""
        highest = self.tracker.highest
        assert highest is not None
        return highest


def test_spike_of_an_earlier_cell() -> None:
    """A spike that no reading saw stays the highest, with its cell."""
    session = Session()
    session.run(1, 600 * MIB, 50 * MIB)
    session.run(2, 60 * MIB)
    session.sample()
    assert session.highest == Highest(
        bytes=600 * MIB, execution_count=1, cell_id="cell-1", exact=True
    )


def test_any_number_of_cells() -> None:
    """The highest outlives the record of its cell."""
    session = Session()
    session.run(1, 600 * MIB, 50 * MIB)
    for count in range(2, 1100):
        session.run(count, 60 * MIB)
    assert all(cell.execution_count != 1 for cell in session.tracker.cells)
    assert session.highest.execution_count == 1


def test_children_count() -> None:
    """Memory with that of the children is higher than any of the kernel alone."""
    session = Session()
    cell = session.tracker.begin_cell("x", execution_count=3, cell_id="cell-3")
    session.children.use(7, 500 * MIB)
    session.sample()
    session.tracker.end_cell(cell, error=None)
    session.run(4, 300 * MIB, 50 * MIB)
    assert session.highest == Highest(
        bytes=550 * MIB, execution_count=3, cell_id="cell-3", exact=False
    )


def test_between_cells() -> None:
    """What a thread takes between cells belongs to none."""
    session = Session()
    session.run(1, 60 * MIB)
    session.probe.use(400 * MIB, 60 * MIB)
    session.sample()
    assert session.highest == Highest(
        bytes=400 * MIB, execution_count=None, cell_id=None, exact=True
    )


def test_reading_just_before_the_record() -> None:
    """A reading of a cell's peak that came when it had just ended is the cell's."""
    memory = HighestMemory()
    sample = Sample(t_s=1.0, rss_bytes=0, peak_bytes=0, children_bytes=0)
    memory.see(sample, None, exact=True)
    record = make_record(7, 1.0, 0.0)
    memory.end(record, children_bytes=0)
    assert memory.highest is not None
    assert memory.highest.bytes == record.peak_bytes == sample.peak_bytes
    assert memory.highest.execution_count == 7


def test_sampled_peaks() -> None:
    """Without a high-water mark, the highest is sampled, too."""
    session = Session()
    session.probe.has_high_water = False
    session.run(1, 400 * MIB)
    assert not session.highest.exact


def test_few_pages_more_after_the_cell() -> None:
    """Readings that are a few pages higher leave the highest to the cell."""
    session = Session()
    cell = session.tracker.begin_cell("x", execution_count=1, cell_id="cell-1")
    session.probe.use(400 * MIB)
    session.children.use(7, 500 * MIB)
    session.sample()
    session.tracker.end_cell(cell, error=None)
    session.sample()
    session.probe.use(400 * MIB + 4096)
    session.sample()
    assert session.highest.execution_count == 1
    assert session.highest.bytes == 900 * MIB + 4096
    session.probe.use(402 * MIB)
    session.sample()
    assert session.highest.execution_count is None
