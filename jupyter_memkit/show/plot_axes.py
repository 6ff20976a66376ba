"""What all plots share: colours for light and dark themes, axes of bytes and dates.

The colours contrast with both white and black, and differ in lightness for readers with
a colour vision deficiency; colour alone never carries meaning. Matplotlib's settings
are neither used nor changed.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal

from jupyter_memkit.units import format_bytes, parse_bytes

if TYPE_CHECKING:  # matplotlib is imported only when a plot is requested
    from matplotlib.axes import Axes

TEXT = "#7b7b7b"
IN_USE = "#3388cc"
PEAK = "#c77700"
CHILDREN = "#5aa469"
LIMIT = "#d9485f"
TEXT_SIZE = 8.5

_MIB = 1024**2
_TICKS_AT_MOST = 6
# Round numbers in each IEC unit; the last of a unit is followed by the first of the
# next.
_STEPS = [
    step * 1024**power
    for power in range(6)
    for step in (1, 2, 5, 10, 20, 50, 100, 200, 256, 512)
]


def scale_top(highest_bytes: int, limit_bytes: int | None = None) -> float:
    """Return the top of a scale, which includes the limit if that is near."""
    highest_bytes = max(highest_bytes, 64 * _MIB)
    if limit_bytes is not None and limit_bytes < 1.6 * highest_bytes:
        highest_bytes = max(highest_bytes, limit_bytes)
    return 1.08 * highest_bytes


def byte_ticks(top_bytes: float) -> tuple[list[int], list[str]]:
    """Return the ticks and labels of a scale that begins at 0.

    Examples
    --------
    >>> byte_ticks(1.2 * 1024**3)
    ([0, 268435456, 536870912, 805306368, 1073741824], \
['0 B', '256 MiB', '512 MiB', '768 MiB', '1 GiB'])
    """
    for step in _STEPS:
        if top_bytes / step < _TICKS_AT_MOST:
            ticks = list(range(0, int(top_bytes) + 1, step))
            labels = [format_bytes(tick) for tick in ticks]
            # Labels have one decimal, so 1.25 GiB would be labelled 1.3.
            if [parse_bytes(label) for label in labels] == ticks:
                break
    return ticks, [label.replace(".0 ", " ") for label in labels]


def style(axes: Axes, *, grid: Literal["x", "y"]) -> None:
    """Style axes the same way, whatever settings they were created with.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes to style.
    grid : {"x", "y"}
        The axis of bytes, which gets grid lines.
    """
    axes.set_facecolor("none")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_axisbelow(True)
    axes.tick_params(
        which="both", length=0, colors=TEXT, labelsize=TEXT_SIZE, labelcolor=TEXT
    )
    axes.grid(visible=False, which="both")
    axes.grid(
        visible=True, axis=grid, color=TEXT, alpha=0.25, linewidth=0.8, linestyle="-"
    )


def date_of(t_s: float) -> float:
    """Convert a time in seconds since the epoch to a matplotlib date."""
    return float(dates().date2num(datetime.fromtimestamp(t_s, timezone.utc)))


def dates() -> Any:
    """Return matplotlib's dates module, which has no type annotations."""
    from matplotlib import dates  # noqa: PLC0415 - when a plot is requested

    return dates
