"""Switches the garbage collector off and on by hand, and reports its state."""

from __future__ import annotations

import gc
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace

from jupyter_memkit.records import Record
from jupyter_memkit.techniques.gc_pausing.options import PauseOptions
from jupyter_memkit.techniques.gc_pausing.pause import GcPause
from jupyter_memkit.techniques.gc_pausing.state import Claim, collector_state
from jupyter_memkit.units import format_count

SWITCH = "%gc_pause on"
"""The name of the pause that the user begins by hand."""
DISABLE = "gc.disable()"
"""The name of a pause that does not come from this package."""

# Often enough to notice, rarely enough not to disturb.
_CELLS_BETWEEN_REMINDERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class GcStatus(Record):
    """The state of the garbage collector at one moment.

    Attributes
    ----------
    enabled : bool
        Whether automatic collection is enabled.
    paused_by : str or None
        What paused it or raised its thresholds: ``"%gc_pause on"``, ``"%%gc_pause"``,
        ``"memkit.gc_pause()"`` (a block or a function, in any thread), or
        ``"gc.disable()"``; None while it runs with its original settings.
    since_s : float or None
        The start of the pause, in seconds since the epoch; None while the collector
        runs, and after ``gc.disable()``, whose time is unknown.
    cells : int or None
        How many cells have begun since ``%gc_pause on``; None for other pauses.
    count : tuple of int
        ``gc.get_count()``: objects and collections since the last collection.
    threshold : tuple of int
        ``gc.get_threshold()``: the counts at which a collection starts.
    note : str
        What changed or did not change, in one sentence.
    """

    enabled: bool
    paused_by: str | None
    since_s: float | None
    cells: int | None
    count: tuple[int, int, int]
    threshold: tuple[int, int, int]
    note: str

    @property
    def cure(self) -> str | None:
        """The line that resumes it; None if that happens by itself."""
        cures = {SWITCH: "%gc_pause off", DISABLE: "gc.enable()"}
        return cures.get(self.paused_by or "")

    @property
    def paused_s(self) -> float | None:
        """How long it has been paused, in seconds."""
        return None if self.since_s is None else max(0.0, time.time() - self.since_s)


class GcSwitch:
    """The one pause that the user begins and ends by hand."""

    def __init__(self) -> None:
        self._pause: GcPause | None = None
        self._stack = ExitStack()

    def on(self, options: PauseOptions | None = None) -> GcStatus:
        """Begin the pause."""
        if self._pause is not None:
            return _read("%gc_pause on was already active; nothing changed.")
        found_enabled = gc.isenabled()
        is_first = not collector_state.claims
        self._pause = self._stack.enter_context(GcPause(options, by=SWITCH))
        if is_first and not found_enabled:
            return _read("It was off before, so %gc_pause off will leave it off.")
        if gc.isenabled():
            if collector_state.is_raised:
                return _read("Its thresholds are raised until %gc_pause off.")
            return read_gc_status()
        return _read("Paused until %gc_pause off.")

    def off(self, *, collect: bool = True) -> GcPause | GcStatus:
        """End the pause, and return its figures.

        Parameters
        ----------
        collect : bool
            Whether to run one full collection, unless the pause excludes it.
        """
        pause, self._pause = self._pause, None
        if pause is None:
            return _read("No %gc_pause on was active; nothing changed.")
        if not collect:
            pause.options = replace(pause.options, collect=False)
        self._stack.close()
        return pause

    def remind(self) -> str | None:
        """Count a cell that begins, and occasionally return a reminder of the pause."""
        if self._pause is None:
            return None
        cells = self._pause.count_cell()
        if cells % _CELLS_BETWEEN_REMINDERS or read_gc_status().paused_by != SWITCH:
            return None
        what = "The garbage collector has been paused"
        if gc.isenabled():
            what = "The thresholds of the garbage collector have been raised"
        return f"{what} for {format_count(cells, 'cell')}; %gc_pause off resumes it."

    def close(self) -> None:
        """End the pause, if there is one, without a collection."""
        self.off(collect=False)


def read_gc_status() -> GcStatus:
    """Return the state of the collector.

    Examples
    --------
    >>> read_gc_status().paused_by is None
    True
    """
    enabled = gc.isenabled()
    if collector_state.claims:
        return _read(_describe_pause(enabled=enabled))
    if enabled:
        return _read("No pause is active.")
    return _read("Call gc.enable() to resume it.")


def _describe_pause(*, enabled: bool) -> str:
    """Return what the active pauses do, in one sentence."""
    if collector_state.is_resumed:
        return "A pause exceeded its memory limit, so the collector was resumed."
    if not enabled:
        return "Garbage in reference cycles stays until the end of the pause."
    if not _are_all_raised(collector_state.claims):
        return "Some code called gc.enable() during a pause."
    if collector_state.is_raised:
        return "It collects less often until the end of the pause."
    if gc.get_threshold() != collector_state.found_thresholds:
        return "Some code called gc.set_threshold() during a pause."
    return "It collects as often as without the pause, because no threshold is higher."


def _read(note: str) -> GcStatus:
    enabled = gc.isenabled()
    # A pause begun by hand is the one that the user has to end.
    claims = sorted(collector_state.claims, key=lambda claim: claim.by != SWITCH)
    claim = claims[0] if claims and collector_state.found_enabled else None
    if enabled and not collector_state.is_raised:
        claim = None
    return GcStatus(
        enabled=enabled,
        paused_by=claim.by if claim else None if enabled else DISABLE,
        since_s=claim.since_s if claim else None,
        cells=claim.cells if claim and claim.by == SWITCH else None,
        count=gc.get_count(),
        threshold=gc.get_threshold(),
        note=note,
    )


def _are_all_raised(claims: tuple[Claim, ...]) -> bool:
    return all(claim.options.thresholds is not None for claim in claims)
