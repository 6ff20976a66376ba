"""Reads the memory of devices, as their drivers measure it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection
from typing import Any

from jupyter_memkit.measure.gpu import GpuMeter, gpu_meter
from jupyter_memkit.measure.gpu_allocators import find_contexts
from jupyter_memkit.techniques.releasing.records import FreedDevice

# The bytes in use by the name of the device, and whether only this process uses them.
_Reading = dict[tuple[str, bool], int]


class DeviceMemory:
    """Measures the memory of the devices in use when created and when closed.

    A process that uses no device queries no driver.

    Parameters
    ----------
    contexts : callable
        Returns the CUDA devices that this process uses.
    meter : GpuMeter, optional
        The meter; by default the one of this process.
    """

    def __init__(
        self,
        contexts: Callable[[], Collection[int]] = find_contexts,
        meter: GpuMeter | None = None,
    ) -> None:
        self._contexts = contexts
        self._meter = meter
        self._before = self._read()

    def close(self) -> tuple[FreedDevice, ...]:
        """Return the memory of each device before and after."""
        after = self._read()
        return tuple(
            FreedDevice(
                name=name,
                before_bytes=before_bytes,
                after_bytes=after[name, of_process],
                of_process=of_process,
            )
            for (name, of_process), before_bytes in self._before.items()
            if (name, of_process) in after
        )

    def _read(self) -> _Reading:
        try:
            return self._read_cuda() | _read_mps()
        except Exception:  # noqa: BLE001 - a driver's failure must not stop the freeing
            return {}

    def _read_cuda(self) -> _Reading:
        ordinals = self._contexts()
        if not ordinals:
            return {}
        found: _Reading = {}
        for device in (self._meter or gpu_meter()).read([os.getpid()]).devices:
            if device.process_bytes is None:
                found[f"GPU {device.index}", False] = device.used_bytes
            else:
                found[f"GPU {device.index}", True] = device.process_bytes
        return found or _read_torch(ordinals)


def _read_torch(ordinals: Collection[int]) -> _Reading:
    """Return the driver's figures as torch reads them, without nvidia-ml-py."""
    cuda: Any = sys.modules.get("torch.cuda")
    if cuda is None or not cuda.is_initialized():
        return {}
    found: _Reading = {}
    for ordinal in ordinals:
        free_bytes, total_bytes = cuda.mem_get_info(ordinal)
        found[f"GPU {ordinal}", False] = total_bytes - free_bytes
    return found


def _read_mps() -> _Reading:
    """Return what Apple's driver has allocated for this process through torch."""
    backend: Any = sys.modules.get("torch.backends.mps")
    if backend is None or not backend.is_available():
        return {}
    return {("MPS", True): sys.modules["torch.mps"].driver_allocated_memory()}
