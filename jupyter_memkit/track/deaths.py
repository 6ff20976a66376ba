"""What is known of a kernel that died, from the state that it left on disk."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_memkit.measure.oom import is_in_log, read_oom_kills
from jupyter_memkit.records import Record
from jupyter_memkit.track.last_state import Place, find_place, read_identity
from jupyter_memkit.units import format_bytes

# States of other notebooks are kept for their next kernels, but not for ever.
_KEPT_S = 30 * 86_400

END_SUFFIX = ".end"
"""Of the file beside a state in which the guard's watcher writes how it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Death(Record):
    """The last state of a kernel that ended without a clean shutdown.

    Attributes
    ----------
    cause : str
        What is known of its end, in one phrase.
    for_memory : bool or None
        Whether the system killed it for memory; None if that is unknown.
    seen_s : float
        When the state was last written, in seconds since the epoch.
    rss_bytes, children_bytes : int
        The memory of the kernel and its children at that time.
    limit_bytes : int or None
        The smallest limit.
    limit_name : str or None
        The source of the limit.
    growth_bytes_per_s : float
        How fast the memory grew in the last two seconds.
    execution_count : int or None
        The number of the cell that was running.
    cell_id : str or None
        The notebook's id of that cell.
    first_line : str or None
        Its first line.
    started_s : float or None
        When it started, in seconds since the epoch.
    variables : tuple of (str, int)
        The largest variables when the last cell before it ended, and their bytes.
    """

    cause: str
    for_memory: bool | None
    seen_s: float
    rss_bytes: int
    children_bytes: int
    limit_bytes: int | None
    limit_name: str | None
    growth_bytes_per_s: float
    execution_count: int | None
    cell_id: str | None
    first_line: str | None
    started_s: float | None
    variables: tuple[tuple[str, int], ...]


def last_death() -> Death | None:
    """Return what is known of the last kernel of this notebook that died.

    Returns
    -------
    Death or None
        None if none died, or this process is not a kernel.

    Examples
    --------
    >>> last_death() is None
    True
    """
    place = find_place()
    return None if place is None else find_death(place)


def find_death(place: Place) -> Death | None:
    """Return the last death of the kernels that left their states at a place."""
    dead = [
        (state, path)
        for state, path in _read_states(place.folder)
        if _is_of(state, place)
        and read_identity(state["pid"])["started_ticks"] != state["started_ticks"]
    ]
    if not dead:
        return None
    state, path = max(dead, key=lambda each: each[0]["t_s"])
    return _make_death(state, path)


def remove_old_states(folder: Path) -> None:
    """Remove states that nobody has asked about for a month."""
    for path in _list(folder):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _KEPT_S:
                path.unlink()
                path.with_suffix(END_SUFFIX).unlink(missing_ok=True)


def _list(folder: Path) -> list[Path]:
    try:
        return list(folder.glob("*.json"))
    except OSError:
        return []


def _read_states(folder: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    for path in _list(folder):
        try:
            text = path.read_bytes().partition(b"\n")[0]
            state = json.loads(text)
        except (OSError, ValueError):
            # It is being written, or its kernel died while it wrote.
            continue
        yield state, path


def _is_of(state: dict[str, Any], place: Place) -> bool:
    return state["kernel_id"] == place.kernel_id or (
        place.session != "" and state["session"] == place.session
    )


def _make_death(state: dict[str, Any], path: Path) -> Death:
    end: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError):
        end = json.loads(path.with_suffix(END_SUFFIX).read_text())
    state = state | end
    for_memory, cause = _find_cause(state)
    at = format_bytes(state["rss_bytes"] + state["children_bytes"])
    if state["limit_bytes"] is not None:
        at += f" of {format_bytes(state['limit_bytes'])} ({state['limit_name']})"
    return Death(
        cause=f"{cause} at {at}",
        for_memory=for_memory,
        seen_s=state["t_s"],
        variables=tuple((name, n_bytes) for name, n_bytes in state["variables"]),
        **{
            name: state[name]
            for name in (
                *("rss_bytes", "children_bytes", "limit_bytes", "limit_name"),
                *("growth_bytes_per_s", "execution_count", "cell_id", "first_line"),
                "started_s",
            )
        },
    )


def _find_cause(state: dict[str, Any]) -> tuple[bool | None, str]:
    status = state.get("exit_status")
    kills = state.get("oom_kills_after", read_oom_kills())
    has_kills = None not in (kills, state["oom_kills"]) and kills > state["oom_kills"]
    is_killed = status is not None and status & 0x7F == getattr(signal, "SIGKILL", 9)
    if is_in_log(state["pid"]) or (is_killed and has_kills):
        return True, "killed by the system for memory"
    if status is None:
        since = ", and the system has killed a process of its container since"
        return None, "ended without a clean shutdown" + (since if has_kills else "")
    if status & 0x7F:
        return None, f"ended by signal {status & 0x7F}"
    return False, f"ended by itself with status {os.waitstatus_to_exitcode(status)}"
