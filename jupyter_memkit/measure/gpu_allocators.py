"""The GPU memory that the user's libraries hold.

Nothing is imported here and no GPU is used: a library is queried only if the user's
code has imported it and used a GPU with it. Before that, a query could cost a few
hundred MiB for the context that CUDA keeps on each device in use.

Libraries have CUDA's numbers of the devices: the fastest comes first unless
``CUDA_DEVICE_ORDER`` says otherwise, and ``CUDA_VISIBLE_DEVICES`` selects and orders
them (CUDA C++ Programming Guide, "CUDA Environment Variables"). The driver numbers all
devices by their place on the bus. Both know their UUIDs.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from jupyter_memkit.records import Record

# jax's names for the platform of a GPU: currently the first, perhaps the others later.
_JAX_GPUS = ("gpu", "cuda", "rocm")


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuAllocator(Record):
    """The memory that a library holds on a device.

    Attributes
    ----------
    library : str
        The import name of the library.
    device : int
        The driver's number of the device.
    allocated_bytes : int
        Memory used by objects.
    reserved_bytes : int or None
        Memory that the library holds on the device for them, free or not.
    peak_bytes : int or None
        The highest `allocated_bytes` since the user's code last reset it.
    """

    library: str
    device: int
    allocated_bytes: int
    reserved_bytes: int | None
    peak_bytes: int | None


def read_allocators(
    index_of: Callable[[int], int], contexts: Collection[int]
) -> tuple[GpuAllocator, ...]:
    """Return the memory that each library holds on each device.

    Parameters
    ----------
    index_of : callable
        Maps the libraries' number of a device to the driver's.
    contexts : collection of int
        The devices in use, from `find_contexts`.

    Returns
    -------
    tuple of GpuAllocator
        The allocators; a library that fails is left out.
    """
    found: list[GpuAllocator] = []
    for read in (_read_torch, functools.partial(_read_cupy, contexts), _read_jax):
        try:
            allocators = list(read())
        except Exception:  # noqa: BLE001, S112 - half-imported or broken, it fails alone
            continue
        found += [
            replace(allocator, device=index_of(allocator.device))
            for allocator in allocators
            if allocator.allocated_bytes
            or allocator.reserved_bytes
            or allocator.peak_bytes
        ]
    return tuple(found)


def find_index(
    own_uuids: Mapping[int, str],
    visible: str | None,
    uuids: Mapping[int, str],
    ordinal: int,
) -> int:
    """Map the libraries' number of a device to the driver's.

    Without CUDA's own answer, its order is taken to be the driver's, as it is for
    devices of one model. If the device is unknown (an instance of a partitioned device,
    a driver that cannot be read), the number is returned unchanged.

    Parameters
    ----------
    own_uuids : mapping of int to str
        The UUIDs by the libraries' numbers, from `find_uuids`.
    visible : str or None
        The value of ``CUDA_VISIBLE_DEVICES``: numbers, or UUIDs.
    uuids : mapping of int to str
        The UUIDs of the driver's devices.
    ordinal : int
        The libraries' number of the device.

    Returns
    -------
    int
        The driver's number of the device.

    Examples
    --------
    >>> find_index({}, "3,2", {}, 1)
    2
    """
    for index, uuid in uuids.items():
        if uuid == own_uuids.get(ordinal):
            return index
    names = [] if visible is None else visible.split(",")
    if ordinal >= len(names):
        return ordinal
    name = names[ordinal].strip()
    if name.isdecimal():
        return int(name)
    # CUDA accepts the beginning of a UUID if it is unique.
    matches = [index for index, uuid in uuids.items() if uuid.startswith(name)]
    return matches[0] if len(matches) == 1 else ordinal


def find_loaded_cuda() -> Any:
    """Return CUDA's driver library if this process has loaded it, else None.

    It is never loaded here. This works only on Linux.
    """
    if sys.platform != "linux":
        return None
    try:
        import ctypes  # noqa: PLC0415 - not needed to start a kernel

        return ctypes.CDLL("libcuda.so.1", mode=os.RTLD_NOLOAD)
    except (ImportError, OSError):
        return None


def find_contexts(
    find_cuda: Callable[[], Any] = find_loaded_cuda,
) -> frozenset[int]:
    """Return the devices that this process uses, in the libraries' numbering.

    The result is empty if CUDA's driver library is not loaded, or is not the real one.

    Examples
    --------
    >>> find_contexts(lambda: None)
    frozenset()
    """
    cuda = find_cuda()
    if cuda is None:
        return frozenset()
    import ctypes  # noqa: PLC0415 - as above

    flags, active = ctypes.c_uint(), ctypes.c_int()

    def has_context(ordinal: int) -> bool:
        failed = cuda.cuDevicePrimaryCtxGetState(
            ordinal, ctypes.byref(flags), ctypes.byref(active)
        )
        return not failed and bool(active.value)

    try:
        return frozenset(filter(has_context, range(_count_devices(cuda))))
    except AttributeError:
        return frozenset()


def find_uuids(find_cuda: Callable[[], Any] = find_loaded_cuda) -> dict[int, str]:
    """Return the UUIDs of the devices by the libraries' numbers.

    The result is empty under the conditions of `find_contexts`.

    Examples
    --------
    >>> find_uuids(lambda: None)
    {}
    """
    cuda = find_cuda()
    if cuda is None:
        return {}
    import ctypes  # noqa: PLC0415 - as above
    import uuid  # noqa: PLC0415 - as above

    found: dict[int, str] = {}
    octets = (ctypes.c_ubyte * 16)()
    try:
        for ordinal in range(_count_devices(cuda)):
            if not cuda.cuDeviceGetUuid(ctypes.byref(octets), ordinal):
                found[ordinal] = f"GPU-{uuid.UUID(bytes=bytes(octets))}"
    except AttributeError:
        return {}
    return found


def _count_devices(cuda: Any) -> int:
    """Return the number of devices; 0 before CUDA's first use.

    Like the other functions that are called here, CUDA's only queries.
    """
    import ctypes  # noqa: PLC0415 - as above

    count = ctypes.c_int()
    return 0 if cuda.cuDeviceGetCount(ctypes.byref(count)) else count.value


def _read_torch() -> Iterator[GpuAllocator]:
    # Not through "torch", which may be a lazy module that an attribute imports.
    cuda: Any = sys.modules.get("torch.cuda")
    if cuda is None or not cuda.is_initialized():
        return
    for ordinal in range(cuda.device_count()):
        # The functions for single figures each read all of them.
        stats = cuda.memory_stats(ordinal)
        yield GpuAllocator(
            library="torch",
            device=ordinal,
            allocated_bytes=stats.get("allocated_bytes.all.current", 0),
            reserved_bytes=stats.get("reserved_bytes.all.current", 0),
            peak_bytes=stats.get("allocated_bytes.all.peak", 0),
        )


def _read_cupy(contexts: Collection[int]) -> Iterator[GpuAllocator]:
    """Yield the pool of this thread's device; querying another's could start it."""
    cuda: Any = sys.modules.get("cupy.cuda")
    # cupy does not report whether it has used a device, so the process must have.
    if cuda is None or not contexts:
        return
    ordinal = int(cuda.runtime.getDevice())
    if ordinal not in contexts:
        return
    pool = sys.modules["cupy"].get_default_memory_pool()
    yield GpuAllocator(
        library="cupy",
        device=ordinal,
        allocated_bytes=int(pool.used_bytes()),
        reserved_bytes=int(pool.total_bytes()),
        peak_bytes=None,
    )


def _read_jax() -> Iterator[GpuAllocator]:
    bridge: Any = sys.modules.get("jax._src.xla_bridge")
    if bridge is None:
        return
    # Private, but jax.devices() would start the backends if there are none.
    for backend in list(bridge._backends.values()):  # noqa: SLF001
        for device in backend.local_devices():
            is_gpu = device.platform in _JAX_GPUS
            stats = device.memory_stats() if is_gpu else None
            if stats is not None:
                yield GpuAllocator(
                    library="jax",
                    device=int(device.local_hardware_id),
                    allocated_bytes=stats["bytes_in_use"],
                    # Some allocators report 0 for an unknown "reserved".
                    reserved_bytes=(
                        stats.get("pool_bytes") or stats.get("bytes_reserved") or None
                    ),
                    peak_bytes=stats.get("peak_bytes_in_use"),
                )
