"""Draws memory over time, with the marks of ``labextension/src/chart/marks.ts``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from jupyter_memkit.measure.gauge import Gauge
from jupyter_memkit.show import plot_axes
from jupyter_memkit.show.plot_axes import date_of
from jupyter_memkit.show.plot_spans import Span, draw_spans
from jupyter_memkit.track.history import Sample
from jupyter_memkit.units import format_bytes

if TYPE_CHECKING:  # matplotlib is imported only when a plot is requested
    from matplotlib.axes import Axes

# A short history is not stretched over the whole width.
_YOUNG_S = 30.0
_SPAN_MIN_S = 1.0
_WITH_SECONDS_S = 600.0
_DAY_S = 86_400.0


def draw_timeline(
    axes: Axes,
    *,
    samples: Sequence[Sample],
    spans: Sequence[Span],
    limit: Gauge | None,
    since_s: float = 0.0,
) -> None:
    """Draw memory over time with its cells, their peaks, and the limit.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes to draw on; the horizontal axis becomes a matplotlib date axis.
    samples : sequence of Sample
        The readings, oldest first, at least one.
    spans : sequence of Span
        The cells, from `build_spans`.
    limit : Gauge or None
        The limit with the least room; drawn if it is near.
    since_s : float
        The start of the axis, in seconds since the epoch, unless the readings begin
        later.
    """
    to_s = samples[-1].t_s
    known_from_s = min(samples[0].t_s, to_s - _YOUNG_S)
    from_s = min(max(known_from_s, since_s), to_s - _SPAN_MIN_S)
    spans = [span for span in spans if span.to_s >= from_s]
    heights = [max(s.peak_bytes, s.rss_bytes + s.children_bytes) for s in samples]
    heights += [span.peak_bytes for span in spans]
    top = plot_axes.scale_top(max(heights), limit.limit_bytes if limit else None)
    plot_axes.style(axes, grid="y")
    ticks, labels = plot_axes.byte_ticks(top)
    axes.set_yticks(ticks, labels)
    axes.set_ylim(0, top)
    _scale_time(axes, from_s, to_s)
    _draw_readings(axes, samples)
    draw_spans(axes, spans)
    if limit is not None and limit.limit_bytes <= top:
        _draw_limit(axes, limit)
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(0, -0.1),
        ncols=3,
        frameon=False,
        borderaxespad=0,
        labelcolor=plot_axes.TEXT,
        fontsize=plot_axes.TEXT_SIZE,
    )


def _scale_time(axes: Axes, from_s: float, to_s: float) -> None:
    dates = plot_axes.dates()
    span_s = to_s - from_s
    form = "%H:%M:%S" if span_s < _WITH_SECONDS_S else "%H:%M"
    if span_s > _DAY_S:
        form = "%d %b %H:%M"
    here = datetime.fromtimestamp(to_s, timezone.utc).astimezone().tzinfo
    axes.set_xlim(date_of(from_s), date_of(to_s))
    axes.xaxis.set_major_locator(dates.AutoDateLocator(tz=here, minticks=3, maxticks=8))
    axes.xaxis.set_major_formatter(dates.DateFormatter(form, tz=here))


def _draw_readings(axes: Axes, samples: Sequence[Sample]) -> None:
    dates = [date_of(sample.t_s) for sample in samples]
    rss_bytes = [sample.rss_bytes for sample in samples]
    peak_bytes = [sample.peak_bytes for sample in samples]
    with_children = [sample.rss_bytes + sample.children_bytes for sample in samples]
    if with_children != rss_bytes:
        axes.fill_between(
            dates,
            rss_bytes,
            with_children,
            color=plot_axes.CHILDREN,
            alpha=0.35,
            linewidth=0,
            label="child processes",
        )
    axes.fill_between(
        dates, rss_bytes, peak_bytes, color=plot_axes.PEAK, alpha=0.3, linewidth=0
    )
    axes.fill_between(dates, rss_bytes, color=plot_axes.IN_USE, alpha=0.2, linewidth=0)
    axes.plot(
        dates,
        rss_bytes,
        color=plot_axes.IN_USE,
        linewidth=1.6,
        linestyle="-",
        marker="",
        label="in use",
    )


def _draw_limit(axes: Axes, limit: Gauge) -> None:
    axes.axhline(
        limit.limit_bytes, color=plot_axes.LIMIT, linewidth=1.2, linestyle="--"
    )
    axes.text(
        0.005,
        limit.limit_bytes,
        f"limit {format_bytes(limit.limit_bytes)} ({limit.name})",
        transform=axes.get_yaxis_transform(),
        ha="left",
        va="bottom",
        color=plot_axes.LIMIT,
        fontsize=plot_axes.TEXT_SIZE,
        parse_math=False,
    )
