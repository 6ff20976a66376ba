"""The memory of devices before and after, with a fake driver."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_memkit.measure.gpu import GpuMeter
from jupyter_memkit.techniques.releasing.devices import DeviceMemory
from tests.fake_nvml import FakeGpu, FakeNvml, NVMLError


def measure(nvml: FakeNvml, contexts: frozenset[int]) -> DeviceMemory:
    """Start to measure with a fake driver."""
    meter = GpuMeter(load=lambda: nvml, environ={}, contexts=lambda: contexts)
    return DeviceMemory(contexts=lambda: contexts, meter=meter)


def test_memory_of_the_process() -> None:
    """The driver's figure for this process is taken before and after."""
    gpu = FakeGpu(used_bytes=900, compute=[(os.getpid(), 700)])
    memory = measure(FakeNvml(gpu), frozenset({0}))
    gpu.compute = [(os.getpid(), 300)]
    (freed,) = memory.close()
    assert freed.to_dict() == {
        "name": "GPU 0",
        "before_bytes": 700,
        "after_bytes": 300,
        "of_process": True,
    }


def test_memory_of_all_processes() -> None:
    """Where the driver does not know the process, the figure is that of all."""
    gpu = FakeGpu(used_bytes=900)
    memory = measure(FakeNvml(gpu), frozenset({0}))
    gpu.used_bytes = 500
    (freed,) = memory.close()
    assert (freed.before_bytes, freed.after_bytes, freed.of_process) == (
        900,
        500,
        False,
    )


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the driver's library cannot be loaded, torch reads the driver's figure."""
    free_bytes = iter([100, 600])
    cuda: Any = SimpleNamespace(
        is_initialized=lambda: True, mem_get_info=lambda _: (next(free_bytes), 1000)
    )
    nvml = FakeNvml()
    nvml.failures["nvmlInit"] = NVMLError()
    monkeypatch.setitem(sys.modules, "torch.cuda", cuda)
    monkeypatch.setattr("jupyter_memkit.measure.gpu.read_allocators", lambda *_: ())
    (freed,) = measure(nvml, frozenset({0})).close()
    assert (freed.before_bytes, freed.after_bytes, freed.of_process) == (
        900,
        400,
        False,
    )


def test_no_device() -> None:
    """A process without a device does not start the driver's library."""
    nvml = FakeNvml(FakeGpu())
    assert measure(nvml, frozenset()).close() == ()
    assert nvml.started == 0
