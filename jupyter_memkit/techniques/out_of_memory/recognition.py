"""Recognizes the errors with which libraries report that memory has run out.

Each library has its own type of error, and words the requested size in its own way. The
texts are those of torch (c10/cuda/CUDACachingAllocator.cpp and
c10/core/impl/alloc_cpu.cpp), XLA's allocators, TensorFlow (core/kernels), XGBoost
(src/common/device_vector.cu) and cupy; numpy's error holds a shape and a dtype.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from jupyter_memkit.errors import MemoryLimitExceeded
from jupyter_memkit.measure.attributes import read_attributes
from jupyter_memkit.measure.gpu_allocators import read_allocators
from jupyter_memkit.measure.sizes.registry import name_library
from jupyter_memkit.techniques.error_chain import (
    read_cause,
    read_texts,
    read_traceback,
    walk_chain,
)
from jupyter_memkit.techniques.guard.failures import (
    is_failed_allocation,
    read_asked_of_numpy,
)

SOME_GPU = "gpu"
"""The device of a failure whose message does not name it."""

_ASKED = re.compile(
    r"(?:tried to allocate|trying to allocate|allocating|malloc of size|"
    r"requested memory:)\s+(\d[\d,]*(?:\.\d+)?)\s*([KMGTP]i?B)?",
    re.IGNORECASE,
)
_UNITS = ("B", "K", "M", "G", "T", "P")
_TORCH_DEVICE = re.compile(r"(CUDA|HIP|XPU|MPS)(?: backend)? out of memory")
_NUMBER = re.compile(r"GPU (\d+)")
_TENSOR = re.compile(r"shape\s?\[([\d,]+)\] and type (\w+)")
_TYPE_BYTES = {"bool": 1, "half": 2, "bfloat16": 2, "float": 4, "double": 8}

# The types of torch's errors, where the message has no known form, and of cupy's.
_OUT_OF_MEMORY = (("torch", "OutOfMemoryError"), ("cupy", "OutOfMemoryError"))
_XLA = ("jax", "jaxlib")

# Errors that come from another process, whose memory this one does not know.
_REMOTE = ("RemoteTraceback", "_RemoteTraceback")
# torch raises an error of a worker again, with its traceback as the text
# (torch/_utils.py).
_WORKER = re.compile(r"Caught \w+ in DataLoader worker process ")
_CHILD_MODULES = (
    "jupyter_memkit.techniques.processes",
    "jupyter_memkit.techniques.chunked.parallel",
    "jupyter_memkit.magics.isolated.cell",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An allocation that has failed.

    Attributes
    ----------
    error : BaseException
        The error that reports it.
    library : str or None
        The import name of the library that asked; None for Python itself.
    device : str or None
        The device, such as ``"cuda:0"``; None for main memory.
    asked_bytes : int or None
        What was asked for; None if the error does not say.
    """

    error: BaseException
    library: str | None
    device: str | None
    asked_bytes: int | None


def find_failure(error: BaseException) -> Failure | None:
    """Return the failed allocation that led to an error, if one did.

    Contexts that ``raise ... from None`` hides, what a guard raises, and errors of
    other processes do not count.

    Parameters
    ----------
    error : BaseException
        The error; none of its own code runs.

    Examples
    --------
    >>> find_failure(MemoryError()).device is None
    True
    >>> find_failure(ValueError()) is None
    True
    """
    for each in walk_chain(error, hidden=False):
        if issubclass(type(each), MemoryLimitExceeded) or _is_remote(each):
            return None
        failure = _recognize(each)
        if failure is not None:
            return failure
    return None


def _recognize(error: BaseException) -> Failure | None:
    kind = type(error)
    library = name_library(kind)
    texts = read_texts(error)
    if library == "tensorflow":
        # Its errors have no arguments.
        texts += [
            each
            for name, each in read_attributes(error)
            if name == "_message" and type(each) is str
        ]
    text = "\n".join(texts)
    device: str | None = None
    # torch also raises plain errors. Errors of other libraries may quote these texts:
    # a log, another process, the quota of a service.
    is_torch = kind is RuntimeError or library == "torch"
    if is_torch and (named := _TORCH_DEVICE.search(text)):
        library, device = "torch", _name_device(named[1], text)
    elif is_torch and "DefaultCPUAllocator" in text:
        library = "torch"
    elif (library, kind.__name__) in _OUT_OF_MEMORY:
        device = SOME_GPU
    elif library in _XLA and "RESOURCE_EXHAUSTED" in text:
        library, device = "jax", _find_device_of_jax()
    elif (library, kind.__name__) == ("tensorflow", "ResourceExhaustedError"):
        device = SOME_GPU if "GPU" in text else None
    elif kind.__name__ == "XGBoostError" and "out of memory" in text.lower():
        device = SOME_GPU if "cuda" in text.lower() else None
    elif not is_failed_allocation(error):
        return None
    return Failure(
        error=error,
        library=None if library == "builtins" else library,
        device=device,
        asked_bytes=_read_asked(error, text),
    )


def _name_device(kind: str, text: str) -> str:
    number = _NUMBER.search(text)
    name = {"HIP": "cuda"}.get(kind, kind.lower())
    return f"{name}:{number[1] if number else 0}"


def _find_device_of_jax() -> str | None:
    """Return the device of jax, if it has one besides the processor."""
    libraries = {each.library for each in read_allocators(lambda ordinal: ordinal, ())}
    return SOME_GPU if "jax" in libraries else None


def _read_asked(error: BaseException, text: str) -> int | None:
    if match := _ASKED.search(text):
        number = float(match[1].replace(",", ""))
        return int(number * 1024 ** _UNITS.index((match[2] or "B")[0].upper()))
    if match := _TENSOR.search(text):
        # TensorFlow's; the names of its integers end in their bits.
        bits = re.search(r"\d+$", match[2])
        item_bytes = _TYPE_BYTES.get(match[2]) or (int(bits[0]) // 8 if bits else 0)
        return math.prod(map(int, match[1].split(","))) * item_bytes or None
    return read_asked_of_numpy(error)


def _is_remote(error: BaseException) -> bool:
    cause = read_cause(error)
    if cause is not None and type(cause).__name__ in _REMOTE:
        return True
    if any(map(_WORKER.match, read_texts(error))):
        return True
    trace = read_traceback(error)
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__")
        if isinstance(name, str) and name.startswith(_CHILD_MODULES):
            return True
        trace = trace.tb_next
    return False
