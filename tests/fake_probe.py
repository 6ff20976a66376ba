"""A fake process, with memory set by a test."""

from __future__ import annotations


class FakeProbe:
    """A probe with fake readings.

    Parameters
    ----------
    has_high_water : bool
        Whether the high-water mark can be reset, as on Linux.
    """

    def __init__(self, *, has_high_water: bool = True) -> None:
        self.has_high_water = has_high_water
        self.is_readable = True
        self.reads = 0
        self._rss_bytes = 100
        self._high_water_bytes = 100

    def use(self, *rss_bytes: int) -> None:
        """Set the memory to these sizes in turn."""
        for size in rss_bytes:
            self._rss_bytes = size
            self._high_water_bytes = max(size, self._high_water_bytes)

    def read_rss_bytes(self) -> int:
        """Return the current size."""
        self.reads += 1
        if not self.is_readable:
            raise OSError
        return self._rss_bytes

    def reset_high_water(self) -> bool:
        """Reset the mark to the current size."""
        if self.has_high_water:
            self._high_water_bytes = self._rss_bytes
        return self.has_high_water

    def read_high_water_bytes(self) -> int:
        """Return the mark."""
        return self._high_water_bytes
