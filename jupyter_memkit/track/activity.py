"""Running work that reports its progress, for display."""

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
    """The progress of a task.

    Attributes
    ----------
    label : str
        A description of the task, such as the file.
    unit : str
        The noun for what is counted, in the plural.
    reported_s : float
        The time of this report, in seconds since the epoch.
    done : int
        The number of units done, including those of an earlier run that this one
        resumes.
    total : int or None
        Their exact or estimated total; None if unknown.
    per_s : float or None
        The rate per second; None until it is known.
    chunks : int
        The number of chunks done.
    chunk_peak_bytes : int or None
        How much the process grew in the last chunk.
    budget_bytes : int or None
        How much it may grow.
    """

    label: str
    unit: str
    reported_s: float
    done: int = 0
    total: int | None = None
    per_s: float | None = None
    chunks: int = 0
    chunk_peak_bytes: int | None = None
    budget_bytes: int | None = None


class Reporter(Protocol):
    """Takes progress reports of a task, with the meanings of `Activity`."""

    def __call__(
        self,
        done: int,
        total: int | None = None,
        *,
        chunks: int,
        chunk_peak_bytes: int | None = None,
        budget_bytes: int | None = None,
    ) -> None:
        """Report the progress."""


class Activities:
    """The running tasks, of which the one that started last is shown.

    Tasks can be opened, updated and read from any thread, because each update replaces
    the whole record.

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
        """The running task that started last."""
        # A slice, because the last task may end at any moment.
        latest = self._open[-1:]
        return latest[0].activity if latest else None

    @contextmanager
    def open(self, label: str, unit: str) -> Iterator[Reporter]:
        """Start a task, which ends with the block.

        Parameters
        ----------
        label : str
            A description of the task, such as the file.
        unit : str
            The noun for what is counted, in the plural.

        Yields
        ------
        callable
            Takes progress reports.
        """
        work = _Work(label, unit, self._clock)
        try:
            self._open.append(work)
            yield work.update
        finally:
            # Ctrl-C can arrive at any moment, even before the task was added.
            if work in self._open:
                self._open.remove(work)


class _Work:
    def __init__(self, label: str, unit: str, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.activity = Activity(label=label, unit=unit, reported_s=clock())
        self._first: Activity | None = None

    def update(
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
            reported_s=self._clock(),
            done=done,
            total=total,
            chunks=chunks,
            chunk_peak_bytes=chunk_peak_bytes,
            budget_bytes=budget_bytes,
        )
        # The rate counts from the first report, because units of an earlier run were
        # not done in this time. A run that starts over is timed from its new start.
        if self._first is None or done < self.activity.done:
            self._first = activity
        self.activity = dataclasses.replace(
            activity, per_s=_speed(self._first, activity)
        )


def _speed(first: Activity, latest: Activity) -> float | None:
    duration_s = latest.reported_s - first.reported_s
    done = latest.done - first.done
    return done / duration_s if done > 0 and duration_s > 0 else None


_activities = Activities()


def activities() -> Activities:
    """Return the running tasks of this process.

    Returns
    -------
    Activities
        The object of the process, which the sidebar shows.

    Examples
    --------
    >>> with activities().open("orders.csv", "rows") as update:
    ...     update(500, 2000, chunks=1)
    ...     activities().current.done
    500
    """
    return _activities
