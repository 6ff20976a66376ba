"""The GPU memory of cells, with a fake driver."""

from __future__ import annotations

import itertools
import os

import pytest

from jupyter_memkit.measure.children import ChildrenMeter
from jupyter_memkit.measure.gpu import GpuMeter
from jupyter_memkit.measure.peak import PeakMeter
from jupyter_memkit.track import moment
from jupyter_memkit.track.tracker import MemoryTracker
from tests.fake_children import FakeChildren
from tests.fake_nvml import FakeGpu, FakeNvml
from tests.fake_probe import FakeProbe
from tests.set_clock import SetClock


class Scene:
    """A tracker of a process that uses CUDA, or not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, uses_cuda: bool) -> None:
        self.gpus = (FakeGpu(), FakeGpu())
        self.nvml = FakeNvml(*self.gpus)
        self.clock = SetClock(1000.0)
        self.uses_cuda = uses_cuda
        monkeypatch.setattr(
            moment, "find_loaded_cuda", lambda: self if self.uses_cuda else None
        )
        self.tracker = MemoryTracker(
            PeakMeter(FakeProbe()),
            self.clock,
            ChildrenMeter(FakeChildren(), self.clock),
            GpuMeter(lambda: self.nvml, self.clock, {}, contexts=lambda: [0, 1]),
        )

    def use(self, *sizes: int) -> None:
        """Set the memory on each device, and take a reading some time later."""
        for gpu, size in zip(self.gpus, sizes, strict=True):
            gpu.compute = [(os.getpid(), size)]
        self.clock.now_s += 1.5
        self.tracker.sample()

    def run(self, *uses: tuple[int, int]) -> tuple[int | None, int | None]:
        """Run a cell, and return its figures."""
        cell = self.tracker.begin_cell("x", execution_count=1, cell_id=None)
        for sizes in uses:
            self.use(*sizes)
        self.tracker.end_cell(cell, error=None)
        record = self.tracker.cells[-1]
        return record.gpu_before_bytes, record.gpu_peak_bytes


def test_start_and_peak_on_all_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell has the reading before it, and the highest total while it runs."""
    scene = Scene(monkeypatch, uses_cuda=True)
    scene.use(100, 20)
    assert scene.run((500, 20), (50, 30)) == (120, 520)
    assert scene.run((50, 40)) == (80, 90)


def test_cell_that_begins_to_use_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the process uses a device, it holds nothing there, and none is read."""
    scene = Scene(monkeypatch, uses_cuda=False)
    assert scene.run((0, 0)) == (None, None)
    assert scene.nvml.started == 0
    scene.uses_cuda = True
    assert scene.run((300, 0)) == (0, 300)


def test_machine_without_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a device the figures are unavailable, not 0."""
    scene = Scene(monkeypatch, uses_cuda=True)
    scene.nvml.gpus = ()
    assert scene.run((0, 0)) == (None, None)


def test_driver_is_read_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many readings, and cells in between, read the driver at most once a second."""
    scene = Scene(monkeypatch, uses_cuda=True)
    reads: list[float] = []

    def count() -> int:
        reads.append(scene.clock.now_s)
        return 2

    monkeypatch.setattr(scene.nvml, "nvmlDeviceGetCount", count)
    for _ in range(100):
        cell = scene.tracker.begin_cell("x", execution_count=1, cell_id=None)
        scene.clock.now_s += 0.1
        scene.tracker.sample()
        scene.tracker.end_cell(cell, error=None)
    gaps = [later - earlier for earlier, later in itertools.pairwise(reads)]
    assert len(reads) > 5
    assert min(gaps) > 1.0
