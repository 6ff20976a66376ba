"""Opens the widget, or the plain form where widgets do not run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from jupyter_memkit.track.tracker import tracker

if TYPE_CHECKING:
    from jupyter_memkit.show.live import LivePlain
    from jupyter_memkit.widget.chart import LiveChart

# The widget that is open, so that asking again shows the same one.
_open: list[LiveChart] = []

_NO_ANYWIDGET = (
    "A chart that is live needs anywidget, which is not installed: run "
    '%pip install "jupyter_memkit[widget]", reload the page, and run this cell again.'
)


def live() -> LiveChart | LivePlain:
    """Show memory live: the sidebar's chart, and the largest variables.

    The chart advances while cells run, the list of variables between cells. A front end
    without widgets shows the figures of the moment, as text or HTML.

    Returns
    -------
    LiveChart or LivePlain
        The widget, always the same one while it is open; its ``close()`` removes it.
        Without widgets or anywidget, a record that is displayed as a report.

    Raises
    ------
    MemkitError
        If no tracker is running.

    Examples
    --------
    >>> with MemoryTracker():
    ...     live().status.reading.rss_bytes > 0
    True
    """
    # A script need not have IPython.
    ipython = sys.modules.get("IPython")
    return open_live(None if ipython is None else ipython.get_ipython())


def open_live(shell: Any) -> LiveChart | LivePlain:
    """Return the widget of a shell, or the plain form, as above."""
    # Imported on first use, so that a kernel starts fast.
    from jupyter_memkit.show.live import read_live  # noqa: PLC0415

    followed = tracker()
    if getattr(shell, "kernel", None) is None:
        return read_live(followed, shell)
    try:
        from jupyter_memkit.widget.chart import LiveChart  # noqa: PLC0415 - as above
    except ImportError as error:
        if error.name != "anywidget":
            raise
        return read_live(followed, shell, note=_NO_ANYWIDGET)
    for chart in tuple(_open):
        if chart.is_open and chart.tracker is followed:
            return chart
        _open.remove(chart)
        chart.close()
    chart = LiveChart(followed, shell)
    _open.append(chart)
    return chart


def close_live() -> None:
    """Close the widget, if one is open."""
    while _open:
        _open.pop().close()
