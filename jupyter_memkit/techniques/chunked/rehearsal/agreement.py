"""Whether the values over parts of some rows combine to the value over all of them."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice, takewhile
from typing import Any

from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.rehearsal.flattening import (
    Flat,
    find_difference,
    flatten,
    is_missing,
    tolerance_of,
)
from jupyter_memkit.techniques.chunked.rehearsal.group_keys import propose_keys
from jupyter_memkit.techniques.chunked.rehearsal.not_rehearsed import (
    NotRehearsedError,
)
from jupyter_memkit.techniques.chunked.rehearsal.probes import (
    Split,
    repeat,
    split,
    split_changed,
    take,
)
from jupyter_memkit.techniques.chunked.rehearsal.proof import is_proven
from jupyter_memkit.techniques.chunked.rehearsal.row_agreement import (
    check_count,
    check_rows,
)
from jupyter_memkit.techniques.chunked.rehearsal.statistics import (
    advise,
    reject_choice,
    reject_statistic,
    sorts,
)
from jupyter_memkit.techniques.chunked.rehearsal.trial import Trial, is_same
from jupyter_memkit.techniques.chunked.results.combine import (
    ALIGNED,
    Operation,
    Reduction,
    find_operation,
)

# The processor time after which only the splits that show most are tried.
_LIMIT_S = 0.03
_FIRST_SPLITS = 3

# How often the rows are repeated at each step and at most, the processor time of a call
# after which they are not repeated more often, and the most bytes of repeated rows.
_STEP = 4
_MOST_TIMES = 64
_LONGEST_S = 0.005
_REPEATED_BYTES = 32 << 20

# The reductions for which the order of the parts matters.
_ORDERED = frozenset({"concat", "merge"})

# The reduction that joins rows, by which partial statistics are judged too.
_ROWS = "concat"

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

_NOTHING_FOUND = (
    "The cell returns nothing for the sample rows, or the same for all of them, so it "
    "is not known whether its values combine correctly."
)
_SORTED_BY_CHUNK = (
    "each chunk is sorted by itself, so the joined rows are not; sort the result of "
    "the run, or add --no-rehearsal to join the values of the chunks as they are"
)
_FIRST_BY_CHUNK = (
    "the first and last rows of the chunks are not those of all rows, because the cell "
    "changes their order; leave the rows as they are, or use min, max, largest or "
    "smallest"
)
_ORDER_OF_CHUNKS = (
    "The joined rows are in the order of the chunks; over all rows at once the cell "
    "returns them in another order."
)


@dataclass(frozen=True, slots=True)
class _Tried:
    """A split, with the values of the cell over the whole and over the parts."""

    split: Split
    whole: Any
    parts: list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How the values over parts combine to the value over the whole.

    Attributes
    ----------
    keys : tuple of str
        The columns of the cell's frames that have to be keys for that.
    notes : tuple of str
        Notes for the user.
    """

    keys: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find_agreement(op: str, trial: Trial, rows: Any) -> Agreement:
    """Compare the values of a cell over parts of some rows with those over all of them.

    Parameters
    ----------
    op : str
        The reduction.
    trial : Trial
        The cell.
    rows : object
        The rows.

    Raises
    ------
    ReduceError
        If they do not agree; the message has the numbers.
    NotRehearsedError
        If they cannot be compared.
    """
    is_known = is_proven(op, trial.body.tree, trial.body.name)
    tried = list(_try_splits(op, trial, rows, varies=not is_known))
    if not tried:
        why = "the cell fails on parts of the first rows"
        raise NotRehearsedError(why)
    if trial.partial is not None:
        if op != "merge":
            message = "partial statistics have to be merged; use --reduce merge"
            raise ReduceError(message)
        op = _ROWS
    reject_choice(op, trial.body)
    compare = _compare_rows if op == _ROWS else _compare_values
    agreement = compare(op, tried, trial)
    if is_known:
        return agreement
    is_repeated = _check_repeated(op, agreement.keys, trial, rows)
    if _agree_by_chance(op, tried):
        reject_statistic(op, trial.body)
        if not is_repeated:
            notes = (*agreement.notes, _NOTHING_FOUND)
            return replace(agreement, notes=notes)
    return agreement


def _compare_values(op: str, tried: list[_Tried], trial: Trial) -> Agreement:
    whole = tried[0].whole
    proposed = propose_keys(trial.body, whole) if op in ALIGNED else iter([()])
    first_error: ReduceError | None = None
    for keys in proposed:
        error = _find_error(op, keys, tried, trial)
        if error is None and op != "count" and not _is_known(op, keys, whole):
            why = f"values of type {type(whole).__name__} cannot be compared"
            raise NotRehearsedError(why)
        if error is None:
            return Agreement(keys=keys)
        first_error = first_error or error
    assert first_error is not None, "there is always a proposal"
    raise first_error


def _is_known(op: str, keys: tuple[str, ...], value: Any) -> bool:
    """Return whether the parts that a value becomes can be compared."""
    return flatten(_combine(op, find_operation(op, keys), [value])) is not None


def _compare_rows(_op: str, tried: list[_Tried], trial: Trial) -> Agreement:
    orders = [
        check_rows(each.split.name, each.whole, each.parts)
        for each in tried
        if each.whole is not None
    ]
    if all(orders) or (trial.partial and not trial.partial.depends_on_order):
        return Agreement()
    if trial.partial:
        raise ReduceError(_FIRST_BY_CHUNK)
    if sorts(trial.body.tree):
        raise ReduceError(_SORTED_BY_CHUNK)
    return Agreement(notes=(_ORDER_OF_CHUNKS,))


def _check_repeated(op: str, keys: tuple[str, ...], trial: Trial, rows: Any) -> bool:
    """Compare the value over repeated rows with as many values over fewer of them.

    A total can exceed a size that the cell asks for only over as many rows as a chunk
    has.

    Returns
    -------
    bool
        Whether the cell finds anything in so many rows.
    """
    levels = list(_call_repeated(trial, rows))
    if not levels:
        return False
    times, repeated, many = levels[-1]
    last = take(repeated, range(len(repeated) - len(rows), len(repeated)))
    small = [trial.call(each) for each in (rows, last)]
    is_known = all(each and each[0] is not None for each in small)
    if not is_known or any(value is None for _, _, value in levels):
        return False
    once, elsewhere = (each[0] for each in small)
    if op in {"concat", "count"}:
        if not hasattr(many, "__len__") or len(once) != len(elsewhere):
            return False
        name = _name_repeated(times, rows)
        check_count(name, len(many), times * len(once))
        return len(many) > 0
    if not is_same(once, elsewhere):
        # It depends on the numbers of the rows.
        return False
    part, tried = rows, _Tried(Split("", rows, ()), once, [])
    for _, repeated, value in levels:
        name = _name_repeated(_STEP, part)
        tried = _Tried(Split(name, repeated, ()), value, [tried.whole] * _STEP)
        _compare(op, keys, tried, trial)
        part = repeated
    return not _is_nothing(op, tried)


def _name_repeated(times: int, rows: Any) -> str:
    return f"{times} repetitions of {len(rows):,} rows"


def _call_repeated(trial: Trial, rows: Any) -> Iterator[tuple[int, Any, Any]]:
    """Call a cell over more and more repetitions, as long as that is quick.

    A cell can take the square of the rows, of time and of memory.

    Yields
    ------
    tuple
        How often the rows are repeated, the repeated rows, and the value.
    """
    # Rows can be as large as images.
    rows_bytes = max(1, sizeof(rows, exact=False).bytes)
    times = _STEP
    while times <= _MOST_TIMES and times * rows_bytes <= _REPEATED_BYTES:
        repeated = repeat(rows, times)
        # Of all threads, because some libraries have their own.
        start_s = time.process_time()
        value = [] if repeated is None else trial.call(repeated)
        if not value:
            return
        yield times, repeated, value[0]
        if time.process_time() - start_s > _LONGEST_S:
            return
        times *= _STEP


def _agree_by_chance(op: str, tried: list[_Tried]) -> bool:
    """Return whether any cell would agree: it finds nothing, or always the same."""
    return all(_is_nothing(op, each) for each in tried)


def _is_nothing(op: str, tried: _Tried) -> bool:
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
        return not any(map(_is_amount, whole.values()))
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


def _is_amount(item: Any) -> bool:
    """Return whether an item is neither 0 nor missing."""
    return not is_missing(item) and bool(item != 0)


def _find_error(
    op: str, keys: tuple[str, ...], tried: list[_Tried], trial: Trial
) -> ReduceError | None:
    try:
        for each in tried:
            _compare(op, keys, each, trial)
    except ReduceError as error:
        return error
    return None


def _try_splits(op: str, trial: Trial, rows: Any, *, varies: bool) -> Iterator[_Tried]:
    splits = split(rows, trial.words)
    first = islice(splits, _FIRST_SPLITS)
    changed = split_changed(rows) if varies else iter(())
    others = takewhile(lambda _: trial.spent_s <= _LIMIT_S, splits)
    for one in chain(first, changed, others):
        if op in _ORDERED and not one.keeps_order:
            continue
        whole = trial.call(one.whole)
        parts = [trial.call(part) for part in one.parts]
        # Some cells fail on few rows, or find nothing in them.
        finds_all = whole and (whole[0] is None or _are_found(parts))
        if finds_all and all(parts):
            yield _Tried(one, whole[0], [part[0] for part in parts])


def _are_found(parts: list[list[Any]]) -> bool:
    """Return whether all parts have values other than None."""
    return all(value is not None for part in parts for value in part)


def _compare(op: str, keys: tuple[str, ...], tried: _Tried, trial: Trial) -> None:
    operation = find_operation(op, keys)
    try:
        whole = _combine(op, operation, [tried.whole])
        combined = _combine(op, operation, tried.parts)
    except ReduceError:
        if _is_array(tried.whole):
            # With few rows an array may be shorter; the run rejects another shape.
            return
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


def _is_array(value: Any) -> bool:
    ndarray = find_loaded("numpy", "ndarray")
    return ndarray is not None and isinstance(value, ndarray)


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
