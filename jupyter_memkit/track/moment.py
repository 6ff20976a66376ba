"""The readings that are taken on request, and of which no history is kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_memkit.measure.children import ChildrenMeter, ChildrenReading
from jupyter_memkit.measure.gauge import Gauge, GaugeMeter
from jupyter_memkit.measure.gpu_allocators import find_loaded_cuda
from jupyter_memkit.measure.process import read_swap_bytes
from jupyter_memkit.records import Record
from jupyter_memkit.track.history import Sample

if TYPE_CHECKING:  # imported only when a reading is taken
    from jupyter_memkit.measure.gpu import GpuMeter, GpuReading

# A driver is slow to answer.
_GPU_KEPT_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Record):
    """The memory of this process now.

    Attributes
    ----------
    rss_bytes : int
        Resident memory.
    gauge : Gauge or None
        The limit with the least room, and all that counts against it; None if no limit
        could be read.
    swap_bytes : int or None
        The process's own memory in swap; None if unknown.
    children : int
        The number of descendant processes.
    children_bytes : int
        Their total resident memory, without what forked ones share with this process.
    gpu : GpuReading
        The GPUs, or the reason why there are none.
    """

    rss_bytes: int
    gauge: Gauge | None
    swap_bytes: int | None
    children: int
    children_bytes: int
    gpu: GpuReading


class Moment:
    """Reads the limits, the swap and the GPUs of this process.

    Parameters
    ----------
    clock : callable
        The time in seconds since the epoch.
    children : ChildrenMeter
        Knows the child processes.
    gpu : GpuMeter, optional
        Measures the GPUs; by default the meter of this process.
    see_gpu : callable
        Takes each reading of this process's memory on all GPUs.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        children: ChildrenMeter,
        gpu: GpuMeter | None,
        see_gpu: Callable[[int | None], None],
    ) -> None:
        self._clock = clock
        self._children = children
        self._gpu = gpu
        self._see_gpu = see_gpu
        self._gauge_meter = GaugeMeter(clock=clock)
        self._gauge: tuple[Sample, Gauge | None] | None = None
        self._gpu_reading: GpuReading | None = None
        self._gpu_read_s = float("-inf")
        # A kernel starts without this search.
        self._cuda_sought_s = clock()

    def read(self, rss_bytes: int, children: ChildrenReading) -> Reading:
        """Complete a new reading of the process and its children."""
        gauge = self._gauge_meter.read(rss_bytes + children.bytes)
        return self._complete(rss_bytes, children, gauge)

    def read_at(self, sample: Sample) -> Reading:
        """Complete a reading that was stored, with the same gauge each time."""
        return self._complete(
            sample.rss_bytes, self._children.latest, self.gauge(sample)
        )

    def _complete(
        self, rss_bytes: int, children: ChildrenReading, gauge: Gauge | None
    ) -> Reading:
        return Reading(
            rss_bytes=rss_bytes,
            gauge=gauge,
            swap_bytes=read_swap_bytes(),
            children=children.count,
            children_bytes=children.bytes,
            gpu=self.gpu(),
        )

    def gauge(self, sample: Sample) -> Gauge | None:
        """Return the gauge at a reading; read once for each."""
        if self._gauge is None or self._gauge[0] is not sample:
            family_bytes = sample.rss_bytes + sample.children_bytes
            self._gauge = (sample, self._gauge_meter.read(family_bytes))
        return self._gauge[1]

    def gpu(self) -> GpuReading:
        """Return the memory of the GPUs, read at most once a second."""
        now_s = self._clock()
        if self._gpu is None:
            # Imported on first use, because most kernels never need it.
            from jupyter_memkit.measure.gpu import gpu_meter  # noqa: PLC0415

            self._gpu = gpu_meter()
        if self._gpu_reading is None or now_s - self._gpu_read_s > _GPU_KEPT_S:
            self._gpu_reading = self._gpu.read({os.getpid(), *self._children.pids})
            self._gpu_read_s = now_s
            self._see_gpu(self._gpu_reading.process_bytes)
        return self._gpu_reading

    def sample_gpu(self) -> None:
        """Read the GPUs for the records of cells, if this process uses CUDA."""
        now_s = self._clock()
        if now_s - self._cuda_sought_s > _GPU_KEPT_S:
            self._cuda_sought_s = now_s
            if find_loaded_cuda() is not None:
                self.gpu()

    def close(self) -> None:
        """Shut down the driver's library, if it was started."""
        if self._gpu is not None:
            self._gpu.close()
