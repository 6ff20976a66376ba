"""The GPU memory that libraries use during a stretch of work, by their own counters.

torch and jax record the highest use since the user's code last reset the counter, which
is never reset here. So the counter is compared with its value at the start: if it has
risen, it is the peak of the stretch, however short it was. If not, the peak is between
the highest reading and the counter.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TypeAlias

from jupyter_memkit.measure.gpu_allocators import (
    GpuAllocator,
    find_contexts,
    read_allocators,
)
from jupyter_memkit.records import Record

_Readings: TypeAlias = "dict[tuple[str, int], GpuAllocator]"


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuFigures(Record):
    """The memory that a library's objects used on a GPU during a stretch of work.

    Attributes
    ----------
    library : str
        The import name of the library.
    device : int
        The library's number of the device, the 1 of ``cuda:1``.
    before_bytes, after_bytes : int
        The use at the start and at the end.
    peak_bytes : int
        The highest use, not relative to the start; if it is not exact, the highest that
        was read.
    at_most_bytes : int or None
        An upper bound of the peak; None if the library has no counter, or the stretch
        has reset it.
    exact : bool
        Whether `peak_bytes` is the peak rather than sampled. A stretch that resets the
        counter and exceeds its old value afterwards is treated as one that has not.
    """

    library: str
    device: int
    before_bytes: int
    after_bytes: int
    peak_bytes: int
    at_most_bytes: int | None
    exact: bool

    @property
    def rise_bytes(self) -> int:
        """The peak above the start."""
        return self.peak_bytes - self.before_bytes

    @property
    def kept_bytes(self) -> int:
        """The use at the end minus that at the start."""
        return self.after_bytes - self.before_bytes


class GpuWatch:
    """An open stretch of work, which starts when the object is created.

    Nothing is read before the user's code has used a GPU with a library.
    """

    def __init__(self) -> None:
        self._before = _read()
        self._highest_bytes: dict[tuple[str, int], int] = {}

    def see(self) -> None:
        """Take a reading, which counts where the counters do not show the peak."""
        for place, now in _read().items():
            seen_bytes = self._highest_bytes.get(place, 0)
            self._highest_bytes[place] = max(seen_bytes, now.allocated_bytes)

    def close(self) -> tuple[GpuFigures, ...]:
        """Return the figures of the devices on which a library holds memory."""
        after = _read()
        places = sorted(self._before.keys() | after.keys())
        return tuple(self._compare(place, after.get(place)) for place in places)

    def _compare(
        self, place: tuple[str, int], after: GpuAllocator | None
    ) -> GpuFigures:
        """Compare a library's counters on a device; they are 0 before its first use."""
        library, device = place
        before = self._before.get(place)
        before_bytes = 0 if before is None else before.allocated_bytes
        after_bytes = 0 if after is None else after.allocated_bytes
        seen_bytes = max(before_bytes, after_bytes, self._highest_bytes.get(place, 0))
        old_peak_bytes = 0 if before is None else before.peak_bytes
        peak_bytes = None if after is None else after.peak_bytes
        at_most_bytes = None
        if old_peak_bytes is not None and peak_bytes is not None:
            if peak_bytes >= old_peak_bytes:
                at_most_bytes = peak_bytes
            # Otherwise it was reset, and what it has counted since then was seen, too.
            if peak_bytes != old_peak_bytes:
                seen_bytes = max(seen_bytes, peak_bytes)
        return GpuFigures(
            library=library,
            device=device,
            before_bytes=before_bytes,
            after_bytes=after_bytes,
            peak_bytes=seen_bytes,
            at_most_bytes=at_most_bytes,
            exact=seen_bytes == at_most_bytes,
        )


def _read() -> _Readings:
    # Only cupy needs to know the devices in use.
    contexts = find_contexts() if "cupy.cuda" in sys.modules else ()
    return {
        (each.library, each.device): each
        for each in read_allocators(lambda ordinal: ordinal, contexts)
    }
