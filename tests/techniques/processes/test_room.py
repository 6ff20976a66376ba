"""Whether a value that another process returns fits in here."""

from __future__ import annotations

import pytest

from jupyter_memkit.errors import IsolatedError
from jupyter_memkit.techniques import room
from jupyter_memkit.techniques.processes.room import check_room

MIB = 1 << 20


@pytest.mark.parametrize("room_bytes", [None, 3 * MIB])
def test_enough_room(monkeypatch: pytest.MonkeyPatch, room_bytes: int | None) -> None:
    """A value that just fits is received, and so is any where the room is unknown."""
    monkeypatch.setattr(room, "read_room_bytes", lambda: room_bytes)
    check_room(3 * MIB)


def test_too_little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A larger value is refused with what it needs, what is free, and a remedy."""
    monkeypatch.setattr(room, "read_room_bytes", lambda: 3 * MIB)
    with pytest.raises(IsolatedError, match=r"needs 4\.0 MiB, but only 3\.0 MiB is"):
        check_room(4 * MIB)
