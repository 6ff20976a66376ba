"""Scores a model over batches, exactly as over all of their rows at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.chunked.libraries import import_library


def score_batches(
    model: Any, batches: Iterable[Any], *, is_classifier: bool
) -> tuple[float, int]:
    """Return the score of a model, as scikit-learn defines it, and the rows scored.

    Parameters
    ----------
    model : object
        A model with ``predict``.
    batches : iterable of tuple
        Features and targets.
    is_classifier : bool
        Whether the score is the accuracy, or the coefficient of determination (R²). Of
        several targets all have to be right, or the mean of their R² counts.

    Raises
    ------
    MemkitError
        If there is no target, or the model predicts another number of values.
    """
    rows, right = 0, 0
    errors = _Errors()
    for features, target in batches:
        if target is None:
            message = "there is no target to score the model on; leave out holdout"
            raise MemkitError(message)
        found, wanted = _to_columns(model.predict(features)), _to_columns(target)
        if found.shape != wanted.shape:
            message = (
                f"the score compares what the model predicts with the target, but for "
                f"{len(wanted):,} rows they are of the shapes {found.shape} and "
                f"{wanted.shape}; leave out holdout"
            )
            raise MemkitError(message)
        if is_classifier:
            right += int((found == wanted).all(axis=1).sum())
        else:
            errors.add(found, wanted)
        rows += len(wanted)
    if is_classifier:
        return right / max(1, rows), rows
    return errors.score(), rows


def _to_columns(values: Any) -> Any:
    """Return values as a matrix, in which a single target is a column."""
    array = import_library("numpy", "scores").asarray(values)
    return array.reshape(len(array), -1)


class _Errors:
    """The sums from which R² follows, one for each target."""

    def __init__(self) -> None:
        self._rows = 0
        self._shift: Any = None
        self._residual: Any = 0.0
        self._total: Any = 0.0
        self._squares: Any = 0.0

    def add(self, found: Any, wanted: Any) -> None:
        """Add the predictions for some rows, and what they should be."""
        wanted = wanted.astype("float64")
        if self._shift is None:
            # Near the mean, so that the sum of squares keeps its digits.
            self._shift = wanted.mean(axis=0)
        self._rows += len(wanted)
        self._residual = self._residual + ((wanted - found) ** 2).sum(axis=0)
        self._total = self._total + (wanted - self._shift).sum(axis=0)
        self._squares = self._squares + ((wanted - self._shift) ** 2).sum(axis=0)

    def score(self) -> float:
        """Return the mean R² of the targets, NaN if one of them is constant."""
        numpy = import_library("numpy", "scores")
        if not self._rows:
            return float("nan")
        spread = self._squares - self._total**2 / self._rows
        spread = numpy.where(spread > 0, spread, numpy.nan)
        return float((1 - self._residual / spread).mean())
