"""Watches a child during a call: its memory and limit, Ctrl-C, and its end.

The first Ctrl-C is passed on to the child. A second one, or five seconds without a
reaction, kills it with all processes that it started.
"""

from __future__ import annotations

import time

from jupyter_memkit.techniques.processes.channel import INTERRUPT
from jupyter_memkit.techniques.processes.limit import tolerance_bytes
from jupyter_memkit.techniques.processes.process import ChildProcess, ProcessEndedError
from jupyter_memkit.units import format_bytes, format_duration

_CHECK_S = 0.05

# How long a child may take to obey Ctrl-C, in seconds.
_OBEY_S = 5.0

# How long descendants of a dead child may hold its pipes, in seconds.
_LEFT_S = 1.0

# Where the system enforces a limit, an allocation fails before the child is ended.
_OVER_LIMIT_BYTES = 32 << 20


class Watch:
    """Checks a child at intervals.

    Parameters
    ----------
    process : ChildProcess
        The child.
    memory_bytes : int or None
        The most memory that it and its descendants may use.

    Attributes
    ----------
    n_interrupts : int
        How often Ctrl-C was pressed during the call.
    is_over : bool
        Set by the caller when the call is over.
    """

    def __init__(
        self,
        process: ChildProcess,
        memory_bytes: int | None,
    ) -> None:
        self._process = process
        self._memory_bytes = memory_bytes
        self.n_interrupts = 0
        self.is_over = False
        self._started_s = time.monotonic()
        self._checked_s = 0.0
        self._interrupted_s: float | None = None
        self._died_s: float | None = None
        self._is_over_limit = False
        self._peak_bytes = 0

    def interrupt(self) -> bool:
        """Pass Ctrl-C on to the child, and kill it at the second one.

        Returns
        -------
        bool
            False once the call is over, because the child would ignore it.
        """
        if self.is_over:
            return False
        self.n_interrupts += 1
        if self.n_interrupts > 1:
            self._process.kill()
        return True

    def check(self) -> bool:
        """Check the child if a check is due; return whether it has ended for good."""
        now_s = time.monotonic()
        if now_s - self._checked_s < _CHECK_S:
            return False
        self._checked_s = now_s
        self._check_memory()
        if self.n_interrupts and self._interrupted_s is None:
            self._interrupted_s = now_s
            self._process.channel.notify(INTERRUPT, self._process.n_calls)
        if self._interrupted_s is not None and now_s - self._interrupted_s > _OBEY_S:
            self._process.kill()
        if self._process.is_alive:
            return False
        # Processes that it started may hold the pipes open.
        self._process.kill()
        self._died_s = self._died_s or now_s
        return now_s - self._died_s > _LEFT_S

    def describe_end(self) -> ProcessEndedError:
        """Return the error for a child that has ended during the call."""
        how = ended = self._process.describe_end()
        remedy = "nothing was returned, and nothing was changed here"
        if self._is_over_limit and self._memory_bytes is not None:
            how = f"used more than {format_bytes(self._memory_bytes)} and was ended"
            remedy = "raise its memory limit, or give it less to do"
        elif "SIGKILL" in how:
            remedy = "the system may have run out of memory: give it less to do"
        peak = ""
        if self._peak_bytes:
            peak = f", at a peak of {format_bytes(self._peak_bytes)} or more"
        after = format_duration(time.monotonic() - self._started_s)
        message = f"the process {how} after {after}{peak}; {remedy}"
        return ProcessEndedError(message, ended)

    def _check_memory(self) -> None:
        memory = self._process.read_memory()
        self._peak_bytes = max(self._peak_bytes, memory.high_water_bytes)
        if self._memory_bytes is None or self._is_over_limit:
            return
        most_bytes = self._memory_bytes + tolerance_bytes() + _OVER_LIMIT_BYTES
        if self._process.read_family_bytes() > most_bytes:
            self._is_over_limit = True
            self._process.kill()
