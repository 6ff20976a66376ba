"""Cuts rows before the one with which a cell first finds something.

Code that compares each row with the next, such as a search for gaps in time, differs in
parts only where it finds something between them, and in most samples such places are
rare.
"""

from __future__ import annotations

from typing import Any

from jupyter_memkit.techniques.chunked.rehearsal.flattening import (
    flatten,
    is_amount,
    is_missing,
)
from jupyter_memkit.techniques.chunked.rehearsal.probes import cut_in_two, take
from jupyter_memkit.techniques.chunked.rehearsal.trial import Trial
from jupyter_memkit.techniques.chunked.rehearsal.tried import Tried, try_split


def cut_at_first_found(op: str, trial: Trial, tried: Tried) -> Tried | None:
    """Try a cell on rows that are cut before the first with which it finds something.

    Parameters
    ----------
    op : str
        The reduction.
    trial : Trial
        The cell.
    tried : Tried
        The rows, with the value over them.

    Returns
    -------
    Tried or None
        None if it finds nothing, or fails.
    """
    rows, whole = tried.split.whole, tried.whole

    def finds(count: int) -> bool:
        value = trial.call(take(rows, range(count)))
        return bool(value) and _finds(op, value[0], whole)

    if not _finds(op, whole, whole):
        return None
    too_few, enough = 0, 1
    while enough < len(rows) and not finds(enough):
        too_few, enough = enough, min(2 * enough, len(rows))
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if finds(middle) else (middle, enough)
    # If the first row is enough, the cut is after it.
    place = max(1, enough - 1)
    name = f"{place:,} rows and the one after them" if place > 1 else "two single rows"
    return try_split(trial, cut_in_two(name, take(rows, range(place + 1)), place))


def _finds(op: str, value: Any, whole: Any) -> bool:
    """Return whether a value over a part has something of that over the whole."""
    if op in {"concat", "count"}:
        return hasattr(value, "__len__") and len(value) > 0
    flat, wanted = flatten(value), flatten(whole)
    if flat is None or wanted is None:
        return False
    if op == "sum":
        return any(map(is_amount, flat.values()))
    return any(
        not is_missing(item) and label in wanted and item == wanted[label]
        for label, item in flat.items()
    )
