"""Scores a model over batches, exactly as over all of their rows at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.training.rows import count_rows


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
        Whether the score is the accuracy, or the coefficient of determination (R²).
    """
    numpy = import_library("numpy", "scores")
    rows, right = 0, 0
    shift, residual, total, squares = 0.0, 0.0, 0.0, 0.0
    for features, target in batches:
        found, wanted = numpy.asarray(model.predict(features)), numpy.asarray(target)
        if is_classifier:
            right += int((found == wanted).sum())
        else:
            if not rows:
                # Near the mean, so that the sum of squares keeps its digits.
                shift = float(wanted.mean())
            residual += float(((wanted - found) ** 2).sum())
            total += float((wanted - shift).sum())
            squares += float(((wanted - shift) ** 2).sum())
        rows += count_rows(target)
    if is_classifier:
        return right / max(1, rows), rows
    spread = squares - total * total / max(1, rows)
    return (1 - residual / spread if spread > 0 else float("nan")), rows
