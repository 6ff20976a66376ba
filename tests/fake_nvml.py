"""A fake NVIDIA driver, with memory and failures set by a test."""
# ruff: noqa: N802 - the names are those of NVML

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any


class NVMLError(Exception):
    """The exception that any NVML function may raise."""


@dataclass(kw_only=True)
class FakeGpu:
    """A device; its processes are pairs of an id and a size."""

    name: str | bytes = "NVIDIA A10"
    uuid: str | bytes = "GPU-00000000"
    used_bytes: int = 0
    total_bytes: int = 1000
    compute: list[tuple[int, int | None]] = field(default_factory=list)
    graphics: list[tuple[int, int | None]] = field(default_factory=list)


class FakeNvml:
    """A fake of the module ``pynvml``.

    Parameters
    ----------
    gpus : FakeGpu
        The devices.
    """

    NVMLError = NVMLError

    def __init__(self, *gpus: FakeGpu) -> None:
        self.gpus = gpus
        self.failures: dict[str | tuple[str, int], Exception] = {}
        """By a function's name, or by its name and a device's index."""
        self.started = 0
        self.stopped = 0

    def nvmlInit(self) -> None:
        """Count a start."""
        self._fail("nvmlInit")
        self.started += 1

    def nvmlShutdown(self) -> None:
        """Count an end."""
        self.stopped += 1
        self._fail("nvmlShutdown")

    def nvmlDeviceGetCount(self) -> int:
        """Return the number of devices."""
        self._fail("nvmlDeviceGetCount")
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        """Return the index, which serves as the handle."""
        self._fail("nvmlDeviceGetHandleByIndex", index)
        return index

    def nvmlDeviceGetUUID(self, handle: int) -> str | bytes:
        """Return the UUID of a device."""
        self._fail("nvmlDeviceGetUUID", handle)
        return self.gpus[handle].uuid

    def nvmlDeviceGetName(self, handle: int) -> str | bytes:
        """Return the name of a device."""
        self._fail("nvmlDeviceGetName", handle)
        return self.gpus[handle].name

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        """Return the memory of a device."""
        self._fail("nvmlDeviceGetMemoryInfo", handle)
        gpu = self.gpus[handle]
        return SimpleNamespace(used=gpu.used_bytes, total=gpu.total_bytes)

    def nvmlDeviceGetComputeRunningProcesses(self, handle: int) -> list[Any]:
        """Return the processes that compute on a device."""
        self._fail("nvmlDeviceGetComputeRunningProcesses", handle)
        return _processes(self.gpus[handle].compute)

    def nvmlDeviceGetGraphicsRunningProcesses(self, handle: int) -> list[Any]:
        """Return the processes that render on a device."""
        self._fail("nvmlDeviceGetGraphicsRunningProcesses", handle)
        return _processes(self.gpus[handle].graphics)

    def _fail(self, function: str, index: int = -1) -> None:
        for key in (function, (function, index)):
            if key in self.failures:
                raise self.failures[key]


def _processes(sizes: list[tuple[int, int | None]]) -> list[Any]:
    return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in sizes]
