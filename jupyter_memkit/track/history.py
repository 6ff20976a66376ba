"""The readings of the past, bounded: fine for the last minutes, coarser for a week."""

from __future__ import annotations

import threading
from array import array
from dataclasses import dataclass

from jupyter_memkit.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Record):
    """A reading at a time.

    Attributes
    ----------
    t_s : float
        When, in seconds since the epoch.
    rss_bytes : int
        Resident memory of the process.
    peak_bytes : int
        The high-water mark where it rose since the sample before, else the reading.
    children_bytes : int
        Resident memory of the child processes together.
    """

    t_s: float
    rss_bytes: int
    peak_bytes: int
    children_bytes: int


class Level:
    """A ring of samples that keeps one for each stretch of time.

    Parameters
    ----------
    bucket_s : float
        The stretch: samples that fall into the same one are merged, the latest
        reading and the highest peak stay.
    capacity : int
        The number of stretches that are kept.
    """

    def __init__(self, bucket_s: float, capacity: int) -> None:
        self._bucket_s = bucket_s
        self._capacity = capacity
        self._t_s = array("d")
        self._rss_bytes = array("q")
        self._peak_bytes = array("q")
        self._children_bytes = array("q")
        self._oldest = 0

    def append(self, sample: Sample) -> None:
        """Add the latest sample."""
        if self._t_s:
            last = (self._oldest - 1) % len(self._t_s)
            # Threads that read at the same time may come a moment out of order.
            if sample.t_s // self._bucket_s <= self._t_s[last] // self._bucket_s:
                self._t_s[last] = max(sample.t_s, self._t_s[last])
                self._rss_bytes[last] = sample.rss_bytes
                self._peak_bytes[last] = max(sample.peak_bytes, self._peak_bytes[last])
                self._children_bytes[last] = sample.children_bytes
                return
        if len(self._t_s) < self._capacity:
            self._t_s.append(sample.t_s)
            self._rss_bytes.append(sample.rss_bytes)
            self._peak_bytes.append(sample.peak_bytes)
            self._children_bytes.append(sample.children_bytes)
        else:
            self._t_s[self._oldest] = sample.t_s
            self._rss_bytes[self._oldest] = sample.rss_bytes
            self._peak_bytes[self._oldest] = sample.peak_bytes
            self._children_bytes[self._oldest] = sample.children_bytes
            self._oldest = (self._oldest + 1) % self._capacity

    def since(self, since_s: float) -> list[Sample]:
        """Return what is later than a time, oldest first; quick for the latest few."""
        newest_first = (
            (self._oldest - 1 - back) % len(self._t_s) for back in range(len(self._t_s))
        )
        found = []
        for index in newest_first:
            if self._t_s[index] <= since_s:
                break
            found.append(
                Sample(
                    t_s=self._t_s[index],
                    rss_bytes=self._rss_bytes[index],
                    peak_bytes=self._peak_bytes[index],
                    children_bytes=self._children_bytes[index],
                )
            )
        return found[::-1]


class History:
    """What the tracker remembers, in levels from fine to coarse.

    A tenth of a second for the last minutes, ten seconds for the last hours, two
    minutes for the last week: under 400 KiB whatever the length of the session.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._levels = (Level(0.1, 3000), Level(10.0, 2160), Level(120.0, 5040))

    def append(self, sample: Sample) -> None:
        """Add the latest sample."""
        with self._lock:
            for level in self._levels:
                level.append(sample)

    def since(self, since_s: float) -> list[Sample]:
        """Return the samples later than a time, as fine as they are still known.

        Parameters
        ----------
        since_s : float
            Seconds since the epoch; 0 for everything.

        Returns
        -------
        list of Sample
            Oldest first.
        """
        with self._lock:
            found: list[Sample] = []
            for level in self._levels:
                samples = level.since(since_s)
                # A coarser level speaks only for the time before the finer one.
                finer_from_s = found[0].t_s if found else float("inf")
                found = [s for s in samples if s.t_s < finer_from_s] + found
            return found
