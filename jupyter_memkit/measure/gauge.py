"""The gauge: how full the limit with the least room is.

All limits apply at once, and each counts the memory of others: a container's that of
all its processes, the machine's that of everything. So the smallest limit need not be
the one that is reached first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from jupyter_memkit import protocol
from jupyter_memkit.measure.headroom import read_use
from jupyter_memkit.measure.limits import Covers, MemoryLimit, read_limits
from jupyter_memkit.records import Record

# Limits change rarely, and finding them takes a millisecond.
_LIMITS_KEPT_S = 10.0

ReadUse = Callable[[str, int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge(Record):
    """The limit with the least room, and all that counts against it.

    Attributes
    ----------
    limit_bytes : int
        The limit.
    used_bytes : int
        What counts against it, without what the system can take back. It can be more
        than the limit if nothing enforces that, as with ``MEM_LIMIT``.
    name : str
        The source of the limit.
    covers : {"kernel", "family", "container", "machine"}
        Whose memory counts: that of the process, of the process and its children, of
        all processes in its container, or of all on the machine.
    """

    limit_bytes: int
    used_bytes: int
    name: str
    covers: Covers

    @property
    def room_bytes(self) -> int:
        """How much is left; negative above the limit."""
        return self.limit_bytes - self.used_bytes


class GaugeMeter:
    """Reads the gauge of a process.

    Parameters
    ----------
    pid : int, optional
        The process; by default this one.
    clock : callable
        Returns seconds that never go backwards.
    limits_kept_s : float
        After how many seconds the limits are searched for again.
    read_use : callable
        Reads what counts against a limit, as `headroom.read_use` does.
    """

    def __init__(
        self,
        pid: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        limits_kept_s: float = _LIMITS_KEPT_S,
        read_use: ReadUse = read_use,
    ) -> None:
        self._pid = pid
        self._clock = clock
        self._limits_kept_s = limits_kept_s
        self._read_use = read_use
        self._limits: list[MemoryLimit] = []
        self._limits_read_s = float("-inf")

    def read(self, family_bytes: int) -> Gauge | None:
        """Return the gauge now; None if no limit could be read.

        The limits are searched for rarely; what counts against them is read each time.

        Parameters
        ----------
        family_bytes : int
            The memory of the process and its children.
        """
        now_s = self._clock()
        if now_s - self._limits_read_s > self._limits_kept_s:
            self._limits = read_limits(pid=self._pid)
            self._limits_read_s = now_s
        return find_tightest(self._limits, family_bytes, self._read_use)


def find_tightest(
    limits: list[MemoryLimit], family_bytes: int, read_use: ReadUse = read_use
) -> Gauge | None:
    """Return the gauge of the limit with the least room; None if there is none.

    A limit whose use the system does not report is left out.

    Parameters
    ----------
    limits : list of MemoryLimit
        The limits that apply.
    family_bytes : int
        The memory of the process and its children.
    read_use : callable
        Reads what counts against a limit, as `headroom.read_use` does.

    Examples
    --------
    >>> limits = read_limits(environ={"MEM_LIMIT": "1000"})
    >>> find_tightest(limits, 2000)
    Gauge(limit=1000 B, used=2.0 KiB, name='MEM_LIMIT', covers='family')
    """
    tightest: Gauge | None = None
    for limit in limits:
        try:
            used_bytes = read_use(limit.counter, family_bytes)
        except (OSError, ValueError):
            continue
        gauge = Gauge(
            limit_bytes=limit.bytes,
            used_bytes=used_bytes,
            name=limit.name,
            covers=limit.covers,
        )
        if tightest is None or gauge.room_bytes < tightest.room_bytes:
            tightest = gauge
    return tightest


def gauge_message(gauge: Gauge | None) -> protocol.Gauge | None:
    """Build the part of a message with the gauge, for the kernel and the server."""
    if gauge is None:
        return None
    return {
        "limit_bytes": gauge.limit_bytes,
        "used_bytes": gauge.used_bytes,
        "name": gauge.name,
        "covers": gauge.covers,
    }
