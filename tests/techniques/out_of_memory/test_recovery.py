"""`recover`: what an error holds comes back, and only then."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from jupyter_memkit import recover
from jupyter_memkit.measure.process import read_rss_bytes
from tests.fake_torch import FakeTorchGpus

MIB = 1 << 20


def run_out(size_bytes: int, error: BaseException) -> BaseException:
    """Return an error that holds some memory in its frames, as the interpreter does."""

    def work() -> None:
        held = np.ones(size_bytes, np.uint8)
        raise error from ValueError(held.size)

    try:
        work()
    except BaseException as caught:  # noqa: BLE001 - it is returned
        return caught
    raise AssertionError


@pytest.mark.own_process
def test_memory_comes_back() -> None:
    """The variables of the failed calls are dropped; the traceback keeps its lines."""
    error = run_out(200 * MIB, MemoryError())
    before_bytes = read_rss_bytes()
    failed = recover(error)
    assert failed is not None
    assert failed.returned_bytes == pytest.approx(200 * MIB, rel=0.05)
    assert before_bytes - read_rss_bytes() > 190 * MIB
    assert error.__traceback__ is not None
    inner = error.__traceback__.tb_next
    assert inner is not None
    assert inner.tb_frame.f_code.co_name == "work"
    assert inner.tb_frame.f_locals == {}


def test_other_errors_keep_their_variables() -> None:
    """An error that has nothing to do with memory is left as it is."""
    error = run_out(10, ValueError())
    assert recover(error) is None
    assert error.__traceback__ is not None
    assert error.__traceback__.tb_next is not None
    assert len(error.__traceback__.tb_next.tb_frame.f_locals["held"]) == 10


def test_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a device, its allocator's figures count, and its free memory is given back."""
    gpus = FakeTorchGpus(monkeypatch, 2)
    gpus.use(300 * MIB, 1)
    cuda: Any = sys.modules["torch.cuda"]
    emptied: list[bool] = []

    def empty() -> None:
        emptied.append(True)
        gpus.use(100 * MIB, 1)

    cuda.empty_cache = empty
    cuda.mem_get_info = lambda device: (device * 700 * MIB, 0)
    error = RuntimeError(
        "CUDA out of memory. Tried to allocate 100.00 MiB. GPU 1 has no room."
    )
    failed = recover(error)
    assert failed is not None
    assert emptied == [True]
    assert (failed.device, failed.asked_bytes) == ("cuda:1", 100 * MIB)
    assert failed.unusable_bytes == 300 * MIB
    assert failed.returned_bytes == 200 * MIB
    assert failed.free_bytes == 700 * MIB
    (cure,) = failed.cures
    assert cure.code == "%env PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True"


def test_device_whose_library_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that cannot answer leaves figures out, and hides no error."""
    FakeTorchGpus(monkeypatch, 1)
    cuda = sys.modules["torch.cuda"]
    monkeypatch.setattr(cuda, "memory_stats", SimpleNamespace())
    monkeypatch.setattr(cuda, "empty_cache", SimpleNamespace(), raising=False)
    failed = recover(RuntimeError("CUDA out of memory. Tried to allocate 1.00 MiB."))
    assert failed is not None
    assert (failed.free_bytes, failed.unusable_bytes) == (None, None)
