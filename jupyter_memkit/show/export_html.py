"""The session as one HTML file: the chart, the status, the cells and the variables.

The file loads nothing, and its policy forbids it to. All text is escaped.
"""

from __future__ import annotations

import html
import time
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.show import memls, status
from jupyter_memkit.show.page import build_page, draw_svg
from jupyter_memkit.show.plot import plot
from jupyter_memkit.show.status import read_status
from jupyter_memkit.show.table import Table
from jupyter_memkit.track.cells import CellRecord
from jupyter_memkit.track.tracker import MemoryTracker
from jupyter_memkit.track.variables import list_variables
from jupyter_memkit.units import format_bytes, format_duration

_VARIABLES_BUDGET_S = 5.0


def to_html(tracker: MemoryTracker, shell: Any = None) -> str:
    """Return the session as an HTML page, with the variables of a shell.

    Parameters
    ----------
    tracker : MemoryTracker
        The tracker to export.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        The shell whose variables are added.

    Returns
    -------
    str
        A page that needs no network: the chart as SVG, the status, a table of the
        cells, and one of the variables.

    Examples
    --------
    >>> with MemoryTracker() as tracker:
    ...     page = to_html(tracker)
    >>> "<svg" in page
    True
    """
    general = status.build_report(read_status(tracker))
    clock = time.strftime("%Y-%m-%d %H:%M:%S")
    sections = [
        ("Timeline", _draw(tracker)),
        ("Status", general.html()),
        ("Cells", _build_cells(tracker.cells).html()),
    ]
    if shell is not None:
        listed = list_variables(shell, budget_s=_VARIABLES_BUDGET_S)
        sections.append(("Variables", memls.build_report(listed).html()))
    return build_page(f"Memory of the session until {clock}", sections)


def _draw(tracker: MemoryTracker) -> str:
    """Return the timeline as an element of a page, or why there is none."""
    try:
        figure = plot(tracker)
    except MemkitError as error:
        return f"<p>{html.escape(str(error))}</p>"
    return draw_svg(figure)


def _build_cells(cells: list[CellRecord]) -> Table:
    return Table(
        columns=(
            ("cell", "number"),
            ("first line", "code"),
            ("started", "number"),
            ("time", "number"),
            ("peak", "number"),
            ("rise", "number"),
            ("kept", "number"),
            ("child processes", "number"),
            ("error", "text"),
        ),
        rows=tuple(_row(cell) for cell in cells),
        keys=tuple(_keys(cell) for cell in cells),
    )


def _row(cell: CellRecord) -> tuple[str, ...]:
    children = format_bytes(cell.children_peak_bytes)
    return (
        "" if cell.execution_count is None else f"[{cell.execution_count}]",
        cell.first_line,
        time.strftime("%H:%M:%S", time.localtime(cell.started_s)),
        format_duration(cell.duration_s),
        format_bytes(cell.peak_bytes) + _mark(exact=cell.exact),
        format_bytes(_rise(cell)),
        format_bytes(cell.after_bytes - cell.before_bytes),
        children + _mark(exact=cell.children_exact) if cell.children_peak_bytes else "",
        cell.error or "",
    )


def _keys(cell: CellRecord) -> tuple[float | str, ...]:
    return (
        float(cell.execution_count or 0),
        cell.first_line,
        cell.started_s,
        cell.duration_s,
        float(cell.peak_bytes),
        float(_rise(cell)),
        float(cell.after_bytes - cell.before_bytes),
        float(cell.children_peak_bytes),
        cell.error or "",
    )


def _rise(cell: CellRecord) -> int:
    return max(0, cell.peak_bytes - cell.before_bytes)


def _mark(*, exact: bool) -> str:
    return "" if exact else " (sampled)"
