"""Exports a tracker's history and cells: as JSON, CSV, a pandas frame, or a file.

A file can also be a page of HTML, from `export_html`.

The columns of a cell are the attributes of `CellRecord`, in the same order: sizes in
bytes, durations in seconds, times in seconds since the epoch. An unknown value is null
in JSON, empty in CSV, and missing in a frame. Only JSON has the figures of each GPU,
because there can be several.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_memkit import __version__
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.files import write_file
from jupyter_memkit.paths import expand_home
from jupyter_memkit.records import Record
from jupyter_memkit.show.report import Report
from jupyter_memkit.track.cells import CellRecord
from jupyter_memkit.track.history import Sample
from jupyter_memkit.track.tracker import MemoryTracker
from jupyter_memkit.units import format_bytes

if TYPE_CHECKING:  # pandas is imported only when a frame is requested
    from pandas import DataFrame

_VARIABLES_BUDGET_S = 5.0

COLUMNS = tuple(
    field.name for field in dataclasses.fields(CellRecord) if field.name != "gpus"
)
"""The columns of a cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported(Record):
    """A file that was written.

    Attributes
    ----------
    path : Path
        Its path.
    file_bytes : int
        Its size, in bytes.
    cells : int
        The number of cells in it.
    """

    path: Path
    file_bytes: int
    cells: int


def to_json(tracker: MemoryTracker, shell: Any = None) -> str:
    """Return the history and the cells as JSON, with the variables of a shell.

    Parameters
    ----------
    tracker : MemoryTracker
        The tracker to export.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        The shell whose variables are added, as ``variables``: a list of objects.

    Returns
    -------
    str
        An object with our ``version``, the ``limit`` (``bytes`` and ``name``, or null),
        ``samples`` as one list for each attribute of `Sample`, and ``cells`` as a list
        of objects.

    Examples
    --------
    >>> with MemoryTracker() as tracker:
    ...     exported = json.loads(to_json(tracker))
    >>> list(exported)
    ['version', 'limit', 'samples', 'cells']
    """
    gauge = tracker.gauge()
    samples = tracker.history()
    exported = {
        "version": __version__,
        "limit": {"bytes": gauge.limit_bytes, "name": gauge.name} if gauge else None,
        "samples": {
            field.name: [getattr(sample, field.name) for sample in samples]
            for field in dataclasses.fields(Sample)
        },
        "cells": [cell.to_dict() for cell in tracker.cells],
    }
    if shell is not None:
        # Imported late, because a script has no shell and may not have IPython.
        from jupyter_memkit.track.variables import list_variables  # noqa: PLC0415

        found = list_variables(shell, budget_s=_VARIABLES_BUDGET_S)
        exported["variables"] = found.to_dict()["variables"]
    return json.dumps(exported, indent=1) + "\n"


def to_csv(tracker: MemoryTracker) -> str:
    r"""Return the cells as CSV, one per row, oldest first.

    Parameters
    ----------
    tracker : MemoryTracker
        The tracker to export.

    Returns
    -------
    str
        A row with the column names, then one for each cell.

    Examples
    --------
    >>> with MemoryTracker() as tracker:
    ...     to_csv(tracker).startswith("execution_count,cell_id,first_line,")
    True
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_read_row(cell) for cell in tracker.cells)
    return text.getvalue()


def to_frame(tracker: MemoryTracker) -> DataFrame:
    """Return the cells as a pandas frame, one per row, oldest first.

    Parameters
    ----------
    tracker : MemoryTracker
        The tracker to export.

    Returns
    -------
    pandas.DataFrame
        A frame with the columns of the CSV.

    Raises
    ------
    MemkitError
        If pandas is not installed.

    Examples
    --------
    >>> with MemoryTracker() as tracker:
    ...     frame = to_frame(tracker)
    >>> "peak_bytes" in frame.columns
    True
    """
    try:
        from pandas import DataFrame  # noqa: PLC0415 - the user asked for a frame
    except ImportError as error:
        message = (
            f"a frame needs pandas ({error}); "
            'install it with: pip install "jupyter_memkit[data]"'
        )
        raise MemkitError(message) from error
    rows = [_read_row(cell) for cell in tracker.cells]
    # A cell without a number would turn the whole column into floats.
    return DataFrame(rows, columns=list(COLUMNS)).astype({"execution_count": "Int64"})


def _read_row(cell: CellRecord) -> dict[str, Any]:
    return {name: getattr(cell, name) for name in COLUMNS}


def _to_html(tracker: MemoryTracker, shell: Any) -> str:
    # It draws with matplotlib, which the other formats do not need.
    from jupyter_memkit.show.export_html import to_html  # noqa: PLC0415

    return to_html(tracker, shell)


_WRITERS: dict[str, Callable[[MemoryTracker, Any], str]] = {
    ".html": _to_html,
    ".json": to_json,
    ".csv": lambda tracker, _shell: to_csv(tracker),
}

_CONTENTS = {
    ".html": "the chart, the status, the cells and the variables",
    ".json": "the limit, the readings and the cells",
    ".csv": "the cells",
}


def export(
    tracker: MemoryTracker, path: str | os.PathLike[str], *, shell: Any = None
) -> Exported:
    """Write a file: a page with the chart, JSON with the history, or CSV of the cells.

    The file is replaced atomically: an existing one is overwritten completely or not at
    all.

    Parameters
    ----------
    tracker : MemoryTracker
        The tracker to export.
    path : str or path-like
        The file to write; its suffix, ``.html``, ``.json`` or ``.csv``, determines the
        format.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        The shell whose variables are added to the page or the JSON.

    Returns
    -------
    Exported
        A record of the file.

    Raises
    ------
    MemkitError
        If the suffix is not supported, or the file cannot be written.
    """
    path = expand_home(path)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        message = f"'{path}' must end in .html, .json or .csv, which sets the format"
        raise MemkitError(message)
    if not path.parent.is_dir():
        message = f"the folder '{path.parent}' does not exist; create it first"
        raise MemkitError(message)
    cells = len(tracker.cells)
    size = write_file(path, write(tracker, shell))
    return Exported(path=path, file_bytes=size, cells=cells)


def build_report(exported: Exported) -> Report:
    """Build the report of an exported file."""
    form = _CONTENTS[exported.path.suffix.lower()]
    return Report(
        title=f"wrote {exported.path}: {format_bytes(exported.file_bytes)}",
        rows=(("holds", form), ("cells", str(exported.cells))),
    )
