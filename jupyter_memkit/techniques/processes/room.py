"""Checks whether the machine has room for data."""

from __future__ import annotations

from jupyter_memkit.errors import IsolatedError
from jupyter_memkit.units import format_bytes


def check_room(n_bytes: int) -> None:
    """Refuse data for which there is no room.

    Raises
    ------
    IsolatedError
        If there is no room; the message contains the remedy.
    """
    # Only for large data, which most child processes never send or receive.
    from jupyter_memkit.techniques.room import read_room_bytes  # noqa: PLC0415

    room_bytes = read_room_bytes()
    if room_bytes is not None and n_bytes > room_bytes:
        message = (
            f"the value needs {format_bytes(n_bytes)}, but only "
            f"{format_bytes(room_bytes)} is free here; return a smaller part, or "
            "write it to a file"
        )
        raise IsolatedError(message)
