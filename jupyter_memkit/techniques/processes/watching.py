"""Sees after a child at work: its memory, its limit, Ctrl-C, and its end."""

from __future__ import annotations

import time

from jupyter_memkit.errors import IsolatedError
from jupyter_memkit.techniques.processes.channel import INTERRUPT
from jupyter_memkit.techniques.processes.limit import tolerance_bytes
from jupyter_memkit.techniques.processes.process import ChildProcess
from jupyter_memkit.techniques.processes.signals import InterruptCount
from jupyter_memkit.units import format_bytes, format_duration

_LOOK_S = 0.05

# How long a child may take to obey Ctrl-C.
_OBEY_S = 5.0

# How long what a dead child has started may hold its pipes.
_LEFT_S = 1.0

# Where the system enforces a limit, an allocation fails before the child is ended.
_OVER_LIMIT_BYTES = 32 << 20


class Watch:
    """Looks at a child from time to time.

    Parameters
    ----------
    process : ChildProcess
        The child.
    memory_bytes : int or None
        What it and all that it starts may have.
    interrupts : InterruptCount
        How often Ctrl-C was pressed.
    """

    def __init__(
        self,
        process: ChildProcess,
        memory_bytes: int | None,
        interrupts: InterruptCount,
    ) -> None:
        self._process = process
        self._memory_bytes = memory_bytes
        self._interrupts = interrupts
        self._started_s = time.monotonic()
        self._looked_s = 0.0
        self._told_s: float | None = None
        self._died_s: float | None = None
        self._is_over_limit = False
        self._peak_bytes = 0

    def look(self) -> bool:
        """Look, if it is time; return whether the child is gone for good."""
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOK_S:
            return False
        self._looked_s = now_s
        self._look_at_memory()
        if self._interrupts.count and self._told_s is None:
            self._told_s = now_s
            self._process.channel.tell(INTERRUPT, 0)
        if self._told_s is not None and now_s - self._told_s > _OBEY_S:
            self._process.kill()
        if self._process.is_alive:
            return False
        # What it has started holds the pipes open.
        self._process.kill()
        self._died_s = self._died_s or now_s
        return now_s - self._died_s > _LEFT_S

    def describe_end(self) -> IsolatedError:
        """Return what to tell the user of a child that has ended."""
        how = self._process.describe_end()
        remedy = "nothing came back, and all here is as it was"
        if self._is_over_limit and self._memory_bytes is not None:
            how = f"took more than {format_bytes(self._memory_bytes)} and was ended"
            remedy = "allow it more memory, or give it less to do"
        elif "SIGKILL" in how:
            remedy = "the system may have been out of memory: give it less to do"
        peak = ""
        if self._peak_bytes:
            peak = f", at a peak of {format_bytes(self._peak_bytes)} or more"
        after = format_duration(time.monotonic() - self._started_s)
        return IsolatedError(f"the process {how} after {after}{peak}; {remedy}")

    def _look_at_memory(self) -> None:
        memory = self._process.read_memory()
        self._peak_bytes = max(self._peak_bytes, memory.high_water_bytes)
        if self._memory_bytes is None or self._is_over_limit:
            return
        most_bytes = self._memory_bytes + tolerance_bytes() + _OVER_LIMIT_BYTES
        if self._process.read_family_bytes() > most_bytes:
            self._is_over_limit = True
            self._process.kill()
