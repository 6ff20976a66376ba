"""What the libraries of the user hold of the memory of GPUs.

Nothing is imported here and no GPU is put to work: a library is asked only when the
user's code has imported it and has used a GPU with it. Before that, one question
could cost a few hundred MiB, for the context that CUDA keeps on each device in use.

Libraries count the devices in the environment variable ``CUDA_VISIBLE_DEVICES`` (CUDA
C++ Programming Guide, "CUDA Environment Variables"), the driver counts all.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from jupyter_memkit.records import Record

# What jax calls the platform of a GPU: the first, and one day perhaps the others.
_JAX_GPUS = ("gpu", "cuda", "rocm")


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuAllocator(Record):
    """What a library holds of the memory of a device.

    Attributes
    ----------
    library : str
        The name by which the library is imported.
    device : int
        The number of the device, as the driver counts.
    allocated_bytes : int
        What objects occupy.
    reserved_bytes : int or None
        What the library keeps of the device for them, free or not.
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
    """Return what each library holds of each device of which it holds anything.

    Parameters
    ----------
    index_of : callable
        Gives the driver's number of a device for that of the libraries.
    contexts : collection of int
        The devices in use, from `find_contexts`.

    Returns
    -------
    tuple of GpuAllocator
        A library that fails is left out, without a word.
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
            if allocator.allocated_bytes or allocator.reserved_bytes
        ]
    return tuple(found)


def find_index(visible: str | None, uuids: Mapping[int, str], ordinal: int) -> int:
    """Return the driver's number of a device, for that of the libraries.

    Where nothing tells (an instance of a divided device, a driver that cannot be
    asked) it is the same number.

    Parameters
    ----------
    visible : str or None
        The value of ``CUDA_VISIBLE_DEVICES``: numbers, or UUIDs.
    uuids : mapping of int to str
        The UUIDs of the driver's devices.
    ordinal : int
        The number by which the libraries know the device.

    Returns
    -------
    int
        The number by which the driver knows it.

    Examples
    --------
    >>> find_index("3,2", {}, 1)
    2
    """
    names = [] if visible is None else visible.split(",")
    if ordinal >= len(names):
        return ordinal
    name = names[ordinal].strip()
    if name.isdecimal():
        return int(name)
    # CUDA takes the beginning of a UUID where it is that of one device only.
    matches = [index for index, uuid in uuids.items() if uuid.startswith(name)]
    return matches[0] if len(matches) == 1 else ordinal


def find_loaded_cuda() -> Any:
    """Return CUDA's driver library when this process has it loaded, else None.

    It is never loaded here. Only Linux can be asked in this way.
    """
    if sys.platform != "linux":
        return None
    try:
        import ctypes  # noqa: PLC0415 - a kernel starts without it

        return ctypes.CDLL("libcuda.so.1", mode=os.RTLD_NOLOAD)
    except (ImportError, OSError):
        return None


def find_contexts(
    find_cuda: Callable[[], Any] = find_loaded_cuda,
) -> frozenset[int]:
    """Return the devices that this process has in use, as the libraries count.

    None are known where CUDA's driver library is not loaded, or is not the real one.

    Examples
    --------
    >>> find_contexts(lambda: None)
    frozenset()
    """
    cuda = find_cuda()
    if cuda is None:
        return frozenset()
    import ctypes  # noqa: PLC0415 - as above

    count, flags, active = ctypes.c_int(), ctypes.c_uint(), ctypes.c_int()

    def has_context(ordinal: int) -> bool:
        failed = cuda.cuDevicePrimaryCtxGetState(
            ordinal, ctypes.byref(flags), ctypes.byref(active)
        )
        return not failed and bool(active.value)

    try:
        # Both functions only look. They fail, with a number, before CUDA's first use.
        if cuda.cuDeviceGetCount(ctypes.byref(count)):
            return frozenset()
        return frozenset(filter(has_context, range(count.value)))
    except AttributeError:
        return frozenset()


def _read_torch() -> Iterator[GpuAllocator]:
    # Not by way of "torch", which may be a lazy module that an attribute imports.
    cuda: Any = sys.modules.get("torch.cuda")
    if cuda is None or not cuda.is_initialized():
        return
    for ordinal in range(cuda.device_count()):
        yield GpuAllocator(
            library="torch",
            device=ordinal,
            allocated_bytes=int(cuda.memory_allocated(ordinal)),
            reserved_bytes=int(cuda.memory_reserved(ordinal)),
            peak_bytes=int(cuda.max_memory_allocated(ordinal)),
        )


def _read_cupy(contexts: Collection[int]) -> Iterator[GpuAllocator]:
    """Yield the pool of this thread's device; to ask another's could start it."""
    cuda: Any = sys.modules.get("cupy.cuda")
    # cupy cannot say whether it has used a device, so the process must have.
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
    # Private, but jax.devices() would start the backends when there are none.
    for backend in list(bridge._backends.values()):  # noqa: SLF001
        for device in backend.local_devices():
            is_gpu = device.platform in _JAX_GPUS
            stats = device.memory_stats() if is_gpu else None
            if stats is not None:
                yield GpuAllocator(
                    library="jax",
                    device=int(device.local_hardware_id),
                    allocated_bytes=stats["bytes_in_use"],
                    # Some allocators say 0 for "reserved" and mean "not told".
                    reserved_bytes=(
                        stats.get("pool_bytes") or stats.get("bytes_reserved") or None
                    ),
                    peak_bytes=stats.get("peak_bytes_in_use"),
                )
