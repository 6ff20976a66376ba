"""Draws the cells on a timeline: when they ran, and their peaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jupyter_memkit.show import plot_axes
from jupyter_memkit.show.plot_axes import date_of
from jupyter_memkit.track.cells import CellRecord, OpenCell

if TYPE_CHECKING:  # matplotlib is imported only when a plot is requested
    from matplotlib.axes import Axes

# Shares of the width, so that a cell of a millisecond is still visible.
_CELL_MIN = 0.003
_PEAK_MIN = 0.008
_CHARACTER_WIDTH_IN = 0.075
_PEAK_MARKS: tuple[tuple[bool, Literal["-", ":"], str], ...] = (
    (True, "-", "peak of a cell"),
    (False, ":", "peak of a cell, sampled"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A cell as the timeline shows it."""

    from_s: float
    to_s: float
    label: str
    rise_bytes: int
    peak_bytes: int
    exact: bool
    running: bool


def build_spans(
    cells: Sequence[CellRecord], running: OpenCell | None, to_s: float
) -> list[Span]:
    """Return the cells that have ended, and the running one, drawn until `to_s`."""
    spans = [
        Span(
            from_s=cell.started_s,
            to_s=cell.started_s + cell.duration_s,
            label=_label(cell.execution_count) + ("×" if cell.error else ""),  # noqa: RUF001 - a cross, for failed
            rise_bytes=cell.peak_bytes - cell.before_bytes,
            peak_bytes=cell.peak_bytes,
            exact=cell.exact,
            running=False,
        )
        for cell in cells
    ]
    if running is not None:
        spans.append(
            Span(
                from_s=running.started_s,
                to_s=max(to_s, running.started_s),
                label=_label(running.execution_count),
                rise_bytes=running.watch.peak_bytes - running.watch.before_bytes,
                peak_bytes=running.watch.peak_bytes,
                exact=running.watch.exact,
                running=True,
            )
        )
    return spans


def _label(execution_count: int | None) -> str:
    return "[ ]" if execution_count is None else f"[{execution_count}]"


def draw_spans(axes: Axes, spans: Sequence[Span]) -> None:
    """Shade the time of the cells, mark their peaks, and write their numbers."""
    left, right = axes.get_xlim()
    for is_running, colour, alpha in (
        (False, plot_axes.TEXT, 0.16),
        (True, plot_axes.IN_USE, 0.2),
    ):
        shaded = [
            (date_of(span.from_s), date_of(span.to_s) - date_of(span.from_s))
            for span in spans
            if span.running is is_running
        ]
        if shaded:
            axes.broken_barh(
                [(x, max(width, _CELL_MIN * (right - left))) for x, width in shaded],
                (0, 1),
                transform=axes.get_xaxis_transform(),
                facecolor=colour,
                edgecolor="none",
                alpha=alpha,
                zorder=0.5,
            )
    for exact, line_style, label in _PEAK_MARKS:
        marked = [span for span in spans if span.exact is exact]
        if marked:
            ends = [_widen(span, _PEAK_MIN * (right - left)) for span in marked]
            axes.hlines(
                [span.peak_bytes for span in marked],
                [start for start, _ in ends],
                [end for _, end in ends],
                colors=plot_axes.PEAK,
                linestyles=line_style,
                linewidth=2.4,
                label=label,
                zorder=3,
            )
    _label_spans(axes, spans)
    # Marks that are wider than their cells moved the limits of the axis.
    axes.set_xlim(left, right)


def _widen(span: Span, width: float) -> tuple[float, float]:
    start, end = date_of(span.from_s), date_of(span.to_s)
    missing = max(0.0, width - (end - start))
    return start - missing / 2, end + missing / 2


def _label_spans(axes: Axes, spans: Sequence[Span]) -> None:
    """Write the cells' numbers above; if two collide, only that of the higher peak."""
    left, right = axes.get_xlim()
    width_in = axes.bbox.width / axes.figure.dpi
    character = _CHARACTER_WIDTH_IN / width_in * (right - left)
    taken: list[tuple[float, float]] = []
    for span in sorted(spans, key=lambda span: -span.rise_bytes):
        middle = (max(date_of(span.from_s), left) + date_of(span.to_s)) / 2
        half = character * (len(span.label) + 1) / 2
        if any(middle - half < end and start < middle + half for start, end in taken):
            continue
        taken.append((middle - half, middle + half))
        axes.text(
            middle,
            1.01,
            span.label,
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
            color=plot_axes.TEXT,
            fontsize=plot_axes.TEXT_SIZE,
        )
