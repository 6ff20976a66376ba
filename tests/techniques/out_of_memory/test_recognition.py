"""Which errors report that memory has run out, and what they say was asked for.

Errors of libraries that are not installed here are fakes with their names and texts.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jupyter_memkit.errors import MemoryLimitExceeded
from jupyter_memkit.techniques.out_of_memory.recognition import find_failure

MIB = 1 << 20


def make_error(module: str, name: str, text: str, *bases: type) -> BaseException:
    """Make an error with the name of a library's."""
    kind = type(name, bases or (RuntimeError,), {"__module__": module})
    error: BaseException = kind(text)
    return error


class OpError(Exception):
    """The base of TensorFlow's errors, which have their text in an attribute."""

    def __init__(self, message: str) -> None:
        super().__init__()
        self._message = message


TORCH = make_error(
    "torch",
    "OutOfMemoryError",
    "CUDA out of memory. Tried to allocate 20.50 MiB. GPU 1 has a total capacity of "
    "15.77 GiB of which 11.38 MiB is free. Of the allocated memory 14.82 GiB is "
    "allocated by PyTorch, and 153.39 MiB is reserved by PyTorch but unallocated.",
)


@pytest.mark.parametrize(
    ("error", "library", "device", "asked_bytes"),
    [
        (MemoryError(), None, None, None),
        (TORCH, "torch", "cuda:1", int(20.5 * MIB)),
        (
            make_error(
                "torch.cuda",
                "OutOfMemoryError",
                "CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 15.78 GiB "
                "total capacity; 14.56 GiB already allocated)",
            ),
            "torch",
            "cuda:0",
            2048 * MIB,
        ),
        (
            RuntimeError(
                "MPS backend out of memory (MPS allocated: 9.00 GB, max allowed: 9.07 "
                "GB). Tried to allocate 256 bytes on shared pool."
            ),
            "torch",
            "mps:0",
            256,
        ),
        (
            RuntimeError(
                "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: "
                "can't allocate memory: you tried to allocate 12884901888 bytes. Error "
                "code 12 (Cannot allocate memory)"
            ),
            "torch",
            None,
            12884901888,
        ),
        (
            make_error(
                "jax.errors",
                "JaxRuntimeError",
                "RESOURCE_EXHAUSTED: Out of memory allocating 4398046511104 bytes.",
            ),
            "jax",
            None,
            4398046511104,
        ),
        (
            make_error(
                "tensorflow.python.framework.errors_impl",
                "ResourceExhaustedError",
                "OOM when allocating tensor with shape[1000,10] and type float on "
                "/job:localhost/device:GPU:0 by allocator GPU_0_bfc",
                OpError,
            ),
            "tensorflow",
            "gpu",
            40_000,
        ),
        (
            make_error(
                "xgboost.core",
                "XGBoostError",
                "Memory allocation error on worker 0: std::bad_alloc: "
                "cudaErrorMemoryAllocation: out of memory\n- Free memory: 12582912\n"
                "- Requested memory: 9232383",
                ValueError,
            ),
            "xgboost",
            "gpu",
            9232383,
        ),
        (
            make_error(
                "cupy.cuda.memory",
                "OutOfMemoryError",
                "Out of memory allocating 8,000,000,512 bytes (allocated so far: 0 "
                "bytes).",
                MemoryError,
            ),
            "cupy",
            "gpu",
            8_000_000_512,
        ),
    ],
)
def test_failures_of_libraries(
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    library: str | None,
    device: str | None,
    asked_bytes: int | None,
) -> None:
    """The library, the device and the size are read from the error."""
    monkeypatch.delitem(sys.modules, "jax._src.xla_bridge", raising=False)
    failure = find_failure(error)
    assert failure is not None
    found = (failure.library, failure.device, failure.asked_bytes)
    assert found == (library, device, asked_bytes)


def test_jax_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jax does not name the device; if it has a GPU, that is where memory ran out."""
    device = SimpleNamespace(
        platform="gpu", local_hardware_id=0, memory_stats=lambda: {"bytes_in_use": 5}
    )
    backend = SimpleNamespace(local_devices=lambda: [device])
    bridge = SimpleNamespace(_backends={"cuda": backend})
    monkeypatch.setitem(sys.modules, "jax._src.xla_bridge", bridge)
    error = make_error(
        "jaxlib.xla_extension",
        "XlaRuntimeError",
        "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1024 bytes.",
    )
    failure = find_failure(error)
    assert failure is not None
    assert (failure.device, failure.asked_bytes) == ("gpu", 1024)


def test_numpy() -> None:
    """What numpy asked for is the product of its shape and its item size."""
    with pytest.raises(MemoryError) as caught:
        np.ones((1 << 40, 1 << 10), np.float32)
    failure = find_failure(caught.value)
    assert failure is not None
    assert (failure.library, failure.asked_bytes) == ("numpy", 1 << 52)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("batches of memory"),
        RuntimeError("CUDA error: device-side assert triggered"),
        KeyboardInterrupt(),
        MemoryLimitExceeded("a stop of the guard"),
        make_error("xgboost.core", "XGBoostError", "a label is missing", ValueError),
        # A service's quota, and errors of other processes in the texts of others.
        make_error(
            "google.genai.errors",
            "ClientError",
            "429 RESOURCE_EXHAUSTED. {'error': {'message': 'You exceeded your quota'}}",
            Exception,
        ),
        make_error("azure.core", "ResourceExhaustedError", "too many requests"),
        make_error("nbclient.exceptions", "CellExecutionError", str(TORCH)),
        make_error("game", "OutOfMemoryError", "forgot the name", Exception),
        ValueError("the log ends with DefaultCPUAllocator: you tried to allocate 5"),
    ],
)
def test_other_errors(error: BaseException) -> None:
    """Other errors do not count, and those of a guard have a card of their own."""
    assert find_failure(error) is None


class HostileError(MemoryError):
    """An error whose own code fails."""

    def __str__(self) -> str:
        raise AssertionError

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(name)


def test_no_code_of_the_error_runs() -> None:
    """Neither ``__str__`` nor attributes of the user's class are used."""
    failure = find_failure(HostileError(5))
    assert failure is not None
    assert failure.asked_bytes is None


def raise_after(first: BaseException, then: BaseException, how: str) -> BaseException:
    """Return an error to which another led."""
    try:
        try:
            raise first  # noqa: TRY301 - its context is the point
        except BaseException as error:
            if how == "cause":
                raise then from error
            if how == "hidden":
                raise then from None
            raise then  # noqa: B904 - as above
    except BaseException as last:  # noqa: BLE001 - it is returned
        return last


@pytest.mark.parametrize(
    ("how", "counts"), [("cause", True), ("context", True), ("hidden", False)]
)
def test_chain(how: str, counts: bool) -> None:
    """A failure counts where the traceback shows it, as a cause or a context."""
    error = raise_after(MemoryError(), ValueError(), how)
    assert (find_failure(error) is not None) == counts


def test_chain_with_a_cycle() -> None:
    """Errors that led to each other are each visited once."""
    first, then = ValueError(), KeyError()
    first.__cause__, then.__cause__ = then, first
    assert find_failure(first) is None


@pytest.mark.skipif(sys.version_info < (3, 11), reason="has no groups")
def test_group() -> None:
    """A failure in a group of errors counts, however deep."""
    group: Any = vars(__import__("builtins"))["BaseExceptionGroup"]
    inner = group("inner", [ValueError(), TORCH])
    failure = find_failure(group("outer", [KeyError(), inner]))
    assert failure is not None
    assert failure.error is TORCH


def test_error_of_another_process() -> None:
    """Memory that ran out in a worker says nothing about this process."""
    remote = make_error("concurrent.futures.process", "_RemoteTraceback", "text")
    error = MemoryError()
    error.__cause__ = remote
    assert find_failure(error) is None


class Samples:
    """Data whose samples do not fit."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, _: int) -> Any:
        raise MemoryError


@pytest.mark.ml
@pytest.mark.parametrize("n_workers", [0, 1])
def test_error_of_a_data_loader(n_workers: int) -> None:
    """What a worker of a DataLoader lacked is not what this process lacks."""
    data = pytest.importorskip("torch.utils.data")
    with pytest.raises(MemoryError) as caught:
        list(data.DataLoader(Samples(), num_workers=n_workers))
    assert (find_failure(caught.value) is None) == (n_workers == 1)
