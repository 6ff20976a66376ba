"""What is known of a kernel that died, from the state that it left on disk."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from jupyter_memkit.measure.oom import is_in_log, read_oom_kills
from jupyter_memkit.records import build_record
from jupyter_memkit.track.last_state import (
    DISMISSED_SUFFIX,
    END_SUFFIX,
    LastFigures,
    Place,
    State,
    find_place,
    read_identity,
    remove_state,
)
from jupyter_memkit.track.state_folder import is_trusted
from jupyter_memkit.units import format_bytes

# States of other notebooks are kept for their next kernels, but not forever.
_KEPT_S = 30 * 86_400

_SIGKILL = getattr(signal, "SIGKILL", 9)

Kind = Literal["memory", "signal", "exit", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Death(LastFigures):
    """The last figures of a kernel that ended without a clean shutdown, and its end.

    Attributes
    ----------
    id : str
        What identifies it.
    kind : {"memory", "signal", "exit", "unknown"}
        Whether the system killed it for memory, another signal ended it, or it ended
        by itself.
    signal : int or None
        The signal that ended it.
    exit_status : int or None
        The status with which it ended by itself.
    cause : str
        What is known of its end, in one phrase.
    for_memory : bool or None
        Whether the system killed it for memory; None if that is unknown.
    seen_s : float
        When the state was last written, in seconds since the epoch.
    """

    id: str
    kind: Kind
    signal: int | None
    exit_status: int | None
    cause: str
    for_memory: bool | None
    seen_s: float


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


def find_death(place: Place, *, dismissed: bool = True) -> Death | None:
    """Return the last death of the kernels that left their states at a place.

    Parameters
    ----------
    place : Place
        The folder, and the notebook or kernel.
    dismissed : bool
        Whether to return it if the user has dismissed it.
    """
    state, path = max(
        _find_dead(place), key=lambda each: each[0].t_s, default=(None, None)
    )
    if state is None or path is None:
        return None
    if not dismissed and path.with_suffix(DISMISSED_SUFFIX).exists():
        return None
    return _make_death(state, path)


def dismiss_death(place: Place, death_id: str) -> bool:
    """Remember that the user has dismissed a death.

    Parameters
    ----------
    place : Place
        The folder, and the notebook or kernel.
    death_id : str
        The id of the death, compared with those of the deaths at the place.

    Returns
    -------
    bool
        Whether there is such a death.
    """
    for _, path in _find_dead(place):
        if path.stem == death_id:
            path.with_suffix(DISMISSED_SUFFIX).touch(mode=0o600)
            return True
    return False


def leave_end(path: Path, exit_code: int) -> None:
    """Write how a process ended next to its state, unless it ended cleanly.

    Parameters
    ----------
    path : Path
        The state, which a clean end has removed.
    exit_code : int
        The status of the process; negative for a signal.
    """
    state = _read_state(path)
    if state is None or state.is_in_log is not None:
        return
    _leave(
        path,
        exit_status=-exit_code if exit_code < 0 else exit_code << 8,
        oom_kills_after=read_oom_kills(state.oom_counter),
        is_in_log=is_in_log(state.pid),
    )


def leave_name(place: Place) -> None:
    """Write the present name of a kernel's notebook next to the states of its deaths.

    The kernel knows only the name when it started. The next notebook of that name is
    another one.

    Parameters
    ----------
    place : Place
        The folder, the kernel, and its notebook as the server names it now.
    """
    for state, path in _find_dead(place):
        if state.kernel_id == place.kernel_id and state.session != place.session:
            _leave(path, session=place.session)


def remove_old_states(folder: Path) -> None:
    """Remove states that were not written to for a month."""
    for path in _list(folder):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _KEPT_S:
                remove_state(path)


def _leave(path: Path, **values: Any) -> None:
    """Write values next to a state, beside those that others have written there."""
    end_path = path.with_suffix(END_SUFFIX)
    with contextlib.suppress(OSError):
        end_path.touch(mode=0o600)
        end_path.write_text(json.dumps(_read_json(end_path) | values))


def _find_dead(place: Place) -> Iterator[tuple[State, Path]]:
    """Yield the states of processes that have not removed them."""
    for path in _list(place.folder):
        state = _read_state(path)
        if state is not None and _is_of(state, place) and not _is_running(state):
            yield state, path


def _is_running(state: State) -> bool:
    identity = read_identity(state.pid)
    return bool(identity["started_ticks"] == state.started_ticks)


def _list(folder: Path) -> list[Path]:
    if not is_trusted(folder):
        return []
    try:
        return list(folder.glob("*.json"))
    except OSError:
        return []


def _read_state(path: Path) -> State | None:
    """Read a state, and what was written beside it; None if that is not possible."""
    stored = _read_json(path) | _read_json(path.with_suffix(END_SUFFIX))
    try:
        return build_record(State, stored)
    except TypeError:
        # It is missing, or of a version that wrote something else.
        return None


def _read_json(path: Path) -> dict[str, Any]:
    """Read a state or an end; empty if it is missing or half written."""
    try:
        value = json.loads(path.read_bytes().partition(b"\n")[0])
    except (OSError, ValueError):
        return {}
    return value if type(value) is dict else {}


def _is_of(state: State, place: Place) -> bool:
    return state.kernel_id == place.kernel_id or (
        place.session != "" and state.session == place.session
    )


def _make_death(state: State, path: Path) -> Death:
    kind, cause = _find_cause(state)
    at = format_bytes(state.rss_bytes + state.children_bytes)
    if state.limit_bytes is not None:
        at += f" of {format_bytes(state.limit_bytes)} ({state.limit_name})"
    status = state.exit_status
    exit_code = None if status is None else os.waitstatus_to_exitcode(status)
    return Death(
        id=path.stem,
        kind=kind,
        signal=-exit_code if exit_code is not None and exit_code < 0 else None,
        exit_status=exit_code if exit_code is not None and exit_code >= 0 else None,
        cause=f"{cause} at {at}",
        for_memory={"memory": True, "exit": False}.get(kind),
        seen_s=state.t_s,
        **{each.name: getattr(state, each.name) for each in fields(LastFigures)},
    )


def _find_cause(state: State) -> tuple[Kind, str]:
    """Return what is proven of an end, and the phrase for it."""
    status = state.exit_status
    kills, is_named = state.oom_kills_after, state.is_in_log
    if is_named is None:
        # Its end was not recorded.
        kills, is_named = read_oom_kills(state.oom_counter), is_in_log(state.pid)
    before = state.oom_kills
    has_kills = kills is not None and before is not None and kills > before
    is_killed = status is not None and _signal_of(status) == _SIGKILL
    if is_named or (is_killed and has_kills):
        return "memory", "killed by the system because memory ran out"
    if status is None:
        since = ", and the system has killed a process of its container since"
        return "unknown", "ended without a clean shutdown" + (
            since if has_kills else ""
        )
    if _signal_of(status):
        return "signal", f"ended by signal {_signal_of(status)}"
    return "exit", f"ended by itself with status {os.waitstatus_to_exitcode(status)}"


def _signal_of(status: int) -> int:
    """Return the signal in a wait status; 0 if the process ended by itself."""
    return status & 0x7F
