"""Batches as a DataIter of XGBoost, which reads the data several times."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import xgboost

from jupyter_memkit.techniques.chunked.training.epochs import read_epoch
from jupyter_memkit.techniques.chunked.training.features import ToArrays
from jupyter_memkit.techniques.chunked.training.order import BatchPlan
from jupyter_memkit.techniques.chunked.training.parts import Parts

_DataIter: Any = xgboost.DataIter


class XgboostBatches(_DataIter):  # type: ignore[misc] # its base is not known
    """The batches of one epoch, in the same order each time, as XGBoost requires.

    Parameters
    ----------
    parts : Parts
        The source.
    plan : BatchPlan
        How it is cut.
    target : str or callable
        As for `ToArrays`.
    epoch : int
        The number of the epoch.
    """

    def __init__(
        self,
        parts: Parts,
        plan: BatchPlan,
        target: str | Callable[[Any], Any],
        epoch: int,
    ) -> None:
        super().__init__()
        self._parts = parts
        self._plan = plan
        self._convert = ToArrays(parts.source.name, target)
        self._epoch = epoch
        self._batches: Generator[Any, None, None] | None = None

    def next(self, input_data: Callable[..., object]) -> bool:
        """Hand over the next batch; return whether there was one."""
        if self._batches is None:
            self._batches = read_epoch(
                self._parts, self._plan, self._epoch, convert=self._convert
            )
        batch = next(self._batches, None)
        if batch is None:
            return False
        features, target = batch
        input_data(data=features, label=target)
        return True

    def reset(self) -> None:
        """Start from the first batch."""
        if self._batches is not None:
            self._batches.close()
        self._batches = None
