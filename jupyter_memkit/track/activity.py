"""The work under way that counts what it has done, so that somebody can watch it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from jupyter_memkit.records import Record
from jupyter_memkit.track.clock import ForwardClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity(Record):
    """How far a piece of work is.

    Attributes
    ----------
    label : str
        What is worked on.
    unit : str
        What is counted, in the plural.
    told_s : float
        When this was told, in seconds since the epoch.
    done : int
        How many units are done, those of an earlier run that this one resumes
        included.
    total : int or None
        How many there are, or look to be; None where nothing tells.
    per_s : float or None
        How many are done in a second; None until that can be told.
    chunks : int
        In how many chunks they were done.
    chunk_peak_bytes : int or None
        By how much the process grew in the last chunk.
    budget_bytes : int or None
        By how much it may grow.
    """

    label: str
    unit: str
    told_s: float
    done: int = 0
    total: int | None = None
    per_s: float | None = None
    chunks: int = 0
    chunk_peak_bytes: int | None = None
    budget_bytes: int | None = None


class Teller(Protocol):
    """Takes the news of a piece of work; see `Activity` for what they mean."""

    def __call__(
        self,
        done: int,
        total: int | None = None,
        *,
        chunks: int,
        chunk_peak_bytes: int | None = None,
        budget_bytes: int | None = None,
    ) -> None:
        """Tell how far the work is."""


class Activities:
    """The pieces of work under way, of which the one begun last is shown.

    They can be opened, told and read from any thread: each is replaced as a whole.

    Parameters
    ----------
    clock : callable, optional
        The time in seconds since the epoch, never running backwards.
    """

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or ForwardClock()
        self._open: list[_Work] = []

    @property
    def current(self) -> Activity | None:
        """The work that was begun last and has not ended."""
        # A slice, because the last one may end at any moment.
        latest = self._open[-1:]
        return latest[0].activity if latest else None

    @contextmanager
    def open(self, label: str, unit: str) -> Iterator[Teller]:
        """Begin a piece of work, which ends with the block.

        Parameters
        ----------
        label : str
            What is worked on.
        unit : str
            What is counted, in the plural.

        Yields
        ------
        callable
            Takes how far it is, as often as anything is done.
        """
        work = _Work(label, unit, self._clock)
        try:
            self._open.append(work)
            yield work.tell
        finally:
            # Ctrl-C comes at any moment, also before it was there.
            if work in self._open:
                self._open.remove(work)


class _Work:
    def __init__(self, label: str, unit: str, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.activity = Activity(label=label, unit=unit, told_s=clock())
        self._first: Activity | None = None

    def tell(
        self,
        done: int,
        total: int | None = None,
        *,
        chunks: int,
        chunk_peak_bytes: int | None = None,
        budget_bytes: int | None = None,
    ) -> None:
        activity = dataclasses.replace(
            self.activity,
            told_s=self._clock(),
            done=done,
            total=total,
            chunks=chunks,
            chunk_peak_bytes=chunk_peak_bytes,
            budget_bytes=budget_bytes,
        )
        # Counted from the first news on: what a run that is resumed had done before
        # was not done in this time. A run that begins anew is timed anew.
        if self._first is None or done < self.activity.done:
            self._first = activity
        self.activity = dataclasses.replace(
            activity, per_s=_speed(self._first, activity)
        )


def _speed(first: Activity, latest: Activity) -> float | None:
    duration_s = latest.told_s - first.told_s
    done = latest.done - first.done
    return done / duration_s if done > 0 and duration_s > 0 else None


_activities = Activities()


def activities() -> Activities:
    """Return the work under way in this process.

    Returns
    -------
    Activities
        One for the process, which the sidebar shows.

    Examples
    --------
    >>> with activities().open("orders.csv", "rows") as tell:
    ...     tell(500, 2000, chunks=1)
    ...     activities().current.done
    500
    """
    return _activities
