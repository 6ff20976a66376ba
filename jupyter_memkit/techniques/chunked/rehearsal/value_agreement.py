"""Compares what a reduction makes of the values over parts with that of the whole."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from jupyter_memkit.techniques.chunked.errors import ReduceError, ShapeError
from jupyter_memkit.techniques.chunked.rehearsal.flattening import (
    Flat,
    find_difference,
    flatten,
    is_amount,
    is_missing,
    tolerance_of,
)
from jupyter_memkit.techniques.chunked.rehearsal.statistics import (
    advise,
    reject_statistic,
)
from jupyter_memkit.techniques.chunked.rehearsal.trial import Trial
from jupyter_memkit.techniques.chunked.rehearsal.tried import Tried
from jupyter_memkit.techniques.chunked.results.combine import (
    ALIGNED,
    Operation,
    Reduction,
    find_operation,
)

# The results of the reductions that are judged, by their names in messages.
JUDGED = {
    "concat": "joined value",
    "count": "count",
    "max": "maximum",
    "merge": "merged value",
    "min": "minimum",
    "sum": "sum",
    "union": "union",
}


def compare(op: str, keys: tuple[str, ...], tried: Tried, trial: Trial) -> None:
    """Compare the combined values over the parts of a split with that over the whole.

    Parameters
    ----------
    op : str
        The reduction.
    keys : tuple of str
        The columns of frames that are keys.
    tried : Tried
        The split and the values.
    trial : Trial
        The cell.

    Raises
    ------
    ReduceError
        If they differ; the message has the numbers.
    """
    operation = find_operation(op, keys)
    try:
        whole = _combine(op, operation, [tried.whole])
        combined = _combine(op, operation, tried.parts)
    except ShapeError:
        # With few rows an array may be shorter; the run rejects another shape.
        return
    except ReduceError:
        # The name of a statistic says more than the type of its values.
        reject_statistic(op, trial.body)
        raise
    parts = [_combine(op, operation, [part]) for part in tried.parts]
    flats = [flatten(value) for value in (combined, whole, *parts)]
    known = [flat for flat in flats if flat is not None]
    if len(known) < len(flats):
        return
    label = find_difference(
        known[0],
        known[1],
        tolerance=max(map(tolerance_of, (combined, whole))),
        scales=known[2:],
        zero=0 if op == "sum" else None,
    )
    if label is None:
        return
    combined_text, whole_text, *values = (_describe(flat, label) for flat in known)
    place = f" for {', '.join(map(str, label))}" if label else ""
    returned = " and ".join(values[:2]) + (" and so on" if len(values) > 2 else "")
    message = (
        f"over {tried.split.name} this cell returns {returned}{place}, whose "
        f"{JUDGED[op]} ({combined_text}) is not the {whole_text} of all these rows "
        f"together; {advise(op, trial.body)}"
    )
    raise ReduceError(message)


def is_comparable(op: str, keys: tuple[str, ...], value: Any) -> bool:
    """Return whether the parts that a value becomes can be compared."""
    return flatten(_combine(op, find_operation(op, keys), [value])) is not None


def keeps_order(op: str, keys: tuple[str, ...], tried: Tried) -> bool:
    """Return whether the combined values are in the order of the whole.

    Those with the same item, such as equal counts, may be in any order.
    """
    operation = find_operation(op, keys)
    flats = []
    for values in ([tried.whole], tried.parts):
        reduction = Reduction(operation)
        for value in values:
            reduction.add(value)
        flats.append(flatten(reduction.result()) or {})
    whole, combined = flats
    return list(whole) == list(combined) or (
        list(whole.values()) == list(combined.values())
    )


def is_nothing(op: str, tried: Tried) -> bool:
    """Return whether the values show nothing: none was found, or all are the same."""
    if op in {"concat", "count"}:
        return hasattr(tried.whole, "__len__") and len(tried.whole) == 0
    values = [tried.whole, *tried.parts]
    if op == "union":
        sets = [_combine(op, find_operation(op, ()), [value]) for value in values]
        return all(part == sets[0] for part in sets)
    whole, *parts = map(flatten, values)
    if whole is None:
        return False
    if op == "sum":
        return not any(map(is_amount, whole.values()))
    # Missing values show nothing, nor do groups that a part of a maximum lacks.
    return all(
        part is not None
        and (op != "merge" or part.keys() == whole.keys())
        and all(
            is_missing(part[label]) or is_missing(item) or part[label] == item
            for label, item in whole.items()
            if label in part
        )
        for part in parts
    )


def _combine(op: str, operation: Operation, values: Iterable[Any]) -> Any:
    reduction = Reduction(operation)
    for value in values:
        reduction.add(value)
    # The part of a frame has its keys in the index, and is compared by them, in any
    # order; that of a dict or a set has markers for NaN, which is not equal to itself.
    is_compared = op in ALIGNED or op in {"merge", "union"}
    return reduction.part if is_compared else reduction.result()


def _describe(flat: Flat, label: tuple[Hashable, ...]) -> str:
    if label not in flat:
        return "nothing"
    item = flat[label]
    return f"{item:.6g}" if isinstance(item, float) else str(item)
