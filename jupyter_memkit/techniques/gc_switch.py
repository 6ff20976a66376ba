"""Switches the garbage collector off and on by hand, and tells how it stands."""

from __future__ import annotations

import gc
import time
from contextlib import ExitStack
from dataclasses import dataclass

from jupyter_memkit.techniques.gc_pause import GcPause, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class GcStatus:
    """How the garbage collector stands at a moment.

    Attributes
    ----------
    enabled : bool
        Whether it runs by itself.
    paused_by : str or None
        Who paused it: ``"%gc_pause on"``, ``"memkit.gc_pause()"`` (a block, or a
        function, of any thread), or ``"gc.disable()"``; None while it runs.
    paused_s : float or None
        For how long, in seconds; None while it runs, and where ``gc.disable()``
        did it, which leaves no date.
    count : tuple of int
        ``gc.get_count()``: objects and collections since the last collection.
    threshold : tuple of int
        ``gc.get_threshold()``: where a collection begins.
    note : str
        What was done or not done, in one sentence.
    """

    enabled: bool
    paused_by: str | None
    paused_s: float | None
    count: tuple[int, int, int]
    threshold: tuple[int, int, int]
    note: str


class GcSwitch:
    """One pause that is begun and ended by hand; at most one stands at a time."""

    def __init__(self) -> None:
        self._pause: GcPause | None = None
        self._stack = ExitStack()

    def on(self) -> GcStatus:
        """Begin the pause."""
        if self._pause is not None:
            return self._read("It was paused already; nothing changed.")
        found_enabled = gc.isenabled()
        self._pause = self._stack.enter_context(GcPause())
        if found_enabled or len(standing.tokens) > 1:
            return self._read("Paused until %gc_pause off.")
        return self._read("It was off before, so %gc_pause off will leave it off.")

    def off(self, *, collect: bool = True) -> GcPause | GcStatus:
        """End the pause, and return its figures.

        Parameters
        ----------
        collect : bool
            Whether to collect once, in full.
        """
        pause, self._pause = self._pause, None
        if pause is None:
            return self._read("No %gc_pause on was standing; nothing changed.")
        pause.collect = collect
        self._stack.close()
        return pause

    def status(self) -> GcStatus:
        """Return how the collector stands."""
        enabled, tokens = gc.isenabled(), len(standing.tokens)
        if tokens and enabled:
            return self._read("Something called gc.enable() in a pause.")
        if tokens:
            return self._read("Garbage in reference cycles stays until the end.")
        if enabled:
            return self._read("No pause is standing.")
        return self._read("Call gc.enable() to let it run again.")

    def close(self) -> None:
        """End a standing pause without a collection."""
        self.off(collect=False)

    def _read(self, note: str) -> GcStatus:
        enabled = gc.isenabled()
        paused_by, paused_s = None, None
        if not enabled and standing.tokens and standing.found_enabled:
            mine = self._pause is not None
            paused_by = "%gc_pause on" if mine else "memkit.gc_pause()"
            paused_s = time.time() - standing.since_s
        elif not enabled:
            paused_by = "gc.disable()"
        return GcStatus(
            enabled=enabled,
            paused_by=paused_by,
            paused_s=paused_s,
            count=gc.get_count(),
            threshold=gc.get_threshold(),
            note=note,
        )
