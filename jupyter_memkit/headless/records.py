"""The records of a notebook that was run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.gauge import Gauge
from jupyter_memkit.records import Record, build_record
from jupyter_memkit.track.history import Sample

# A container counts more than resident memory: page tables, stacks and buffers in the
# system's kernel. Two runs differ as well.
_MARGIN = 1.05
_STEP_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRun(Record):
    """A code cell that was run.

    Attributes
    ----------
    number : int
        Its place among the code cells of the notebook, from 1.
    execution_count : int or None
        The number in its brackets.
    first_line : str
        The line that says what it does.
    started_s : float
        When it started, in seconds since the epoch.
    duration_s : float
        How long it ran, in seconds.
    before_bytes, after_bytes, peak_bytes : int
        The kernel's resident memory at its start, at its end, and the highest between.
    exact : bool
        Whether the peak is the system's high-water mark rather than sampled.
    children_peak_bytes : int
        The highest total memory of the kernel's child processes.
    gpu_peak_bytes : int or None
        The highest memory on all GPUs that was read; None if no GPU was read.
    gc_s : float
        The time of the garbage collector, in seconds.
    error : str or None
        The name of the exception that ended it.
    variables : mapping of str to int
        The largest variables at its end, in bytes; empty if they could not be listed.
    """

    number: int
    execution_count: int | None
    first_line: str
    started_s: float
    duration_s: float
    before_bytes: int
    after_bytes: int
    peak_bytes: int
    exact: bool
    children_peak_bytes: int
    gpu_peak_bytes: int | None
    gc_s: float
    error: str | None
    variables: Mapping[str, int]

    @property
    def highest_bytes(self) -> int:
        """The highest memory of the kernel and its children, at most."""
        return self.peak_bytes + self.children_peak_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookRun(Record):
    """A notebook that was run, with the memory of each cell.

    Attributes
    ----------
    notebook : str
        Its path.
    version : str
        The version of jupyter_memkit in the kernel.
    cells : tuple of CellRun
        The cells that ran, in order.
    samples : tuple of Sample
        The readings, oldest first.
    gauge : Gauge or None
        The limit with the least room, after the last cell.
    highest_bytes : int
        The highest memory of the kernel and its child processes.
    runner_bytes : int
        The resident memory of the process that executed the notebook.
    failure : str or None
        Why the run ended early; None if every cell succeeded.
    unguarded : str or None
        Why the guard that a setting asks for was not armed; None if it was, or none was
        asked for.
    """

    notebook: str
    version: str
    cells: tuple[CellRun, ...]
    samples: tuple[Sample, ...]
    gauge: Gauge | None
    highest_bytes: int
    runner_bytes: int
    failure: str | None = None
    unguarded: str | None = None

    @property
    def needs_bytes(self) -> int:
        """The limit that suffices for a container with the kernel and its runner."""
        needed_bytes = _MARGIN * (self.highest_bytes + self.runner_bytes)
        return int(-(-needed_bytes // _STEP_BYTES)) * _STEP_BYTES

    def over(self, max_bytes: int) -> tuple[CellRun, ...]:
        """Return the cells that exceeded a size in bytes, child processes included."""
        return tuple(cell for cell in self.cells if cell.highest_bytes > max_bytes)

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes and `needs_bytes` as values that JSON accepts."""
        # Without arguments, `super` fails in a dataclass with slots.
        return {**Record.to_dict(self), "needs_bytes": self.needs_bytes}


def read_run(path: Path) -> NotebookRun:
    """Read a run from the JSON of its `NotebookRun.to_dict`.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    MemkitError
        If it cannot be read, or is not such a file.
    """
    try:
        return build_record(NotebookRun, json.loads(path.read_text("utf-8")))
    except OSError as error:
        message = f"'{path}' cannot be read ({error.strerror}); check its name"
        raise MemkitError(message) from error
    except (ValueError, TypeError, RecursionError) as error:
        name = path.with_suffix(".json").name
        message = (
            f"'{path}' is not the JSON of a run; "
            f"write one with: jupyter memkit run NOTEBOOK --json {name}"
        )
        raise MemkitError(message) from error
