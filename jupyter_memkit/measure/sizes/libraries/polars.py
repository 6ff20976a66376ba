"""Frames and series: the buffers of their columns, which other frames may share.

A slice keeps the whole of the buffer that it is of, and neither polars nor Arrow's
interface tells how long that is. So what is found is a lower bound.
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

# These are what the sizers below ask; types of Rust do not name their library.
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
    """Size a plan, which may hold frames that only running it would tell."""
    return Parts(own_bytes=allocated(sys.getsizeof(frame)), is_whole=False)


def _build(value: Any, columns: Iterable[Any]) -> Parts:
    hidden_bytes = 0
    buffers: list[Buffer] = []
    for column in columns:
        try:
            buffers += arrow_c.find_buffers(pl.Series.__arrow_c_stream__(column))
        except Exception:  # noqa: BLE001, PERF203 - what polars raises has no common type
            # A type that Arrow does not have.
            hidden_bytes += int(pl.Series.estimated_size(column))
    return Parts(
        own_bytes=allocated(object.__sizeof__(value)) + hidden_bytes,
        buffers=tuple(buffers),
        is_whole=False,
    )
