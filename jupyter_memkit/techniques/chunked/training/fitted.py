"""The record of a training over batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jupyter_memkit.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted(Record):
    """What `Batches.fit` did.

    Attributes
    ----------
    source : str
        The name of the source.
    model : str
        The type of the model.
    epochs : int
        The epochs that were completed.
    batches, rows : int
        The batches and rows that the model was trained on, over all epochs.
    held_out_rows : int
        The rows of an epoch that it was scored on instead.
    scores : tuple of float
        The score of each epoch on the rows that were held out: the accuracy of a
        classifier, the coefficient of determination (R²) of another model.
    ended_early : bool
        Whether it ended because the score no longer improved.
    classes : tuple, optional
        The classes that the model was given.
    duration_s : float
        Duration in seconds.
    before_bytes, peak_bytes : int
        Resident memory of the process at the start, and the highest during the
        training; both are absolute.
    budget_bytes : int
        How much the process was allowed to grow.
    exact : bool
        Whether the peak is the system's own mark, or the highest of samples.
    """

    source: str
    model: str
    epochs: int
    batches: int
    rows: int
    held_out_rows: int
    scores: tuple[float, ...]
    ended_early: bool
    classes: tuple[Any, ...] | None
    duration_s: float
    before_bytes: int
    peak_bytes: int
    budget_bytes: int
    exact: bool
