"""The GPU memory of a cell, from the sampler's readings."""

from __future__ import annotations


class GpuPeak:
    """Remembers the highest reading of a cell.

    Parameters
    ----------
    before_bytes : int or None
        The last reading before the cell; None if there was none.
    """

    def __init__(self, before_bytes: int | None) -> None:
        self.before_bytes = before_bytes
        self.peak_bytes = before_bytes

    def see(self, process_bytes: int) -> None:
        """Take a reading of the process's memory on all devices."""
        if self.before_bytes is None:
            # The devices are read as soon as the process uses one, so it used none.
            self.before_bytes = 0
        self.peak_bytes = max(self.peak_bytes or 0, process_bytes)
