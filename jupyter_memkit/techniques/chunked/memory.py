"""Arrays and frames that are in memory already: slices of them, no copies."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.errors import SourceError

Slicer = Callable[[Any, int, int], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySource:
    """An array or a frame, in slices that share its memory."""

    data: Any
    name: str
    slicer: Slicer
    default_rows: int = 100_000

    @property
    def total_rows(self) -> int:
        """The length of the first axis."""
        return len(self.data)

    def iterate(self, rows: int) -> Generator[Any, None, None]:
        """Slice from the start."""
        for start in range(0, len(self.data), rows):
            yield self.slicer(self.data, start, rows)


def find_slicer(data: Any) -> Slicer | None:
    """Return what slices this kind of object; never imports its library."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(data, numpy.ndarray):
        if data.ndim == 0:
            message = "an array without dimensions has no rows; give one with an axis"
            raise SourceError(message)
        return _slice_array
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, (pandas.DataFrame, pandas.Series)):
        return _slice_pandas
    polars = sys.modules.get("polars")
    if polars is not None and isinstance(data, (polars.DataFrame, polars.Series)):
        return _slice_arrow
    arrow = sys.modules.get("pyarrow")
    if arrow is not None and isinstance(data, arrow.Table):
        return _slice_arrow
    return None


def _slice_array(data: Any, start: int, rows: int) -> Any:
    return data[start : start + rows]


def _slice_pandas(data: Any, start: int, rows: int) -> Any:
    return data.iloc[start : start + rows]


def _slice_arrow(data: Any, start: int, rows: int) -> Any:
    return data.slice(start, rows)
