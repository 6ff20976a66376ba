"""Arrays, tensors and frames in memory, read in slices without copies."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_memkit.errors import SourceError
from jupyter_memkit.techniques.chunked.sources.base import Piece, Request, spread
from jupyter_memkit.techniques.chunked.sources.digests import digest_table

Slicer = Callable[[Any, int, int], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorySource:
    """An array, a tensor or a frame, in slices that share its memory."""

    data: Any
    name: str
    slicer: Slicer
    row_bytes: None = None
    backend: None = None

    @property
    def total_rows(self) -> int:
        """The length of the first axis."""
        return len(self.data)

    def columns(self) -> None:
        """Return None: a slice with all columns costs nothing."""

    def types(self, _backend: str | None) -> dict[str, str]:
        """Return no types: all slices have the types of the whole."""
        return {}

    def fingerprint(self) -> Any:
        """Return the type, the shape, and a digest of samples."""
        digest = digest_table(self.data, self.slicer)
        return [type(self.data).__name__, *map(int, self.data.shape), digest]

    def find_starts(self, count: int) -> list[Any]:
        """Return rows that are spread evenly."""
        return [row or None for row in spread(len(self.data), count)]

    def pieces(self, request: Request) -> Generator[Piece, None, None]:
        """Slice from the start."""
        total, start = len(self.data), request.start or 0
        end = total if request.end is None else request.end
        while start < end:
            rows = min(request.rows(), end - start)
            load = partial(self.slicer, self.data, start, rows)
            yield Piece(
                load=load,
                start=start,
                end=start + rows,
                rows=rows,
                fraction=(start + rows) / total,
                is_separate=True,
            )
            start += rows


def find_slicer(data: Any) -> Slicer | None:
    """Return the function that slices such an object; never imports its library."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(data, numpy.ndarray):
        return _find_slicer_of_array(data)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(data, torch.Tensor):
        if data.layout is not torch.strided:
            message = (
                f"a tensor with the layout {data.layout} cannot be sliced; run over a "
                "dense one"
            )
            raise SourceError(message)
        return _find_slicer_of_array(data)
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


def _find_slicer_of_array(data: Any) -> Slicer:
    if data.ndim == 0:
        message = "an array without dimensions has no rows; use one with an axis"
        raise SourceError(message)
    return _slice_array


def _slice_array(data: Any, start: int, rows: int) -> Any:
    return data[start : start + rows]


def _slice_pandas(data: Any, start: int, rows: int) -> Any:
    return data.iloc[start : start + rows]


def _slice_arrow(data: Any, start: int, rows: int) -> Any:
    return data.slice(start, rows)
