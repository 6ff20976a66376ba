"""Draws the cells ranked by their peaks, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jupyter_memkit.show import plot_axes
from jupyter_memkit.track.cells import CellRecord
from jupyter_memkit.units import format_bytes

if TYPE_CHECKING:  # matplotlib is imported only when a plot is requested
    from matplotlib.axes import Axes

_CODE_LENGTH = 36


def draw_ranking(axes: Axes, cells: Sequence[CellRecord]) -> None:
    """Draw a bar for each cell: how far its peak rose above its start.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes to draw on.
    cells : sequence of CellRecord
        The cells, the highest first.
    """
    rises_bytes = [cell.peak_bytes - cell.before_bytes for cell in cells]
    plot_axes.style(axes, grid="x")
    # Leave room for the text after the longest bar.
    top = 1.35 * max(*rises_bytes, 1)
    ticks, labels = plot_axes.byte_ticks(top)
    axes.set_xticks(ticks, labels)
    axes.set_xlim(0, top)
    axes.set_ylim(len(cells) - 0.5, -0.5)
    axes.set_yticks(
        range(len(cells)), [_label(cell) for cell in cells], parse_math=False
    )
    axes.set_xlabel(
        "peak above the start of the cell",
        color=plot_axes.TEXT,
        fontsize=plot_axes.TEXT_SIZE,
    )
    for place, (cell, rise_bytes) in enumerate(zip(cells, rises_bytes, strict=True)):
        axes.barh(
            place,
            rise_bytes,
            height=0.62,
            facecolor="none" if cell.error else plot_axes.IN_USE,
            edgecolor=plot_axes.IN_USE,
            linewidth=1.0,
            hatch="////" if cell.error else None,
        )
        axes.annotate(
            _remark(cell, rise_bytes),
            (rise_bytes, place),
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


def _remark(cell: CellRecord, rise_bytes: int) -> str:
    sampled = None if cell.exact else "sampled"
    failed = f"failed: {cell.error}" if cell.error else None
    return ", ".join(filter(None, (format_bytes(rise_bytes), sampled, failed)))
