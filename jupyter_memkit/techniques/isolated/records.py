"""What is told of work in another process."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_memkit.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What a call has left in its process, besides variables.

    Attributes
    ----------
    state : tuple of str
        The state that it has changed.
    untaken : tuple of str
        The state that the process could not take from here, and why.
    running : tuple of str
        The threads and processes that go on, and exit handlers.
    unlogged : tuple of str
        The handlers here that what was logged did not reach.
    """

    state: tuple[str, ...] = ()
    untaken: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    unlogged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolatedResult(Record):
    """The account of work in a process of its own.

    Attributes
    ----------
    duration_s : float
        How long it took, in seconds: the start of the process, the work, and the way
        of the data there and back.
    work_s : float
        How long the work alone took.
    peak_bytes : int
        The highest resident memory of the process while it worked, all that it has.
    exact : bool
        Whether that is the system's high-water mark, or from samples.
    sent_bytes, received_bytes : int
        The data that went there and came back.
    inputs : tuple of str
        The variables that were sent.
    outputs : tuple of str
        The variables that were brought back.
    kept : tuple of str
        The variables that the work set and that were not brought back.
    imported : tuple of str
        What it has imported, which is not here.
    changed : tuple of str
        The variables that were sent, changed there, and were not brought back. Beyond
        64 MiB in all it is not looked.
    deleted : tuple of str
        The variables that were sent and deleted there.
    unbound : tuple of str
        What functions that were brought back read, and was not.
    apart : tuple of (str, tuple of str)
        The variables that were brought back as copies, and those here that they would
        share objects or memory with if the cell had run here.
    state : tuple of str
        The state of its process that the work has changed, there alone.
    absent : tuple of str
        The state here that it did not find there.
    running : tuple of str
        What it has started and has not ended: threads, processes, tasks, exit handlers.
    unlogged : tuple of str
        The handlers of `logging` here that what it logged did not reach.
    name : str or None
        The name of the process that goes on; None for one that has ended.
    """

    duration_s: float
    work_s: float
    peak_bytes: int
    exact: bool
    sent_bytes: int
    received_bytes: int
    inputs: tuple[str, ...] = ()
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
    """A process that goes on.

    Attributes
    ----------
    name : str
        What the user calls it.
    pid : int
        Its id.
    rss_bytes : int
        Its resident memory now; 0 when it has ended.
    peak_bytes : int
        The highest in its cells.
    started_s : float
        When it was started, in seconds since the epoch.
    cells : int
        How many cells have run in it.
    variables : tuple of str
        What is in it.
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
    """The processes that go on, the oldest first."""

    processes: tuple[IsolatedProcess, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolatedClosed(Record):
    """A process that was ended, and the memory that it had then."""

    name: str
    freed_bytes: int
