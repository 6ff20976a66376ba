"""Frames and series: the buffers of their columns, which other frames may share.

A slice keeps its whole parent buffer alive, and neither polars nor Arrow's interface
reports how long that is. So the size is a lower bound.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import polars as pl

from jupyter_memkit.measure.sizes import arrow_c
from jupyter_memkit.measure.sizes.allocation import allocated
from jupyter_memkit.measure.sizes.parts import Buffer, Parts
from jupyter_memkit.measure.sizes.registry import sizer, transparent

# The sizers below cover these types; types written in Rust do not name their library.
transparent(type(pl.DataFrame()._df), type(pl.Series()._s))  # noqa: SLF001 - no other way


@sizer("polars.dataframe.frame.DataFrame")
def size_frame(frame: Any) -> Parts:
    """Size the columns of a frame."""
    return _build(frame, pl.DataFrame.get_columns(frame))


@sizer("polars.series.series.Series")
def size_series(series: Any) -> Parts:
    """Size a series."""
    return _build(series, [series])


@sizer("polars.lazyframe.frame.LazyFrame")
def size_lazy_frame(frame: Any) -> Parts:
    """Size a plan, which may hold frames that are only visible when it runs."""
    return Parts(own_bytes=allocated(sys.getsizeof(frame)), is_whole=False)


def _build(value: Any, columns: Iterable[Any]) -> Parts:
    hidden_bytes = 0
    buffers: list[Buffer] = []
    for column in columns:
        try:
            buffers += arrow_c.find_buffers(pl.Series.__arrow_c_stream__(column))
        except Exception:  # noqa: BLE001, PERF203 - the errors of polars have no common type
            # A type that does not exist in Arrow.
            hidden_bytes += int(pl.Series.estimated_size(column))
    return Parts(
        own_bytes=allocated(object.__sizeof__(value)) + hidden_bytes,
        buffers=tuple(buffers),
        is_whole=False,
    )
