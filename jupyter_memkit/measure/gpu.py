"""The memory of NVIDIA GPUs, as the driver and the libraries in use report it.

The driver is queried through its library NVML, with the package nvidia-ml-py (module
``pynvml``), which the first reading imports. A query takes no memory of the device. It
runs at most once a second, and only while someone reads the result. Devices have the
driver's numbers, those of ``nvidia-smi``.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from jupyter_memkit.measure.gpu_allocators import (
    GpuAllocator,
    find_contexts,
    find_index,
    find_uuids,
    read_allocators,
)
from jupyter_memkit.records import Record

__all__ = ["GpuAllocator", "GpuDevice", "GpuMeter", "GpuReading", "gpu_meter"]

# A missing or broken driver is slow to fail.
_RETRY_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuDevice(Record):
    """The memory of a device.

    Attributes
    ----------
    index : int
        The driver's number of the device.
    name : str
        The product name.
    used_bytes, total_bytes : int
        The memory used by all processes, and the total.
    process_bytes : int or None
        The memory used by the given processes; None if the driver does not report it,
        as on Windows or in a container with its own process ids.
    """

    index: int
    name: str
    used_bytes: int
    total_bytes: int
    process_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuReading(Record):
    """The devices, the memory that libraries hold on them, or why there are no devices.

    There can be allocators without devices: torch knows its memory even if the driver
    cannot be read.
    """

    devices: tuple[GpuDevice, ...]
    allocators: tuple[GpuAllocator, ...]
    reason: str | None

    @property
    def process_bytes(self) -> int | None:
        """The given processes' memory on all devices; None without a device.

        On a device of which the driver does not report it, what libraries hold.
        """
        if not self.devices:
            return None
        held: dict[int, int] = {}
        for each in self.allocators:
            held_bytes = each.reserved_bytes or each.allocated_bytes
            held[each.device] = held.get(each.device, 0) + held_bytes
        return sum(
            held.get(device.index, 0)
            if device.process_bytes is None
            else device.process_bytes
            for device in self.devices
        )


@dataclass(slots=True, kw_only=True)
class _Answer:
    """The driver's answer; `process_bytes` of the devices is not set yet."""

    devices: list[GpuDevice] = field(default_factory=list)
    processes: dict[int, dict[int, int | None] | None] = field(default_factory=dict)
    uuids: dict[int, str] = field(default_factory=dict)
    reason: str | None = None


def _load_nvml() -> Any:
    return importlib.import_module("pynvml")


class GpuMeter:
    """Reads the memory of GPUs; the first reading starts the driver's library.

    Parameters
    ----------
    load : callable
        Returns the module ``pynvml``.
    clock : callable
        Returns seconds that never go backwards.
    environ : mapping of str to str
        The environment, for ``CUDA_VISIBLE_DEVICES``.
    contexts : callable
        Returns the devices that this process uses, in the libraries' numbering.
    uuids : callable
        Returns the UUIDs of devices by the libraries' numbers.
    """

    def __init__(
        self,
        load: Callable[[], Any] = _load_nvml,
        clock: Callable[[], float] = time.monotonic,
        environ: Mapping[str, str] = os.environ,
        contexts: Callable[[], Collection[int]] = find_contexts,
        uuids: Callable[[], Mapping[int, str]] = find_uuids,
    ) -> None:
        self._load = load
        self._clock = clock
        self._environ = environ
        self._contexts = contexts
        self._uuids = uuids
        self._lock = threading.Lock()
        self._nvml: Any = None
        self._retry_s = float("-inf")
        self._reason: str | None = None

    def read(self, pids: Collection[int]) -> GpuReading:
        """Return the current memory of all devices; never raises.

        Without a device, the driver is queried again after a minute at the earliest.

        Parameters
        ----------
        pids : collection of int
            The ids of the kernel's process and its children, for
            `GpuDevice.process_bytes`.

        Returns
        -------
        GpuReading
            The reading, without devices that cannot be read.
        """
        with self._lock:
            answer = self._ask()
        visible = self._environ.get("CUDA_VISIBLE_DEVICES")
        index_of = functools.partial(find_index, self._uuids(), visible, answer.uuids)
        contexts = self._contexts()
        allocators = read_allocators(index_of, contexts)
        held = {index_of(ordinal) for ordinal in contexts}
        held.update(allocator.device for allocator in allocators)
        devices = tuple(
            replace(
                device,
                process_bytes=_sum_processes(
                    answer.processes[device.index], pids, held=device.index in held
                ),
            )
            for device in answer.devices
        )
        return GpuReading(devices=devices, allocators=allocators, reason=answer.reason)

    def close(self) -> None:
        """Shut down the driver's library; the next reading starts it again."""
        with self._lock:
            self._shut_down()
            self._retry_s = float("-inf")

    def _ask(self) -> _Answer:
        if self._nvml is None and self._clock() < self._retry_s:
            return _Answer(reason=self._reason)
        try:
            if self._nvml is None:
                nvml = self._load()
                nvml.nvmlInit()
                self._nvml = nvml
            answer = _ask_devices(self._nvml)
        except ImportError:
            answer = _Answer(reason="the package nvidia-ml-py is not installed")
        except Exception as error:  # noqa: BLE001 - a driver's failure must not reach the user's code
            answer = _Answer(reason=_explain(error))
        if answer.devices:
            answer.reason = None
        else:
            self._shut_down()
            self._retry_s = self._clock() + _RETRY_S
            self._reason = answer.reason
        return answer

    def _shut_down(self) -> None:
        nvml, self._nvml = self._nvml, None
        if nvml is not None:
            # It fails if the driver was unloaded, and then there is nothing to do.
            with contextlib.suppress(Exception):
                nvml.nvmlShutdown()


def gpu_meter() -> GpuMeter:
    """Return the meter of this process, in which NVML is started once."""
    return _meter_of(os.getpid())


@functools.cache
def _meter_of(_pid: int) -> GpuMeter:
    # A forked child must start NVML itself, and needs a lock that no thread holds.
    return GpuMeter()


def _ask_devices(nvml: Any) -> _Answer:
    answer = _Answer(reason="the driver shows no device to this process")
    for index in range(nvml.nvmlDeviceGetCount()):
        try:
            handle = nvml.nvmlDeviceGetHandleByIndex(index)
            answer.uuids[index] = _decode(nvml.nvmlDeviceGetUUID(handle))
            memory = nvml.nvmlDeviceGetMemoryInfo(handle)
            device = GpuDevice(
                index=index,
                name=_decode(nvml.nvmlDeviceGetName(handle)),
                used_bytes=int(memory.used),
                total_bytes=int(memory.total),
                process_bytes=None,
            )
        except Exception as error:  # noqa: BLE001 - the other devices are still read
            answer.reason = _explain(error)
            continue
        answer.devices.append(device)
        answer.processes[index] = _ask_processes(nvml, handle)
    return answer


def _ask_processes(nvml: Any, handle: Any) -> dict[int, int | None] | None:
    """Return the memory of each process on a device; None if not reported.

    A process that computes and renders is in both lists, with all its memory in each.
    """
    processes: dict[int, int | None] = {}
    try:
        running = list(nvml.nvmlDeviceGetComputeRunningProcesses(handle))
        # Devices without graphics may refuse this query.
        with contextlib.suppress(Exception):
            running += nvml.nvmlDeviceGetGraphicsRunningProcesses(handle)
    except Exception:  # noqa: BLE001 - an old driver does not support this query
        return None
    for process in running:
        used_bytes = process.usedGpuMemory
        before_bytes = processes.get(process.pid)
        if used_bytes is not None and before_bytes is not None:
            used_bytes = max(used_bytes, before_bytes)
        processes[process.pid] = before_bytes if used_bytes is None else used_bytes
    return processes


def _sum_processes(
    processes: Mapping[int, int | None] | None, pids: Collection[int], *, held: bool
) -> int | None:
    if processes is None:
        return None
    ours = [processes[pid] for pid in set(pids) if pid in processes]
    if held and not ours:
        # This process uses the device, but the driver knows it by another id.
        return None
    sizes = [size for size in ours if size is not None]
    return sum(sizes) if len(sizes) == len(ours) else None


def _decode(text: str | bytes) -> str:
    """Return text that old versions of nvidia-ml-py return as bytes."""
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _explain(error: Exception) -> str:
    return f"the NVIDIA driver cannot be read ({str(error) or type(error).__name__})"
