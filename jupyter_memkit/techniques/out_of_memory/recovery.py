"""`recover`: frees what an out-of-memory error holds, and reports what failed."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import sys
from typing import Any

from jupyter_memkit.measure.gpu_allocators import read_allocators
from jupyter_memkit.techniques.allocator import settle
from jupyter_memkit.techniques.out_of_memory.cures import find_cures
from jupyter_memkit.techniques.out_of_memory.frames import release_frames
from jupyter_memkit.techniques.out_of_memory.model_call import find_model_call
from jupyter_memkit.techniques.out_of_memory.recognition import Failure, find_failure
from jupyter_memkit.techniques.out_of_memory.records import OutOfMemory
from jupyter_memkit.techniques.releasing.pools import find_torch_pools
from jupyter_memkit.techniques.room import read_room_bytes


def recover(error: BaseException) -> OutOfMemory | None:
    """Free what an out-of-memory error holds, and report what was requested.

    An error keeps the local variables of all calls that it has left, such as the
    activations of a model, and the interpreter keeps the last error. They are dropped;
    the traceback keeps its lines, but a debugger finds no values there. Then free
    memory is returned to the system, and that of torch to the device.

    Parameters
    ----------
    error : BaseException
        The error that has ended the code, or one that it led to: `MemoryError`, and
        what torch, jax, TensorFlow, XGBoost or cupy raise instead.

    Returns
    -------
    OutOfMemory or None
        What failed, and what would help; None if no allocation of this process failed.
        Nothing is changed then.

    Examples
    --------
    >>> try:
    ...     bytearray(1 << 62)
    ... except MemoryError as error:
    ...     failed = recover(error)
    >>> failed.device is None
    True
    >>> recover(ValueError()) is None
    True
    """
    failure = find_failure(error)
    return None if failure is None else free_failed(failure, error)


def free_failed(failure: Failure, error: BaseException) -> OutOfMemory:
    """Free what an error holds, and report the failed allocation that led to it.

    Parameters
    ----------
    failure : Failure
        The allocation.
    error : BaseException
        The error that has ended the code.
    """
    call = find_model_call(failure.error)
    device = failure.device
    unusable_bytes = None
    if device is not None and failure.library == "torch":
        unusable_bytes = _read_unusable(device)
    before_bytes = _collect(device)
    release_frames(error)
    if device is not None:
        gc.collect()
        for _, release in find_torch_pools():
            # A pool that fails has nothing to return.
            with contextlib.suppress(Exception):
                release()
    after_bytes = _collect(device)
    failed = OutOfMemory(
        library=failure.library,
        device=device,
        asked_bytes=failure.asked_bytes,
        unusable_bytes=unusable_bytes,
        returned_bytes=max(0, before_bytes - after_bytes),
        free_bytes=_read_free(device),
    )
    return dataclasses.replace(failed, cures=tuple(find_cures(failed, call)))


def _collect(device: str | None) -> int:
    """Collect garbage, and return the resident memory, or that on devices."""
    if device is None:
        return settle()
    gc.collect()
    allocators = read_allocators(lambda ordinal: ordinal, ())
    return sum(each.allocated_bytes for each in allocators)


def _read_unusable(device: str) -> int | None:
    """Return what torch holds on a device and its tensors do not use."""
    number = device.partition(":")[2]
    for each in read_allocators(lambda ordinal: ordinal, ()):
        if each.library == "torch" and str(each.device) == number:
            return (each.reserved_bytes or 0) - each.allocated_bytes
    return None


def _read_free(device: str | None) -> int | None:
    """Return what is free now, by the driver or by the limit with the least room."""
    if device is None:
        return read_room_bytes()
    kind, _, number = device.partition(":")
    cuda: Any = sys.modules.get("torch.cuda")
    if kind != "cuda" or cuda is None:
        return None
    with contextlib.suppress(Exception):
        return int(cuda.mem_get_info(int(number))[0])
    return None
