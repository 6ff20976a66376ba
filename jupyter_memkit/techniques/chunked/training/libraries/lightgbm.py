"""Rows as a Sequence of LightGBM, which asks for them by number.

LightGBM takes a sample of single rows in ascending order, and then all rows in batches.
So the chunk that was read last answers most requests.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np

from jupyter_memkit.errors import MemkitError, SourceError
from jupyter_memkit.techniques.chunked.frames.maker import FrameMaker
from jupyter_memkit.techniques.chunked.training.features import ToArrays
from jupyter_memkit.techniques.chunked.training.order import BatchPlan
from jupyter_memkit.techniques.chunked.training.parts import Parts

_Sequence: Any = lightgbm.Sequence


class LightgbmRows(_Sequence):  # type: ignore[misc] # its base is not known
    """The features of all rows by number, in the order of the source.

    Parameters
    ----------
    parts : Parts
        The source.
    plan : BatchPlan
        Its size is that of LightGBM's batches.
    target : str or callable
        As for `ToArrays`.

    Attributes
    ----------
    target : numpy.ndarray
        The target of all rows.
    batch_size : int
        How many rows LightGBM asks for at a time.
    """

    def __init__(
        self,
        parts: Parts,
        plan: BatchPlan,
        target: str | Callable[[Any], Any],
    ) -> None:
        name = parts.source.name
        if plan.shuffle is not None:
            message = "LightGBM reads rows by number, in their order; leave out shuffle"
            raise MemkitError(message)
        pieces = parts.find()
        if not pieces:
            message = (
                f"{name} can be read only from start to end, but LightGBM asks for "
                "rows by number; write it to a Parquet file first"
            )
            raise SourceError(message)
        self._pieces = pieces
        self.batch_size = plan.size
        self._request = parts.request()
        self._convert = ToArrays(name, target)
        self._name = name
        self._held: tuple[int, Any] | None = None
        self._starts = [0]
        targets = []
        for number in range(len(self._pieces)):
            features, values = self._read(number)
            targets.append(values)
            self._starts.append(self._starts[-1] + len(features))
            del features, values
        self.target = np.concatenate(targets)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._starts[-1]

    def __getitem__(self, index: Any) -> Any:
        """Return the features of a row, of a slice, or of a list of rows."""
        if isinstance(index, slice):
            return self._slice(*index.indices(len(self)))
        if isinstance(index, list):
            return np.stack([self._row(number) for number in index])
        return self._row(index)

    def _row(self, number: int) -> Any:
        piece = bisect_right(self._starts, number) - 1
        return self._features(piece)[number - self._starts[piece]]

    def _slice(self, start: int, stop: int, step: int) -> Any:
        found = []
        piece = bisect_right(self._starts, start) - 1
        place = start
        while place < stop:
            first, end = self._starts[piece], min(stop, self._starts[piece + 1])
            found.append(self._features(piece)[place - first : end - first])
            place, piece = end, piece + 1
        rows = np.concatenate(found) if len(found) > 1 else found[0]
        return rows if step == 1 else rows[::step]

    def _features(self, piece: int) -> Any:
        """Return the features of a piece, which is read unless it was the last one."""
        if self._held is None or self._held[0] != piece:
            self._held = None
            self._held = piece, self._read(piece)[0]
        return self._held[1]

    def _read(self, piece: int) -> Any:
        make = FrameMaker(self._name, self._request)
        return self._convert(make(self._pieces[piece].load(), 0))
