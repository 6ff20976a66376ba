"""The mark at which a guard acts: a size, a share of the limit, or automatic."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.gauge import find_tightest
from jupyter_memkit.measure.limits import MemoryLimit, read_limit, read_limits
from jupyter_memkit.records import Record
from jupyter_memkit.techniques.allocator import release_unused
from jupyter_memkit.techniques.guard.family import Family
from jupyter_memkit.techniques.guard.shared import SharedPage
from jupyter_memkit.units import format_bytes, format_given, parse_bytes

Action = Literal["stop", "warn"]

# What `auto` leaves free below each limit: a share, but not less or more than this.
_RESERVE_SHARE = 1 / 20
_LEAST_RESERVE_BYTES = 256 << 20
_MOST_RESERVE_BYTES = 2 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(Record):
    """The mark of a guard.

    Attributes
    ----------
    text : str
        How it was given, such as ``"8 GB"``, ``"85%"`` or ``"auto"``.
    bytes : int
        The memory of the process and its children; 0 if only the reserve counts.
    reserve_bytes : int
        What must stay free below each limit, counting everything that counts against
        it; 0 for no reserve.
    action : {"stop", "warn"}
        What happens to the running cell at the mark.
    """

    text: str
    bytes: int
    reserve_bytes: int
    action: Action

    def bytes_now(self, page: SharedPage) -> int:
        """Return the mark for the process and its children at this moment."""
        if self.bytes:
            # Shown in the unit that is usual, not in the given one.
            return int(self.bytes)
        left_bytes = page["available_bytes"] - self.reserve_bytes
        # Other processes can have taken more than what is above the reserve.
        return max(0, page["used_bytes"] + left_bytes)

    def describe(self, page: SharedPage) -> str:
        """Return the mark as text, with its size."""
        if self.bytes:
            return format_given(self.bytes)
        return f"{format_bytes(self.bytes_now(page))} ({self.text})"


class Marks:
    """The marks in force.

    Each acts by itself: the first that is reached stops the cell, if it does not only
    warn.
    """

    def __init__(self) -> None:
        self._marks: list[Mark] = []

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self._marks)

    def add(self, mark: Mark) -> None:
        """Add a mark."""
        self._marks.append(mark)

    def remove(self, mark: Mark) -> bool:
        """Remove a mark, and no other of the same size; return whether it was there."""
        others = [each for each in self._marks if each is not mark]
        was_there = len(others) < len(self._marks)
        self._marks = others
        return was_there

    def clear(self) -> None:
        """Remove all."""
        self._marks.clear()

    @property
    def stopping(self) -> list[Mark]:
        """Those that stop."""
        return [mark for mark in self._marks if mark.action == "stop"]

    @property
    def warning(self) -> list[Mark]:
        """Those that only warn."""
        return [mark for mark in self._marks if mark.action == "warn"]

    def lowest(self, page: SharedPage) -> Mark:
        """Return the lowest mark that stops; without any, the lowest that warns.

        Raises
        ------
        ValueError
            If there is no mark.
        """
        return min(self.stopping or self.warning, key=lambda mark: mark.bytes_now(page))

    def write(self, page: SharedPage) -> None:
        """Write them to the page."""
        for marks, size, reserve in (
            (self.stopping, "mark_bytes", "reserve_bytes"),
            (self.warning, "warn_bytes", "warn_reserve_bytes"),
        ):
            page[size] = min((mark.bytes for mark in marks if mark.bytes), default=0)
            page[reserve] = max((mark.reserve_bytes for mark in marks), default=0)


def read_mark(text: str, action: str = "stop") -> Mark:
    """Parse a mark.

    Parameters
    ----------
    text : str
        A size such as ``"8GB"``, a share of the smallest limit such as ``"85%"``, or
        ``"auto"``, which leaves 5% of the limit free, but at least 256 MiB and at most
        2 GiB.
    action : {"stop", "warn"}
        What happens to the running cell at the mark.

    Raises
    ------
    MemkitError
        If it is not a mark, is above the limit, or is below what is in use.

    Examples
    --------
    >>> read_mark("8 GB").bytes
    8000000000
    """
    if action not in ("stop", "warn"):
        message = f"{action!r} is not an action; write stop or warn"
        raise MemkitError(message)
    if not issubclass(type(text), str):
        message = (
            "a mark is a string: a size with its unit, such as '8GB', a share of the "
            "limit, such as '85%', or 'auto'"
        )
        raise MemkitError(message)
    limit = read_limit()
    given = text.strip().lower()
    if given == "auto" or given.endswith("%"):
        reserve_bytes = _read_reserve(given, limit)
        if given != "auto":
            _check_share(given, reserve_bytes)
        return Mark(text=given, bytes=0, reserve_bytes=reserve_bytes, action=action)  # type: ignore[arg-type] # compared above
    mark_bytes = _read_size(text)
    if limit is not None and mark_bytes > limit.bytes:
        message = (
            f"a mark of {format_given(mark_bytes)} is above the limit of "
            f"{format_bytes(limit.bytes)} ({limit.name}); choose a lower one, or auto"
        )
        raise MemkitError(message)
    used_bytes = _read_used()
    if mark_bytes <= used_bytes:
        release_unused()
        used_bytes = _read_used()
    if mark_bytes <= used_bytes:
        message = (
            f"{format_bytes(used_bytes)} is in use, which is above the mark of "
            f"{format_given(mark_bytes)}; free some with %memfree, or choose a higher "
            "mark"
        )
        raise MemkitError(message)
    return Mark(
        text=format_bytes(mark_bytes),
        bytes=mark_bytes,
        reserve_bytes=0,
        action=action,  # type: ignore[arg-type] # compared above
    )


def _read_used() -> int:
    """Return what counts against a mark: this process and its children."""
    _, used_bytes, _ = Family(os.getpid()).read()
    return used_bytes


def _read_size(text: str) -> int:
    try:
        return parse_bytes(text)
    except MemkitError as error:
        message = f"{error} (a mark can also be a share such as 85%, or auto)"
        raise MemkitError(message) from None


def _read_reserve(given: str, limit: MemoryLimit | None) -> int:
    if limit is None:
        message = "no limit was found on this machine; write a size, such as 8GB"
        raise MemkitError(message)
    if given == "auto":
        share_bytes = int(limit.bytes * _RESERVE_SHARE)
        reserve_bytes = max(_LEAST_RESERVE_BYTES, share_bytes)
        return min(_MOST_RESERVE_BYTES, reserve_bytes, limit.bytes // 2)
    try:
        percent = float(given[:-1])
    except ValueError:
        percent = 0
    if not 1 <= percent <= 99:
        message = f"{given!r} is not a share; write one between 1% and 99%"
        raise MemkitError(message)
    return int(limit.bytes * (1 - percent / 100))


def _check_share(given: str, reserve_bytes: int) -> None:
    """Refuse a share that is exceeded already.

    `auto` is not: what it keeps free can return, and is kept free from then on.
    """
    gauge = find_tightest(read_limits(), _read_used())
    if gauge is not None and gauge.room_bytes <= reserve_bytes:
        limit = f"{format_bytes(gauge.limit_bytes)} ({gauge.name})"
        message = (
            f"{format_bytes(gauge.used_bytes)} of {limit} is in use, which is above "
            f"the mark of {given}; free some, or choose a higher mark or a size, such "
            "as 2GB, which counts only this kernel"
        )
        raise MemkitError(message)
