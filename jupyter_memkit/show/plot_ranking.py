"""Draws the cells ranked by their peaks, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_memkit.show import plot_axes
from jupyter_memkit.track.cells import CellRecord
from jupyter_memkit.units import format_bytes

if TYPE_CHECKING:  # matplotlib is imported only when a plot is requested
    from matplotlib.axes import Axes

_CODE_LENGTH = 36
_RANKED_AT_MOST = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How far the peak of a cell rose above its start.

    Attributes
    ----------
    cell : CellRecord
        The cell.
    rise_bytes : int
        The rise.
    exact : bool
        Whether it is exact rather than sampled.
    """

    cell: CellRecord
    rise_bytes: int
    exact: bool


def rank(cells: Sequence[CellRecord], *, gpu: bool) -> list[Bar]:
    """Return the bars of cells, the highest first.

    Parameters
    ----------
    cells : sequence of CellRecord
        The cells.
    gpu : bool
        Whether the bars are the rises on the GPU where they are highest; cells without
        a GPU have none then.
    """
    if gpu:
        highest = [
            (cell, max(cell.gpus, key=lambda figures: figures.rise_bytes))
            for cell in cells
            if cell.gpus
        ]
        bars = [
            Bar(cell=cell, rise_bytes=figures.rise_bytes, exact=figures.exact)
            for cell, figures in highest
        ]
    else:
        bars = [
            Bar(
                cell=cell,
                rise_bytes=cell.peak_bytes - cell.before_bytes,
                exact=cell.exact,
            )
            for cell in cells
        ]
    return sorted(bars, key=lambda bar: -bar.rise_bytes)[:_RANKED_AT_MOST]


def draw_ranking(axes: Axes, bars: Sequence[Bar], *, gpu: bool) -> None:
    """Draw the bars of cells.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes to draw on.
    bars : sequence of Bar
        The bars, from `rank`.
    gpu : bool
        As in `rank`.
    """
    plot_axes.style(axes, grid="x")
    # Leave room for the text after the longest bar.
    top = 1.35 * max(*(bar.rise_bytes for bar in bars), 1)
    ticks, labels = plot_axes.byte_ticks(top)
    axes.set_xticks(ticks, labels)
    axes.set_xlim(0, top)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_yticks(
        range(len(bars)), [_label(bar.cell) for bar in bars], parse_math=False
    )
    axes.set_xlabel(
        f"peak above the start of the cell{', on a GPU' if gpu else ''}",
        color=plot_axes.TEXT,
        fontsize=plot_axes.TEXT_SIZE,
    )
    for place, bar in enumerate(bars):
        axes.barh(
            place,
            bar.rise_bytes,
            height=0.62,
            facecolor="none" if bar.cell.error else plot_axes.IN_USE,
            edgecolor=plot_axes.IN_USE,
            linewidth=1.0,
            hatch="////" if bar.cell.error else None,
        )
        axes.annotate(
            _remark(bar),
            (bar.rise_bytes, place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            color=plot_axes.TEXT,
            fontsize=plot_axes.TEXT_SIZE,
            parse_math=False,
        )


def _label(cell: CellRecord) -> str:
    count = " " if cell.execution_count is None else cell.execution_count
    code = "".join(c if c.isprintable() else " " for c in cell.first_line)
    if len(code) > _CODE_LENGTH:
        code = code[: _CODE_LENGTH - 1] + "…"
    return f"[{count}] {code}"


def _remark(bar: Bar) -> str:
    sampled = None if bar.exact else "sampled"
    failed = f"failed: {bar.cell.error}" if bar.cell.error else None
    return ", ".join(filter(None, (format_bytes(bar.rise_bytes), sampled, failed)))
