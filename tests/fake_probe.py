"""A process whose memory a test sets."""

from __future__ import annotations


class FakeProbe:
    """Holds the readings that a test asks for.

    Parameters
    ----------
    has_high_water : bool
        Whether the high-water mark can be reset, as on Linux.
    """

    def __init__(self, *, has_high_water: bool = True) -> None:
        self.has_high_water = has_high_water
        self.is_readable = True
        self._rss_bytes = 100
        self._high_water_bytes = 100

    def use(self, *rss_bytes: int) -> None:
        """Move the memory through these sizes."""
        for size in rss_bytes:
            self._rss_bytes = size
            self._high_water_bytes = max(size, self._high_water_bytes)

    def read_rss_bytes(self) -> int:
        """Return the present size."""
        if not self.is_readable:
            raise OSError
        return self._rss_bytes

    def reset_high_water(self) -> bool:
        """Set the mark to the present size."""
        if self.has_high_water:
            self._high_water_bytes = self._rss_bytes
        return self.has_high_water

    def read_high_water_bytes(self) -> int:
        """Return the mark."""
        return self._high_water_bytes
