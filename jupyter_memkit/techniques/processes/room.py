"""Checks whether the machine has room for data."""

from __future__ import annotations

from jupyter_memkit.errors import IsolatedError
from jupyter_memkit.measure.limits import read_limit
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.units import format_bytes


def read_room_bytes() -> int:
    """Return how many bytes are free for this process and its children.

    Examples
    --------
    >>> read_room_bytes() > 0
    True
    """
    import psutil  # noqa: PLC0415 - only for large data

    free_bytes = psutil.virtual_memory().available
    limit = read_limit()
    if limit is not None:
        free_bytes = min(free_bytes, max(0, limit.bytes - read_rss_bytes()))
    return free_bytes


def check_room(n_bytes: int) -> None:
    """Refuse data for which there is no room.

    Raises
    ------
    IsolatedError
        If there is no room; the message contains the remedy.
    """
    room_bytes = read_room_bytes()
    if n_bytes > room_bytes:
        message = (
            f"the value needs {format_bytes(n_bytes)}, but only "
            f"{format_bytes(room_bytes)} is free here; return a smaller part, or "
            "write it to a file"
        )
        raise IsolatedError(message)
