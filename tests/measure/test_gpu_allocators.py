"""The GPU memory of libraries, with fake libraries."""

from __future__ import annotations

import ctypes
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from jupyter_memkit.measure.gpu_allocators import (
    GpuAllocator,
    find_contexts,
    find_index,
    find_loaded_cuda,
    find_uuids,
    read_allocators,
)


class FakeCuda:
    """A fake of CUDA's driver library.

    Parameters
    ----------
    active : int or None
        For each device, 1 if the process uses it; None if the query fails.
    status : int
        The status of counting the devices; 3 is "not initialized".
    """

    def __init__(self, *active: int | None, status: int = 0) -> None:
        self._active = active
        self._status = status

    def cuDeviceGetCount(self, count: Any) -> int:  # noqa: N802 - CUDA's name
        """Write the number of devices."""
        count._obj.value = len(self._active)
        return self._status

    def cuDevicePrimaryCtxGetState(  # noqa: N802 - CUDA's name
        self, ordinal: int, flags: Any, active: Any
    ) -> int:
        """Write whether a device is in use."""
        assert isinstance(flags._obj, ctypes.c_uint)
        in_use = self._active[ordinal]
        if in_use is None:
            return 101
        active._obj.value = in_use
        return 0

    def cuDeviceGetUuid(self, octets: Any, ordinal: int) -> int:  # noqa: N802 - CUDA's name
        """Write the 16 octets of a device."""
        if self._active[ordinal] is None:
            return 101
        octets._obj[:] = [ordinal, *range(1, 16)]
        return 0


class FakeDevice:
    """A fake jax device."""

    def __init__(
        self, stats: dict[str, int] | None, platform: str = "gpu", number: int = 0
    ) -> None:
        self.platform = platform
        self.local_hardware_id = number
        self._stats = stats

    def memory_stats(self) -> dict[str, int] | None:
        """Return the figures of the allocator."""
        return self._stats


@pytest.fixture(autouse=True)
def no_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without the libraries, whatever other tests imported."""
    for name in ("torch.cuda", "cupy.cuda", "jax._src.xla_bridge"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def read(*contexts: int) -> tuple[GpuAllocator, ...]:
    """Return the allocators, with these devices in use, in the libraries' numbering."""
    return read_allocators(lambda ordinal: ordinal, contexts)


def use_torch(monkeypatch: pytest.MonkeyPatch, **functions: Any) -> None:
    """Install a fake torch, with some functions changed."""
    cuda = SimpleNamespace(
        is_initialized=lambda: True,
        device_count=lambda: 2,
        memory_stats=lambda ordinal: {
            "allocated_bytes.all.current": 100 * ordinal,
            "reserved_bytes.all.current": 200 * ordinal,
            "allocated_bytes.all.peak": 150 * ordinal,
        },
    )
    vars(cuda).update(functions)
    monkeypatch.setitem(sys.modules, "torch.cuda", cuda)


def use_cupy(
    monkeypatch: pytest.MonkeyPatch, used_bytes: int, total_bytes: int, device: int
) -> None:
    """Install a fake cupy with this current device."""
    pool = SimpleNamespace(
        used_bytes=lambda: used_bytes, total_bytes=lambda: total_bytes
    )
    runtime = SimpleNamespace(getDevice=lambda: device)
    cupy = SimpleNamespace(get_default_memory_pool=lambda: pool)
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setitem(sys.modules, "cupy.cuda", SimpleNamespace(runtime=runtime))


def use_jax(monkeypatch: pytest.MonkeyPatch, **backends: list[FakeDevice]) -> None:
    """Install a fake jax that has started these backends."""
    clients = {
        name: SimpleNamespace(local_devices=lambda devices=devices: devices)
        for name, devices in backends.items()
    }
    bridge = SimpleNamespace(_backends=clients)
    monkeypatch.setitem(sys.modules, "jax._src.xla_bridge", bridge)


def fail(*_: int) -> int:
    """Fail, as a query that must not be made or that is broken."""
    msg = "a broken library"
    raise RuntimeError(msg)


def test_nothing_without_libraries() -> None:
    """Without the libraries there are no allocators."""
    assert read(0, 1) == ()


def test_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each device on which torch holds memory has its figures; others are left out."""
    use_torch(monkeypatch)
    assert read() == (
        GpuAllocator(
            library="torch",
            device=1,
            allocated_bytes=100,
            reserved_bytes=200,
            peak_bytes=150,
        ),
    )


def test_reserved_memory_is_reason_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library without objects may still hold device memory."""
    use_torch(monkeypatch, memory_stats=lambda _: {"reserved_bytes.all.current": 200})
    allocator, _ = read()
    assert (allocator.allocated_bytes, allocator.reserved_bytes) == (0, 200)


def test_torch_that_has_used_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before its first use of CUDA, torch is not queried, which could initialize it."""
    asked: list[int] = []
    use_torch(
        monkeypatch,
        is_initialized=lambda: False,
        device_count=lambda: asked.append(1),
        memory_stats=asked.append,
    )
    assert read() == ()
    assert asked == []


def test_library_that_is_half_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that is still being imported may lack the names that are read."""
    for name in ("torch", "torch.cuda", "cupy", "cupy.cuda", "jax._src.xla_bridge"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    assert read(0) == ()


def test_lazy_library_is_left_asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lazy module is not accessed."""

    class Lazy(ModuleType):
        touched = False

        def __getattr__(self, name: str) -> Any:
            if not name.startswith("__"):
                Lazy.touched = True
            raise AttributeError(name)

    for name in ("torch", "cupy", "jax"):
        monkeypatch.setitem(sys.modules, name, Lazy(name))
    assert read(0) == ()
    assert not Lazy.touched


def test_library_that_fails_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other libraries are still reported."""
    use_torch(monkeypatch, memory_stats=fail)
    use_jax(monkeypatch, cuda=[FakeDevice({"bytes_in_use": 5})])
    assert [allocator.library for allocator in read()] == ["jax"]


def test_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool of the current device has the used and the reserved memory."""
    use_cupy(monkeypatch, 10, 30, device=1)
    assert read(0, 1) == (
        GpuAllocator(
            library="cupy",
            device=1,
            allocated_bytes=10,
            reserved_bytes=30,
            peak_bytes=None,
        ),
    )


@pytest.mark.parametrize("contexts", [(), (0,)])
def test_cupy_on_a_device_that_is_not_in_use(
    monkeypatch: pytest.MonkeyPatch, contexts: tuple[int, ...]
) -> None:
    """The pool of an unused device is not queried, which could initialize it."""
    use_cupy(monkeypatch, 10, 30, device=1)
    monkeypatch.setattr(sys.modules["cupy"], "get_default_memory_pool", pytest.fail)
    if not contexts:
        monkeypatch.setattr(sys.modules["cupy.cuda"].runtime, "getDevice", pytest.fail)
    assert read(*contexts) == ()


def test_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    """GPUs have their allocator's figures by hardware number."""
    stats = {"bytes_in_use": 10, "peak_bytes_in_use": 20, "pool_bytes": 750}
    use_jax(
        monkeypatch,
        cpu=[FakeDevice({"bytes_in_use": 99}, platform="cpu")],
        cuda=[FakeDevice(None), FakeDevice(stats, number=3)],
    )
    assert read() == (
        GpuAllocator(
            library="jax",
            device=3,
            allocated_bytes=10,
            reserved_bytes=750,
            peak_bytes=20,
        ),
    )


@pytest.mark.parametrize(
    ("stats", "expected"),
    [
        ({}, None),
        ({"bytes_reserved": 0}, None),
        ({"bytes_reserved": 40}, 40),
        ({"bytes_reserved": 0, "pool_bytes": 50}, 50),
    ],
)
def test_reserved_memory_of_jax(
    monkeypatch: pytest.MonkeyPatch, stats: dict[str, int], expected: int | None
) -> None:
    """Reserved memory of jax is its pool, and unavailable if it reports 0."""
    use_jax(monkeypatch, cuda=[FakeDevice({"bytes_in_use": 10, **stats})])
    (allocator,) = read()
    assert allocator.reserved_bytes == expected
    assert allocator.peak_bytes is None


def test_jax_without_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    """If jax has started no backend, it holds nothing, and none is started."""
    use_jax(monkeypatch)
    monkeypatch.setattr(
        sys.modules["jax._src.xla_bridge"], "backends", pytest.fail, raising=False
    )
    assert read() == ()


@pytest.mark.parametrize(
    ("cuda", "expected"),
    [
        (None, set()),
        (object(), set()),
        (FakeCuda(status=3), set()),
        (FakeCuda(1, status=3), set()),
        (FakeCuda(0, 0), set()),
        (FakeCuda(1, 0, 1), {0, 2}),
        (FakeCuda(1, None), {0}),
    ],
)
def test_devices_in_use(cuda: object, expected: set[int]) -> None:
    """CUDA reports which devices are in use; before its first use, none."""
    assert find_contexts(lambda: cuda) == expected


@pytest.mark.parametrize(
    ("cuda", "expected"),
    [
        (None, {}),
        (object(), {}),
        (FakeCuda(1, status=3), {}),
        (
            FakeCuda(1, None, 0),
            {
                0: "GPU-00010203-0405-0607-0809-0a0b0c0d0e0f",
                2: "GPU-02010203-0405-0607-0809-0a0b0c0d0e0f",
            },
        ),
    ],
)
def test_uuids(cuda: object, expected: dict[int, str]) -> None:
    """CUDA names its devices as the driver does; before its first use, none."""
    assert find_uuids(lambda: cuda) == expected


@pytest.mark.parametrize("system", ["linux", "win32"])
def test_cuda_that_is_not_loaded(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    """CUDA is not loaded if the process has not loaded it."""
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(ctypes, "CDLL", refuse)
    assert find_loaded_cuda() is None


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, 1),
        ("", 1),
        ("0", 1),
        ("5,3", 3),
        ("GPU-bb,GPU-aa", 0),
        # An ambiguous beginning of a UUID, an unknown one, an instance of a partitioned
        # device.
        ("0,GPU-", 1),
        ("0,GPU-cc", 1),
        ("0,MIG-aa", 1),
    ],
)
def test_number_of_a_device(visible: str | None, expected: int) -> None:
    """A number or a UUID names the device; otherwise the number is unchanged."""
    assert find_index({}, visible, {0: "GPU-aa", 1: "GPU-bb"}, 1) == expected


@pytest.mark.parametrize("visible", [None, "0,1", "GPU-aa,GPU-bb", "GPU-bb,MIG-aa"])
def test_number_of_a_device_that_cuda_knows(visible: str | None) -> None:
    """CUDA's own answer counts, whatever its order and that of the variable."""
    uuids = {0: "GPU-aa", 1: "GPU-bb"}
    assert find_index({0: "GPU-bb", 1: "GPU-aa"}, visible, uuids, 1) == 0


def refuse(name: str, mode: int) -> None:
    """Fail, as the system does for a library that is not loaded."""
    assert (name, mode) == ("libcuda.so.1", 4)
    raise OSError(name)
