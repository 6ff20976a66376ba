"""A fake limit, against which the process and its children count."""

from __future__ import annotations

from jupyter_memkit.measure.gauge import Gauge, GaugeMeter


class FakeGaugeMeter(GaugeMeter):
    """A meter with a limit set by a test.

    Parameters
    ----------
    limit_bytes : int or None
        The limit; None for no limit.
    name : str
        Its source.
    """

    def __init__(self, limit_bytes: int | None, name: str) -> None:
        super().__init__()
        self._limit_bytes = limit_bytes
        self._name = name
        self.reads = 0

    def read(self, family_bytes: int) -> Gauge | None:
        """Return the gauge."""
        self.reads += 1
        if self._limit_bytes is None:
            return None
        return Gauge(
            limit_bytes=self._limit_bytes,
            used_bytes=family_bytes,
            name=self._name,
            covers="family",
        )
