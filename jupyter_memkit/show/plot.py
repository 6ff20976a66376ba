"""Plots a tracker's history as a matplotlib figure, without pyplot.

pyplot would keep the figure alive, make it the current figure, and choose a backend.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.records import Record, to_plain
from jupyter_memkit.show.plot_ranking import draw_ranking, rank
from jupyter_memkit.show.plot_spans import build_spans
from jupyter_memkit.show.plot_timeline import draw_timeline
from jupyter_memkit.track.cells import CellRecord
from jupyter_memkit.track.history import Sample
from jupyter_memkit.track.tracker import MemoryTracker
from jupyter_memkit.track.tracker import tracker as running_tracker

if TYPE_CHECKING:  # matplotlib is imported only when a plot is requested
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_IN = 8.0
_DPI = 100


def plot(
    tracker: MemoryTracker | None = None,
    *,
    since_s: float = 0.0,
    cells: bool = False,
    gpu: bool = False,
    ax: Axes | None = None,
) -> Figure:
    """Plot memory over time, or the cells ranked by their peaks.

    The timeline shades the time of every cell, marks its peak, puts a cross after the
    number of a cell that failed, and draws the limit if it is near. Matplotlib's
    settings and pyplot's figures are not changed.

    Parameters
    ----------
    tracker : MemoryTracker, optional
        The tracker to plot; the running one by default.
    since_s : float
        The start of the plot, in seconds since the epoch.
    cells : bool
        Draw bars for the 15 cells with the highest peaks above their starts instead of
        the timeline.
    gpu : bool
        The same for the memory that torch, cupy or jax used on a GPU.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on; a new figure by default.

    Returns
    -------
    matplotlib.figure.Figure
        The figure; a notebook displays it, ``savefig`` saves it, and, unless `ax` was
        given, ``to_dict`` returns what it shows.

    Raises
    ------
    MemkitError
        If no tracker is running, or there is nothing to plot yet, such as cells that
        used a GPU.

    Examples
    --------
    >>> with MemoryTracker() as tracker:
    ...     figure = plot(tracker)
    >>> figure.axes[0].get_yticklabels()[0].get_text()
    '0 B'
    """
    tracker = running_tracker() if tracker is None else tracker
    if cells or gpu:
        bars = rank(_ended_since(tracker.cells, since_s), gpu=gpu)
        if not bars:
            message = (
                "no cell has used a GPU with torch, cupy or jax; run one that does"
            )
            raise MemkitError(message)
        plotted = {"cells": [bar.cell for bar in bars]}
        axes = ax or _new_axes(0.8 + 0.3 * len(bars), plotted)
        draw_ranking(axes, bars, gpu=gpu)
    else:
        samples = _samples(tracker, since_s)
        ended = tracker.cells
        axes = ax or new_timeline({"samples": samples, "cells": ended})
        draw_timeline(
            axes,
            samples=samples,
            spans=build_spans(ended, tracker.running, samples[-1].t_s),
            limit=tracker.gauge(),
            since_s=since_s,
        )
    return axes.figure.figure


def new_timeline(plotted: Mapping[str, Sequence[Record]]) -> Axes:
    """Return the axes of a new figure for `draw_timeline`.

    Parameters
    ----------
    plotted : mapping of str to sequence of Record
        What the figure will show, for its ``to_dict``.
    """
    return _new_axes(3.0, plotted)


def _ended_since(cells: list[CellRecord], since_s: float) -> list[CellRecord]:
    late = [cell for cell in cells if cell.started_s + cell.duration_s > since_s]
    if not late:
        message = "no cell has ended in this time; run one, or plot a longer time"
        raise MemkitError(message)
    return late


def _samples(tracker: MemoryTracker, since_s: float) -> list[Sample]:
    samples = tracker.history()
    if not samples:
        message = "the tracker has no readings yet; start it with tracker.start()"
        raise MemkitError(message)
    # The last reading before the start is the value at the start.
    earlier = sum(sample.t_s <= since_s for sample in samples)
    return samples[max(earlier - 1, 0) :]


def _new_axes(height_in: float, plotted: Mapping[str, Sequence[Record]]) -> Axes:
    figure: Any = _figure_type()(
        figsize=(_WIDTH_IN, height_in),
        dpi=_DPI,
        facecolor="none",
        edgecolor="none",
        layout="constrained",
    )
    figure.plotted = plotted
    axes: Axes = figure.add_subplot()
    return axes


def _figure_type() -> type[Figure]:
    # Created each time: matplotlib may have been unloaded in between.
    from matplotlib.figure import Figure  # noqa: PLC0415 - when a plot is requested

    class MemoryFigure(Figure):
        """A figure that a notebook shows without ``%matplotlib inline``.

        Attributes
        ----------
        plotted : mapping of str to sequence of Record
            The records that it shows.
        """

        plotted: Mapping[str, Sequence[Record]]

        def __repr__(self) -> str:
            """Say how to save it where images cannot be displayed."""
            return 'memory figure; savefig("memory.png") saves it'

        def to_dict(self) -> dict[str, Any]:
            """Return the records that it shows as values that `json.dumps` accepts."""
            return {name: to_plain(list(each)) for name, each in self.plotted.items()}

        def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
            """Return the image at twice the resolution, with its size on screen."""
            picture = io.BytesIO()
            with warnings.catch_warnings():
                # A cell's source may contain characters that the font lacks.
                warnings.filterwarnings("ignore", "Glyph", UserWarning)
                self.savefig(
                    picture,
                    format="png",
                    dpi=2 * _DPI,
                    facecolor="none",
                    bbox_inches=self.bbox_inches,
                )
            width_in, height_in = self.get_size_inches()
            size = {"width": round(width_in * _DPI), "height": round(height_in * _DPI)}
            return picture.getvalue(), size

    return MemoryFigure
