"""A fake of torch's allocator on GPUs, with its counters."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest


class FakeTorchGpus:
    """The devices of a fake ``torch.cuda``, which a test fills.

    Parameters
    ----------
    count : int
        The number of devices.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int = 1) -> None:
        self._used = [0] * count
        self._peaks = [0] * count
        self.is_initialized = True
        self.reads = 0
        cuda = SimpleNamespace(
            is_initialized=lambda: self.is_initialized,
            device_count=lambda: count,
            memory_stats=self._read,
        )
        monkeypatch.setitem(sys.modules, "torch.cuda", cuda)
        for name in ("cupy.cuda", "jax._src.xla_bridge"):
            monkeypatch.delitem(sys.modules, name, raising=False)

    def use(self, used_bytes: int, device: int = 0) -> None:
        """Use this much of a device from now on."""
        self._used[device] = used_bytes
        self._peaks[device] = max(self._peaks[device], used_bytes)

    def reset_peak(self, device: int = 0) -> None:
        """Reset the counter, as the user's code may."""
        self._peaks[device] = self._used[device]

    def _read(self, device: int) -> dict[str, int]:
        self.reads += 1
        return {
            "allocated_bytes.all.current": self._used[device],
            "allocated_bytes.all.peak": self._peaks[device],
            "reserved_bytes.all.current": 2 * self._used[device],
        }
