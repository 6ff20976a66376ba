"""State that is sent to the pages as soon as it changes, even if memory does not."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_memkit.techniques.gc_pausing.switch import read_gc_status
from jupyter_memkit.techniques.guard.armed import process_guard
from jupyter_memkit.techniques.guard.mark import Mark
from jupyter_memkit.track.activity import Activities, Activity
from jupyter_memkit.track.largest import LargestVariables, LargeVariable


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorPause:
    """A change to Python's garbage collector, while it lasts.

    Attributes
    ----------
    enabled : bool
        Whether it runs with raised thresholds.
    by : str
        The code that paused it.
    since_s : float or None
        The time of the change, in seconds since the epoch; None if unknown.
    """

    enabled: bool
    by: str
    since_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """State that is sent as soon as it changes.

    Attributes
    ----------
    activity : Activity or None
        The progress of the running work.
    collector_pause : CollectorPause or None
        What paused the garbage collector; None while it runs normally.
    guard : Mark or None
        The lowest mark of the guard; None while it is not armed.
    largest : tuple of LargeVariable
        The largest variables when the last cell ended.
    """

    activity: Activity | None = None
    collector_pause: CollectorPause | None = None
    guard: Mark | None = None
    largest: tuple[LargeVariable, ...] = ()


def read_news(work: Activities, largest: LargestVariables | None = None) -> News:
    """Return the current state."""
    return News(
        largest=() if largest is None else largest.latest,
        activity=work.current,
        collector_pause=_read_collector_pause(),
        guard=process_guard().lowest_mark,
    )


def _read_collector_pause() -> CollectorPause | None:
    status = read_gc_status()
    if status.paused_by is None:
        return None
    return CollectorPause(
        enabled=status.enabled, by=status.paused_by, since_s=status.since_s
    )
