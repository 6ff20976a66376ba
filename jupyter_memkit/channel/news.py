"""What the pages are told as soon as it changes, whatever the memory does."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_memkit.techniques.gc_pausing.switch import read_gc_status
from jupyter_memkit.track.activity import Activities, Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorPause:
    """Python's garbage collector, while it does not run as it was found.

    Attributes
    ----------
    enabled : bool
        Whether it runs, but with raised thresholds.
    by : str
        The code that paused it.
    since_s : float or None
        Since when, in seconds since the epoch; None where that is not known.
    """

    enabled: bool
    by: str
    since_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is told as soon as it changes.

    Attributes
    ----------
    activity : Activity or None
        How far the work under way is.
    collector_pause : CollectorPause or None
        Who has paused the garbage collector; None while it runs.
    """

    activity: Activity | None = None
    collector_pause: CollectorPause | None = None


def read_news(work: Activities) -> News:
    """Return how things stand now."""
    return News(activity=work.current, collector_pause=_read_collector_pause())


def _read_collector_pause() -> CollectorPause | None:
    status = read_gc_status()
    if status.paused_by is None:
        return None
    return CollectorPause(
        enabled=status.enabled, by=status.paused_by, since_s=status.since_s
    )
