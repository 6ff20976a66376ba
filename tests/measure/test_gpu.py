"""The memory of GPUs, with a fake driver."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_memkit.measure.gpu import (
    GpuAllocator,
    GpuDevice,
    GpuMeter,
    GpuReading,
    gpu_meter,
)
from tests.fake_nvml import FakeGpu, FakeNvml, NVMLError

# In a fresh process: neither the import nor the meter imports a library.
IMPORTS = """
import sys
from jupyter_memkit.measure.gpu import gpu_meter
meter = gpu_meter()
before = sorted({"ctypes", "pynvml"} & set(sys.modules))
meter.read({1})
print(before, sorted({"torch", "cupy", "jax"} & set(sys.modules)))
"""


class Clock:
    """A clock controlled by the test."""

    now_s = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """A stopped clock."""
    return Clock()


@pytest.fixture(autouse=True)
def no_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without the libraries, whatever other tests imported."""
    for name in ("torch.cuda", "cupy.cuda", "jax._src.xla_bridge"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def meter_of(
    nvml: FakeNvml,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
    contexts: frozenset[int] = frozenset(),
    uuids: Mapping[int, str] | None = None,
) -> GpuMeter:
    """Return a meter of these devices."""
    return GpuMeter(
        load=lambda: nvml,
        clock=clock or Clock(),
        environ=environ or {},
        contexts=lambda: contexts,
        uuids=lambda: uuids or {},
    )


def read_process_bytes(meter: GpuMeter, *pids: int) -> int | None:
    """Return the memory of these processes on the only device."""
    (device,) = meter.read(pids).devices
    return device.process_bytes


def use_torch(monkeypatch: pytest.MonkeyPatch, *allocated_bytes: int) -> None:
    """Install a fake torch that holds this much of each device."""
    cuda = SimpleNamespace(
        is_initialized=lambda: True,
        device_count=lambda: len(allocated_bytes),
        memory_stats=lambda ordinal: {
            "allocated_bytes.all.current": allocated_bytes[ordinal],
            "reserved_bytes.all.current": 2 * allocated_bytes[ordinal],
            "allocated_bytes.all.peak": allocated_bytes[ordinal] + 1,
        },
    )
    monkeypatch.setitem(sys.modules, "torch.cuda", cuda)


def test_two_devices() -> None:
    """Each device has its own figures, of all processes and of ours."""
    nvml = FakeNvml(
        FakeGpu(name="A", used_bytes=300, compute=[(7, 200), (99, 100)]),
        FakeGpu(name=b"B", used_bytes=5, total_bytes=2000, compute=[(99, 5)]),
    )
    assert meter_of(nvml).read({7}) == GpuReading(
        devices=(
            GpuDevice(
                index=0, name="A", used_bytes=300, total_bytes=1000, process_bytes=200
            ),
            GpuDevice(
                index=1, name="B", used_bytes=5, total_bytes=2000, process_bytes=0
            ),
        ),
        allocators=(),
        reason=None,
    )


def test_children_are_added() -> None:
    """The kernel's process and its children are added up, each once."""
    nvml = FakeNvml(FakeGpu(compute=[(7, 200), (8, 30), (9, 4), (99, 1000)]))
    assert read_process_bytes(meter_of(nvml), 7, 8, 9, 9, 10) == 234


def test_process_that_computes_and_draws_counts_once() -> None:
    """A process in both lists counts once; one that only renders counts, too."""
    nvml = FakeNvml(FakeGpu(compute=[(7, 200)], graphics=[(7, 200), (8, 30)]))
    assert read_process_bytes(meter_of(nvml), 7, 8) == 230


@pytest.mark.parametrize(
    ("compute", "graphics", "expected"),
    [(None, None, None), (None, 200, 200), (200, None, 200)],
)
def test_size_that_the_driver_does_not_report(
    compute: int | None, graphics: int | None, expected: int | None
) -> None:
    """A size is unavailable if no list reports it, as on Windows."""
    nvml = FakeNvml(FakeGpu(compute=[(7, compute)], graphics=[(7, graphics)]))
    assert read_process_bytes(meter_of(nvml), 7) == expected


def test_unknown_size_of_a_child_makes_the_sum_unavailable() -> None:
    """A sum with an unknown part is unknown."""
    nvml = FakeNvml(FakeGpu(compute=[(7, 200), (8, None)]))
    assert read_process_bytes(meter_of(nvml), 7, 8) is None


def test_unknown_size_of_a_stranger_changes_nothing() -> None:
    """Unknown sizes of other processes do not matter."""
    nvml = FakeNvml(FakeGpu(compute=[(7, 200), (99, None)]))
    assert read_process_bytes(meter_of(nvml), 7) == 200


def test_memory_under_another_process_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container the driver may use other ids, which does not mean 0 bytes."""
    nvml = FakeNvml(FakeGpu(compute=[(4321, 200)]))
    assert read_process_bytes(meter_of(nvml), 7) == 0
    assert read_process_bytes(meter_of(nvml, contexts=frozenset({0})), 7) is None
    use_torch(monkeypatch, 100)
    assert read_process_bytes(meter_of(nvml), 7) is None


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("nvmlDeviceGetComputeRunningProcesses", None),
        ("nvmlDeviceGetGraphicsRunningProcesses", 200),
    ],
)
def test_process_list_that_is_refused(function: str, expected: int | None) -> None:
    """A device is shown without the list; one without graphics needs only the other."""
    nvml = FakeNvml(FakeGpu(compute=[(7, 200)]))
    nvml.failures[function] = NVMLError("Not Supported")
    assert read_process_bytes(meter_of(nvml), 7) == expected


@pytest.mark.parametrize(
    "function",
    [
        "nvmlDeviceGetHandleByIndex",
        "nvmlDeviceGetUUID",
        "nvmlDeviceGetMemoryInfo",
        "nvmlDeviceGetName",
    ],
)
def test_other_devices_show_when_one_fails(function: str) -> None:
    """A failing device is left out, and the others keep their numbers."""
    nvml = FakeNvml(FakeGpu(), FakeGpu(), FakeGpu())
    nvml.failures[function, 1] = NVMLError("GPU is lost")
    reading = meter_of(nvml).read(())
    assert [device.index for device in reading.devices] == [0, 2]
    assert reading.reason is None


def test_only_device_is_refused() -> None:
    """If no device can be read, the reason is the device's."""
    nvml = FakeNvml(FakeGpu())
    nvml.failures["nvmlDeviceGetMemoryInfo"] = NVMLError("Insufficient Permissions")
    reading = meter_of(nvml).read(())
    assert reading.devices == ()
    assert reading.reason is not None
    assert "Insufficient Permissions" in reading.reason


def test_driver_without_devices() -> None:
    """A driver without devices is a reason, and is shut down."""
    nvml = FakeNvml()
    reading = meter_of(nvml).read(())
    assert reading.reason == "the driver shows no device to this process"
    assert (nvml.started, nvml.stopped) == (1, 1)


def test_missing_driver_is_asked_once_a_minute(clock: Clock) -> None:
    """A failed start is not repeated with every reading; the reason is kept."""
    nvml = FakeNvml(FakeGpu())
    nvml.failures["nvmlInit"] = NVMLError("NVML Shared Library Not Found")
    meter = meter_of(nvml, clock)
    refused = meter.read(())
    assert refused.devices == ()
    assert refused.reason == (
        "the NVIDIA driver cannot be read (NVML Shared Library Not Found)"
    )
    nvml.failures.clear()
    clock.now_s += 59
    assert meter.read(()) == refused
    assert nvml.started == 0
    clock.now_s += 1
    assert len(meter.read(()).devices) == 1
    assert (nvml.started, nvml.stopped) == (1, 0)


def test_driver_that_is_lost_comes_back(clock: Clock) -> None:
    """A driver that fails later is shut down, and started again after a minute."""
    nvml = FakeNvml(FakeGpu())
    meter = meter_of(nvml, clock)
    assert meter.read(()).reason is None
    # Neither a failing shutdown nor an error without a message does any harm.
    nvml.failures = {"nvmlDeviceGetCount": NVMLError(), "nvmlShutdown": NVMLError()}
    lost = meter.read(())
    assert lost.devices == ()
    assert lost.reason == "the NVIDIA driver cannot be read (NVMLError)"
    assert (nvml.started, nvml.stopped) == (1, 1)
    nvml.failures = {}
    assert meter.read(()) == lost
    clock.now_s += 60
    assert meter.read(()).reason is None
    assert (nvml.started, nvml.stopped) == (2, 1)


def test_started_once_for_many_readings() -> None:
    """A working driver is started only by the first reading."""
    nvml = FakeNvml(FakeGpu())
    meter = meter_of(nvml)
    assert nvml.started == 0
    for _ in range(3):
        meter.read(())
    assert (nvml.started, nvml.stopped) == (1, 0)


def test_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without nvidia-ml-py there are no devices, and the reason says so."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert GpuMeter().read({os.getpid()}) == GpuReading(
        devices=(), allocators=(), reason="the package nvidia-ml-py is not installed"
    )


def test_close_ends_what_was_started() -> None:
    """Closing shuts NVML down once; a later reading starts it again."""
    nvml = FakeNvml(FakeGpu())
    meter = meter_of(nvml)
    meter.close()
    assert (nvml.started, nvml.stopped) == (0, 0)
    meter.read(())
    meter.close()
    meter.close()
    assert (nvml.started, nvml.stopped) == (1, 1)
    assert len(meter.read(()).devices) == 1
    assert (nvml.started, nvml.stopped) == (2, 1)


def test_close_forgets_a_failure() -> None:
    """Reloading the extension does not have to wait for the minute to end."""
    nvml = FakeNvml(FakeGpu())
    nvml.failures["nvmlInit"] = NVMLError("Driver Not Loaded")
    meter = meter_of(nvml)
    assert meter.read(()).devices == ()
    nvml.failures.clear()
    meter.close()
    assert len(meter.read(()).devices) == 1


@pytest.mark.parametrize(
    ("visible", "indices"),
    [
        (None, [0, 1]),
        ("1,0", [1, 0]),
        (" 1 , 0", [1, 0]),
        ("GPU-bbbb-2,GPU-aaaa-1", [1, 0]),
        ("GPU-b, GPU-a", [1, 0]),
    ],
)
def test_devices_of_libraries_have_the_numbers_of_the_driver(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, indices: list[int]
) -> None:
    """The libraries' numbers are mapped through CUDA_VISIBLE_DEVICES."""
    use_torch(monkeypatch, 10, 20)
    nvml = FakeNvml(FakeGpu(uuid="GPU-aaaa-1"), FakeGpu(uuid=b"GPU-bbbb-2"))
    environ = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    reading = meter_of(nvml, environ=environ).read({7})
    assert reading.allocators == tuple(
        GpuAllocator(
            library="torch",
            device=index,
            allocated_bytes=size,
            reserved_bytes=2 * size,
            peak_bytes=size + 1,
        )
        for index, size in zip(indices, (10, 20), strict=True)
    )


def test_cuda_that_orders_by_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is shown on the device that holds it, whatever CUDA's own order."""
    use_torch(monkeypatch, 10)
    nvml = FakeNvml(
        FakeGpu(name="slow", uuid="GPU-aa", compute=[(7, 0)]),
        FakeGpu(name="fast", uuid="GPU-bb"),
    )
    uuids = {0: "GPU-bb", 1: "GPU-aa"}
    meter = meter_of(nvml, contexts=frozenset({0}), uuids=uuids)
    reading = meter.read({7})
    assert [allocator.device for allocator in reading.allocators] == [1]
    assert [device.process_bytes for device in reading.devices] == [0, None]


def test_unavailable_memory_follows_the_visible_devices() -> None:
    """The size is unknown only for the device that the process uses."""
    nvml = FakeNvml(FakeGpu(), FakeGpu())
    environ = {"CUDA_VISIBLE_DEVICES": "1"}
    meter = meter_of(nvml, environ=environ, contexts=frozenset({0}))
    sizes = [device.process_bytes for device in meter.read({7}).devices]
    assert sizes == [0, None]


def test_allocators_show_without_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of a library is known even if the driver cannot be read."""
    use_torch(monkeypatch, 10)
    nvml = FakeNvml()
    environ = {"CUDA_VISIBLE_DEVICES": "GPU-aaaa-1"}
    reading = meter_of(nvml, environ=environ).read({7})
    assert reading.devices == ()
    assert [allocator.device for allocator in reading.allocators] == [0]


def test_total_of_all_devices() -> None:
    """Where the driver reports no size of a process, what libraries hold counts."""
    devices = tuple(
        GpuDevice(
            index=index,
            name="A10",
            used_bytes=900,
            total_bytes=1000,
            process_bytes=process_bytes,
        )
        for index, process_bytes in enumerate((500, None, 0))
    )
    allocators = tuple(
        GpuAllocator(
            library=library,
            device=device,
            allocated_bytes=20,
            reserved_bytes=reserved_bytes,
            peak_bytes=None,
        )
        for library, device, reserved_bytes in (
            ("torch", 0, 400),
            ("torch", 1, 30),
            ("jax", 1, None),
        )
    )
    reading = GpuReading(devices=devices, allocators=allocators, reason=None)
    assert reading.process_bytes == 500 + 30 + 20
    none = GpuReading(devices=(), allocators=allocators, reason="no driver")
    assert none.process_bytes is None


def test_this_machine() -> None:
    """On this machine the meter reads devices, or reports why there are none."""
    meter = gpu_meter()
    assert meter is gpu_meter()
    try:
        reading = meter.read({os.getpid()})
    finally:
        meter.close()
    assert bool(reading.devices) == (reading.reason is None)


def test_nothing_is_imported_before_a_reading() -> None:
    """Creating a meter imports nothing, and a reading imports no library."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[] []\n"


def test_functions_are_those_of_nvidia_ml_py() -> None:
    """Every name of the fake driver exists in the real package."""
    pynvml: Any = pytest.importorskip("pynvml")
    names = [name for name in vars(FakeNvml) if name.lower().startswith("nvml")]
    assert len(names) > 8
    assert [name for name in names if not hasattr(pynvml, name)] == []
