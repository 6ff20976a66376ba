"""A bounded history of readings: fine for the last minutes, coarser for a week."""

from __future__ import annotations

import threading
from array import array
from dataclasses import dataclass

from jupyter_memkit.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Record):
    """A reading with its time.

    Attributes
    ----------
    t_s : float
        The time, in seconds since the epoch.
    rss_bytes : int
        Resident memory of the process.
    peak_bytes : int
        The high-water mark if it rose since the previous sample, otherwise the reading.
    children_bytes : int
        Total resident memory of the child processes.
    """

    t_s: float
    rss_bytes: int
    peak_bytes: int
    children_bytes: int


class Level:
    """A ring buffer of samples, with one per time bucket.

    Parameters
    ----------
    bucket_s : float
        The length of a bucket, in seconds. Samples in the same bucket are merged,
        keeping the latest reading and the highest peak.
    capacity : int
        The number of buckets that are kept.
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
            # Samples of concurrent threads may arrive slightly out of order.
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
        """Return the samples after a time, oldest first; fast for the latest few."""
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
    """The history of a tracker, in levels from fine to coarse.

    The resolution is a tenth of a second for the last minutes, ten seconds for the last
    hours, and two minutes for the last week: under 400 KiB however long the session.
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
        """Return the samples after a time, in the finest resolution available.

        Parameters
        ----------
        since_s : float
            Seconds since the epoch; 0 for everything.

        Returns
        -------
        list of Sample
            The samples, oldest first.
        """
        with self._lock:
            found: list[Sample] = []
            for level in self._levels:
                samples = level.since(since_s)
                # A coarser level covers only the time before the finer one.
                finer_from_s = found[0].t_s if found else float("inf")
                found = [s for s in samples if s.t_s < finer_from_s] + found
            return found
