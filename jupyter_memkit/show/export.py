"""Takes what a tracker has seen elsewhere: JSON, CSV, a pandas frame, a file.

A cell has the columns that `CellRecord` has attributes, of the same names and in
the same order: sizes in bytes, durations in seconds, times in seconds since the
epoch. What is not known is null in JSON, empty in CSV, missing in a frame.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_memkit import __version__
from jupyter_memkit.errors import MemkitError
from jupyter_memkit.paths import expand_home
from jupyter_memkit.records import Record
from jupyter_memkit.show.report import Report
from jupyter_memkit.track.cells import CellRecord
from jupyter_memkit.track.history import Sample
from jupyter_memkit.track.tracker import MemoryTracker
from jupyter_memkit.units import format_bytes

if TYPE_CHECKING:  # pandas is imported when a frame is asked for
    from pandas import DataFrame

_VARIABLES_BUDGET_S = 5.0

COLUMNS = tuple(field.name for field in dataclasses.fields(CellRecord))
"""The columns of a cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported(Record):
    """A file that was written.

    Attributes
    ----------
    path : Path
        Where it is.
    file_bytes : int
        Its size.
    cells : int
        How many cells it tells of.
    """

    path: Path
    file_bytes: int
    cells: int


def to_json(tracker: MemoryTracker, shell: Any = None) -> str:
    """Return the history and the cells as JSON, and the variables of a shell.

    Parameters
    ----------
    tracker : MemoryTracker
        What has seen them.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        Whose variables to add, as ``variables``: a list of objects.

    Returns
    -------
    str
        An object with the kit's ``version``, the ``limit`` (``bytes`` and ``name``,
        or null), ``samples`` as one list for each attribute of `Sample`, and
        ``cells`` as a list of objects.

    Examples
    --------
    >>> with MemoryTracker() as tracker:
    ...     exported = json.loads(to_json(tracker))
    >>> list(exported)
    ['version', 'limit', 'samples', 'cells']
    """
    limit = tracker.limit()
    samples = tracker.history()
    exported = {
        "version": __version__,
        "limit": {"bytes": limit.bytes, "name": limit.name} if limit else None,
        "samples": {
            field.name: [getattr(sample, field.name) for sample in samples]
            for field in dataclasses.fields(Sample)
        },
        "cells": [cell.to_dict() for cell in tracker.cells],
    }
    if shell is not None:
        # Not for a script, which has no shell and no IPython.
        from jupyter_memkit.track.variables import list_variables  # noqa: PLC0415

        found = list_variables(shell, budget_s=_VARIABLES_BUDGET_S)
        exported["variables"] = found.to_dict()["variables"]
    return json.dumps(exported, indent=1) + "\n"


def to_csv(tracker: MemoryTracker) -> str:
    r"""Return the cells as CSV, one a row, oldest first.

    Parameters
    ----------
    tracker : MemoryTracker
        What has seen them.

    Returns
    -------
    str
        A row with the names of the columns, and one for each cell.

    Examples
    --------
    >>> with MemoryTracker() as tracker:
    ...     to_csv(tracker).startswith("execution_count,cell_id,first_line,")
    True
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(dataclasses.asdict(cell) for cell in tracker.cells)
    return text.getvalue()


def to_frame(tracker: MemoryTracker) -> DataFrame:
    """Return the cells as a pandas frame, one a row, oldest first.

    Parameters
    ----------
    tracker : MemoryTracker
        What has seen them.

    Returns
    -------
    pandas.DataFrame
        The columns are those of the CSV.

    Raises
    ------
    MemkitError
        When pandas is not installed.

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
    rows = [dataclasses.asdict(cell) for cell in tracker.cells]
    # A cell without a number would turn the numbers of the others into floats.
    return DataFrame(rows, columns=list(COLUMNS)).astype({"execution_count": "Int64"})


_WRITERS: dict[str, Callable[[MemoryTracker, Any], str]] = {
    ".json": to_json,
    ".csv": lambda tracker, _shell: to_csv(tracker),
}


def export(
    tracker: MemoryTracker, path: str | os.PathLike[str], *, shell: Any = None
) -> Exported:
    """Write a file: JSON with the history and the cells, or CSV with the cells.

    It is written aside and then takes its place, so that a file which was there
    before is replaced as a whole or not at all.

    Parameters
    ----------
    tracker : MemoryTracker
        What has seen them.
    path : str or path-like
        Where to write; the suffix, ``.json`` or ``.csv``, chooses the form.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        Whose variables to add to JSON.

    Returns
    -------
    Exported
        What was written.

    Raises
    ------
    MemkitError
        When the suffix is another, or the file cannot be written.
    """
    path = expand_home(path)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        message = f"'{path}' has to end in .json or .csv, which chooses the form"
        raise MemkitError(message)
    if not path.parent.is_dir():
        message = f"the folder '{path.parent}' does not exist; make it first"
        raise MemkitError(message)
    cells = len(tracker.cells)
    # A lone surrogate, which no encoding has, can stand in a cell that never ran.
    content = write(tracker, shell).encode("utf-8", "backslashreplace")
    try:
        with _aside(path) as aside:
            aside.write_bytes(content)
            aside.replace(path)
    except OSError as error:
        message = f"'{path}' cannot be written ({error.strerror}); choose another place"
        raise MemkitError(message) from error
    return Exported(path=path, file_bytes=len(content), cells=cells)


@contextlib.contextmanager
def _aside(path: Path) -> Iterator[Path]:
    """Give a place in the same folder that is empty again in the end."""
    aside = path.with_name(f".memkit-{os.getpid()}{path.suffix}")
    try:
        yield aside
    finally:
        aside.unlink(missing_ok=True)


def build_report(exported: Exported) -> Report:
    """Build what a person reads of a file that was written."""
    form = "the cells"
    if exported.path.suffix.lower() == ".json":
        form = "the limit, the readings and the cells"
    return Report(
        title=f"wrote {exported.path}: {format_bytes(exported.file_bytes)}",
        rows=(("holds", form), ("cells", str(exported.cells))),
    )
