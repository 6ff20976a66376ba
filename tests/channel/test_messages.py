"""Messages equal the golden ones that the sidebar's tests read, too."""

from __future__ import annotations

import dataclasses

from jupyter_memkit.channel.messages import (
    cells_message,
    samples_message,
    snapshot_message,
)
from jupyter_memkit.channel.news import CollectorPause, News
from jupyter_memkit.measure.children import ChildrenMeter
from jupyter_memkit.measure.gauge import Gauge
from jupyter_memkit.measure.gpu import GpuAllocator, GpuDevice, GpuReading
from jupyter_memkit.measure.gpu_watch import GpuFigures
from jupyter_memkit.measure.peak import PeakMeter
from jupyter_memkit.measure.stretch import Stretch
from jupyter_memkit.techniques.guard.mark import Mark
from jupyter_memkit.track.activity import Activity
from jupyter_memkit.track.cells import CellRecord, OpenCell
from jupyter_memkit.track.gpu_peak import GpuPeak
from jupyter_memkit.track.highest import Highest
from jupyter_memkit.track.history import Sample
from jupyter_memkit.track.largest import LargeVariable
from jupyter_memkit.track.moment import Reading
from jupyter_memkit.track.peak_line import PeakLine
from jupyter_memkit.track.tracker import MemoryTracker
from tests.fake_children import FakeChildren
from tests.fake_probe import FakeProbe
from tests.golden import golden
from tests.set_clock import SetClock

MIB = 1024 * 1024

ENDED = [
    CellRecord(
        execution_count=5,
        cell_id="591785b7",
        first_line="a = np.ones(50_000_000)",
        started_s=1790000000.5,
        duration_s=0.25,
        before_bytes=80 * MIB,
        after_bytes=80 * MIB,
        peak_bytes=80 * MIB + 400_000_000,
        exact=True,
        peak_line="b = a + a",
        children_before_bytes=0,
        children_peak_bytes=0,
        children_exact=True,
        gpu_before_bytes=None,
        gpu_peak_bytes=None,
        gpus=(),
        gc_s=0.0,
        gc_young=0,
        gc_middle=0,
        gc_old=0,
        gc_young_s=0.0,
        gc_middle_s=0.0,
        gc_old_s=0.0,
        gc_found=0,
        minor_faults=97700,
        major_faults=0,
        error=None,
    ),
    CellRecord(
        execution_count=6,
        cell_id=None,
        first_line="1 / 0",
        started_s=1790000005.0,
        duration_s=0.001,
        before_bytes=80 * MIB,
        after_bytes=100 * MIB,
        peak_bytes=100 * MIB,
        exact=False,
        peak_line=None,
        children_before_bytes=64 * MIB,
        children_peak_bytes=128 * MIB,
        children_exact=False,
        gpu_before_bytes=512 * MIB,
        gpu_peak_bytes=1024 * MIB,
        gpus=(
            GpuFigures(
                library="torch",
                device=0,
                before_bytes=100 * MIB,
                after_bytes=120 * MIB,
                peak_bytes=700 * MIB,
                at_most_bytes=700 * MIB,
                exact=True,
            ),
            GpuFigures(
                library="cupy",
                device=1,
                before_bytes=0,
                after_bytes=8 * MIB,
                peak_bytes=16 * MIB,
                at_most_bytes=None,
                exact=False,
            ),
        ),
        gc_s=0.0005,
        gc_young=3,
        gc_middle=2,
        gc_old=1,
        gc_young_s=0.0,
        gc_middle_s=0.0,
        gc_old_s=0.0,
        gc_found=0,
        minor_faults=None,
        major_faults=None,
        error="ZeroDivisionError",
    ),
]


CHUNKS = Activity(
    label="orders.csv",
    unit="rows",
    reported_s=1790000010.5,
    done=12_400_000,
    total=20_000_000,
    per_s=1_240_000.0,
    chunks=12,
    chunk_peak_bytes=85 * MIB,
    budget_bytes=150_000_000,
)

PAUSED = News(
    activity=CHUNKS,
    collector_pause=CollectorPause(
        enabled=False, by="%gc_pause on", since_s=1790000001.5
    ),
    guard=Mark(text="85%", bytes=0, reserve_bytes=1024 * MIB, action="stop"),
    largest=(LargeVariable(name="orders", bytes=400_000_000),),
)


def running_cell() -> OpenCell:
    """A cell that holds 400 MiB and has held 500."""
    probe = FakeProbe()
    probe.use(100 * MIB)
    stretch = Stretch(PeakMeter(probe), ChildrenMeter(FakeChildren()))
    probe.use(500 * MIB, 400 * MIB)
    stretch.close()
    return OpenCell(
        execution_count=7,
        cell_id="b1946ac9",
        first_line='df = pd.read_csv("orders.csv")',
        started_s=1790000010.25,
        stretch=stretch,
        peak_line=PeakLine(None, 0),
        gpu=GpuPeak(None),
    )


def sample(
    t_s: float, rss_bytes: int, peak_bytes: int, children_bytes: int = 0
) -> Sample:
    """A sample, with its fields in order."""
    return Sample(
        t_s=t_s,
        rss_bytes=rss_bytes,
        peak_bytes=peak_bytes,
        children_bytes=children_bytes,
    )


NO_GPU = GpuReading(devices=(), allocators=(), reason="no driver")

TWO_GPUS = GpuReading(
    devices=(
        GpuDevice(
            index=0,
            name="NVIDIA H100 80GB HBM3",
            used_bytes=3 * 1024 * MIB,
            total_bytes=80 * 1024 * MIB,
            process_bytes=2 * 1024 * MIB,
        ),
        GpuDevice(
            index=1,
            name="Tesla T4",
            used_bytes=100 * MIB,
            total_bytes=15 * 1024 * MIB,
            process_bytes=None,
        ),
    ),
    allocators=(
        GpuAllocator(
            library="torch",
            device=0,
            allocated_bytes=1024 * MIB,
            reserved_bytes=1536 * MIB,
            peak_bytes=1280 * MIB,
        ),
    ),
    reason=None,
)


IN_A_CONTAINER = Reading(
    rss_bytes=400 * MIB,
    gauge=Gauge(
        limit_bytes=24 * 1024 * MIB,
        used_bytes=3 * 1024 * MIB,
        name="cgroup memory.max",
        covers="container",
    ),
    swap_bytes=0,
    children=2,
    children_bytes=128 * MIB,
    gpu=TWO_GPUS,
)

WITHOUT_LIMIT = dataclasses.replace(
    IN_A_CONTAINER,
    gauge=None,
    swap_bytes=None,
    children=0,
    children_bytes=0,
    gpu=NO_GPU,
)

IN_CELL_5 = Highest(
    bytes=80 * MIB + 400_000_000, execution_count=5, cell_id="591785b7", exact=True
)

BETWEEN_CELLS = Highest(
    bytes=528 * MIB, execution_count=None, cell_id=None, exact=False
)


def test_samples_of_a_running_cell() -> None:
    """A broadcast while a cell runs names the cell, its peak and its progress."""
    samples = [sample(1790000010.5, 400 * MIB, 500 * MIB, 128 * MIB)]
    reading = dataclasses.replace(IN_A_CONTAINER, gpu=NO_GPU)
    message = samples_message(
        samples, reading, BETWEEN_CELLS, 6, running_cell(), PAUSED
    )
    assert message == golden("samples")


def test_samples_of_an_idle_kernel() -> None:
    """A broadcast from an idle kernel has no cell."""
    samples = [sample(1790000012.5, 400 * MIB, 400 * MIB)]
    message = samples_message(samples, WITHOUT_LIMIT, None, 7, None, News())
    assert message == golden("samples_idle")


def test_ended_cells() -> None:
    """Cells are sent with their whole record."""
    assert cells_message(ENDED) == golden("cells")


class StillTracker(MemoryTracker):
    """A tracker with a made-up history."""

    cells = ENDED
    running = running_cell()
    highest = IN_CELL_5
    cells_ended = 6

    def latest_reading(self) -> Reading:
        """Return two children and two devices in a container."""
        return IN_A_CONTAINER

    def history(self, since_s: float = 0.0) -> list[Sample]:
        """Return three samples, or those after a time."""
        samples = [
            sample(1790000010.0, 100 * MIB, 100 * MIB),
            sample(1790000010.25, 100 * MIB, 100 * MIB),
            sample(1790000010.5, 400 * MIB, 500 * MIB, 128 * MIB),
        ]
        return [each for each in samples if each.t_s > since_s]

    def latest_cells(self, count: int) -> list[CellRecord]:
        """Return the cells that have ended."""
        return ENDED[-count:]


def still_tracker() -> StillTracker:
    """A tracker that takes no readings."""
    return StillTracker(PeakMeter(FakeProbe()), SetClock(0.0))


def test_snapshot_of_everything() -> None:
    """A new page receives the gauge, the history, the running cell and its progress."""
    pause = CollectorPause(enabled=False, by="gc.disable()", since_s=None)
    news = News(
        activity=CHUNKS,
        collector_pause=pause,
        largest=(LargeVariable(name="orders", bytes=400_000_000),),
    )
    message = snapshot_message(still_tracker(), news, since_s=0.0, credit=600)
    assert message == golden("snapshot")


def test_snapshot_since_a_time() -> None:
    """A page that renews receives only what it lacks."""
    tracker = still_tracker()
    message = snapshot_message(tracker, News(), since_s=1790000005.0005, credit=600)
    assert [cell["execution_count"] for cell in message["cells"]] == [6]
    message = snapshot_message(tracker, News(), since_s=1790000010.25, credit=600)
    assert message["samples"]["t_s"] == [1790000010.5]
    assert message["cells"] == []
