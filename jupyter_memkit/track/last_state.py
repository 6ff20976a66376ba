"""Leaves the state of a kernel on disk, in case it dies.

The state is written into a mapped file, so a write costs some microseconds and reaches
the file even if the process is killed at the next instruction. It is written when a
cell starts, because the first call of a cell can be the last one of the kernel, and
with each reading while it runs. At a clean end the file is removed.
"""

from __future__ import annotations

import contextlib
import errno
import json
import mmap
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_memkit.measure.gauge import Gauge
from jupyter_memkit.measure.oom import find_oom_counter, read_oom_kills
from jupyter_memkit.measure.proc_files import read_stat_columns
from jupyter_memkit.measure.process import is_running
from jupyter_memkit.records import Record
from jupyter_memkit.track.largest import LargestVariables, LargeVariable
from jupyter_memkit.track.state_folder import find_state_folder, is_trusted

if TYPE_CHECKING:  # the server reads states, and tracks nothing
    from jupyter_memkit.track.tracker import MemoryTracker

END_SUFFIX = ".end"
"""Of the file next to a state in which others write how its process ended."""

DISMISSED_SUFFIX = ".dismissed"
"""Of the file next to the state of a death that the user has dismissed."""

_FILE_BYTES = 8192
# A column of /proc/<pid>/stat, counted from the one after the name.
_START_TIME = 19
# The time over which the growth is measured.
_GROWTH_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the kernel of this process leaves its state, and what identifies it.

    Attributes
    ----------
    folder : Path
        The folder, beside the connection files of kernels.
    session : str
        The notebook's path as the server gives it; empty if unknown.
    kernel_id : str
        The id of the kernel, which survives a restart.
    """

    folder: Path
    session: str
    kernel_id: str

    @property
    def path(self) -> Path:
        """The file of this process."""
        return self.path_of(os.getpid())

    def path_of(self, pid: int) -> Path:
        """Return the file of a process of this kernel."""
        return self.folder / f"{self.kernel_id}-{pid}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastFigures(Record):
    """The figures of a kernel when its state was last written.

    Attributes
    ----------
    rss_bytes, children_bytes : int
        The memory of the kernel and its children.
    limit_bytes : int or None
        The smallest limit.
    limit_name : str or None
        The source of the limit.
    growth_bytes_per_s : float
        How fast the memory grew in the last two seconds.
    execution_count : int or None
        The number of the cell that was running.
    cell_id : str or None
        The notebook's id of that cell.
    first_line : str or None
        Its first line.
    started_s : float or None
        When it started, in seconds since the epoch.
    variables : tuple of LargeVariable
        The largest variables when the last cell before it ended.
    """

    rss_bytes: int
    children_bytes: int
    limit_bytes: int | None
    limit_name: str | None
    growth_bytes_per_s: float
    execution_count: int | None
    cell_id: str | None
    first_line: str | None
    started_s: float | None
    variables: tuple[LargeVariable, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class State(LastFigures):
    """The state of a kernel, and how it ended, which is written beside it.

    Attributes
    ----------
    session, kernel_id : str
        As in `Place`.
    pid : int
        The process.
    started_ticks : str
        When it started.
    oom_counter : str
        The file that counts the processes which the system killed for memory.
    oom_kills : int or None
        That count when the kernel started; None if it cannot be read.
    t_s : float
        When the state was written, in seconds since the epoch.
    exit_status : int or None
        The wait status of the process; None if it is not known.
    oom_kills_after : int or None
        The count at its end; None if it was not read.
    is_in_log : bool or None
        Whether the system's log named the process at its end; None if it was not read.
    """

    session: str
    kernel_id: str
    pid: int
    started_ticks: str
    oom_counter: str = ""
    oom_kills: int | None
    t_s: float
    exit_status: int | None = None
    oom_kills_after: int | None = None
    is_in_log: bool | None = None


def find_place() -> Place | None:
    """Return the place of this process; None if it is not a kernel."""
    apps = sys.modules.get("ipykernel.kernelapp")
    if apps is None or not apps.IPKernelApp.initialized():
        return None
    connection = Path(apps.IPKernelApp.instance().abs_connection_file)
    return Place(
        folder=find_state_folder(connection.parent),
        # Set by the Jupyter server.
        session=os.environ.get("JPY_SESSION_NAME", ""),
        kernel_id=connection.stem,
    )


class LastState:
    """The file with the last state of this process.

    Parameters
    ----------
    tracker : MemoryTracker
        The source of the readings.
    place : Place
        Where; the folder is created, readable by the user only.
    largest : LargestVariables
        Measures the variables of the notebook.
    """

    def __init__(
        self,
        tracker: MemoryTracker,
        place: Place,
        largest: LargestVariables,
    ) -> None:
        self._tracker = tracker
        self._path = place.path
        oom_counter = find_oom_counter()
        self._about: dict[str, Any] = {
            "session": place.session,
            "kernel_id": place.kernel_id,
            "oom_counter": oom_counter,
            "oom_kills": read_oom_kills(oom_counter),
            **read_identity(os.getpid()),
        }
        self._largest = largest
        self._limit: Gauge | None = None
        self._file: mmap.mmap | None = None
        self.problem = ""
        """Why the state cannot be written; empty if it can."""

    def attach(self) -> None:
        """Create the file, and write it from now on."""
        try:
            folder = self._path.parent
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not is_trusted(folder):
                raise PermissionError(
                    errno.EPERM, "another user has created the folder"
                )
            # An earlier process can have had the same id.
            remove_state(self._path)
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC
            descriptor = os.open(self._path, flags, 0o600)
            try:
                # Allocates the blocks, so that a full disk is noticed here.
                os.write(descriptor, bytes(_FILE_BYTES))
                self._file = mmap.mmap(descriptor, _FILE_BYTES)
            finally:
                os.close(descriptor)
        except OSError as error:
            self.problem = f"{self._path} cannot be written: {error.strerror}"
            return
        self._tracker.observe(self._update)
        self._tracker.observe_cells(self._write, self._end_cell)
        self._update()

    def detach(self) -> None:
        """Stop writing, and remove the file."""
        if self._file is None:
            return
        self._tracker.unobserve(self._update)
        self._tracker.unobserve_cells(self._write, self._end_cell)
        file, self._file = self._file, None
        file.close()
        remove_state(self._path)

    def _update(self) -> None:
        """Write after a reading; a cell's own thread does not read the limits."""
        self._limit = self._tracker.gauge()
        self._write()

    def _write(self) -> None:
        file = self._file
        if file is None:
            return
        text = json.dumps(self._read().to_dict()).encode()[: _FILE_BYTES - 1]
        file[: len(text) + 1] = text + b"\n"

    def _read(self) -> State:
        tracker, limit = self._tracker, self._limit
        cell = tracker.running
        samples = tracker.history(time.time() - _GROWTH_S)
        latest = tracker.latest
        growth = 0.0
        if samples and latest.t_s > samples[0].t_s:
            grown_bytes = latest.rss_bytes - samples[0].rss_bytes
            growth = grown_bytes / (latest.t_s - samples[0].t_s)
        return State(
            **self._about,
            t_s=time.time(),
            rss_bytes=latest.rss_bytes,
            children_bytes=latest.children_bytes,
            limit_bytes=None if limit is None else limit.limit_bytes,
            limit_name=None if limit is None else limit.name,
            growth_bytes_per_s=growth,
            execution_count=None if cell is None else cell.execution_count,
            cell_id=None if cell is None else cell.cell_id,
            first_line=None if cell is None else cell.first_line,
            started_s=None if cell is None else cell.started_s,
            variables=self._largest.latest,
        )

    def _end_cell(self) -> None:
        self._largest.measure(self._tracker.latest.rss_bytes, self._limit)
        self._write()


def remove_state(path: Path) -> None:
    """Remove the state of a process, and what was written next to it."""
    for each in (
        path,
        path.with_suffix(END_SUFFIX),
        path.with_suffix(DISMISSED_SUFFIX),
    ):
        with contextlib.suppress(OSError):
            each.unlink()


def read_identity(pid: int) -> dict[str, Any]:
    """Return the id of a process, and when it started, which distinguishes reused ids.

    A process that has ended has not started, even while its parent has not asked how.
    """
    started = ""
    if not is_running(pid):
        pass
    elif sys.platform != "linux":
        import psutil  # noqa: PLC0415 - on Linux it is not needed

        with contextlib.suppress(psutil.Error):
            started = str(psutil.Process(pid).create_time())
    else:
        with contextlib.suppress(OSError, ValueError):
            started = read_stat_columns(pid)[_START_TIME].decode()
    return {"pid": pid, "started_ticks": started}
