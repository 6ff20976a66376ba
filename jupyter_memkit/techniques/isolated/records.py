"""Records of work in another process."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_memkit.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What a call left behind in its process.

    Attributes
    ----------
    state : tuple of str
        The state that it changed.
    untaken : tuple of str
        The state that the process could not take over from here, and why.
    running : tuple of str
        Threads and processes that are still running, and exit handlers.
    unlogged : tuple of str
        The logging handlers here that its records did not reach.
    variables : tuple of str
        The variables that a cell set.
    """

    state: tuple[str, ...] = ()
    untaken: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    unlogged: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolatedResult(Record):
    """The result of work in a separate process.

    Attributes
    ----------
    duration_s : float
        How long it took, in seconds, including the start of the process and the
        transfer of the data in both directions.
    work_s : float
        How long the work itself took, in seconds.
    peak_bytes : int
        The highest resident memory of the whole process during the work.
    exact : bool
        Whether that is the system's high-water mark, rather than from samples.
    sent_bytes, received_bytes : int
        The size of the data that were sent and returned.
    inputs : tuple of str
        The variables that were sent.
    divided : tuple of (str, tuple of str)
        The variables that were sent, and those that a named process had from earlier
        cells, with which they share objects or memory here, but not there.
    outputs : tuple of str
        The variables that were returned.
    kept : tuple of str
        The variables that the work set and that were not returned.
    imported : tuple of str
        Modules that it imported and that are not imported here.
    changed : tuple of str
        The variables that were sent, changed there, and not returned. Variables beyond
        64 MiB in total are not checked.
    deleted : tuple of str
        The variables that were sent and deleted there.
    unbound : tuple of str
        Variables that returned functions read, and that were not returned.
    apart : tuple of (str, tuple of str)
        The variables that were returned as copies, and those here with which they would
        share objects or memory if the cell had run here.
    state : tuple of str
        The state that the work changed, which only affects its process.
    absent : tuple of str
        The state here that was not available there.
    running : tuple of str
        Threads, processes, tasks and exit handlers that it started and did not end.
    unlogged : tuple of str
        The logging handlers here that its records did not reach.
    name : str or None
        The name of the process, if it keeps running; None if it has ended.
    """

    duration_s: float
    work_s: float
    peak_bytes: int
    exact: bool
    sent_bytes: int
    received_bytes: int
    inputs: tuple[str, ...] = ()
    divided: tuple[tuple[str, tuple[str, ...]], ...] = ()
    outputs: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    imported: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    unbound: tuple[str, ...] = ()
    apart: tuple[tuple[str, tuple[str, ...]], ...] = ()
    state: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    unlogged: tuple[str, ...] = ()
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolatedProcess(Record):
    """A process that keeps running.

    Attributes
    ----------
    name : str
        Its name, chosen by the user.
    pid : int
        Its id.
    rss_bytes : int
        Its resident memory now; 0 if it has ended.
    peak_bytes : int
        The highest peak of its cells.
    started_s : float
        When it was started, in seconds since the epoch.
    cells : int
        How many cells have run in it.
    variables : tuple of str
        Its variables.
    """

    name: str
    pid: int
    rss_bytes: int
    peak_bytes: int
    started_s: float
    cells: int
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolatedProcesses(Record):
    """The processes that keep running, the oldest first."""

    processes: tuple[IsolatedProcess, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolatedClosed(Record):
    """A process that was ended, and the memory that this freed."""

    name: str
    freed_bytes: int
