"""Whether the values over parts of some rows combine to the value over all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.rehearsal.group_keys import propose_keys
from jupyter_memkit.techniques.chunked.rehearsal.not_rehearsed import (
    NotRehearsedError,
)
from jupyter_memkit.techniques.chunked.rehearsal.proof import is_proven
from jupyter_memkit.techniques.chunked.rehearsal.repeated import check_repeated
from jupyter_memkit.techniques.chunked.rehearsal.row_agreement import (
    check_rows,
)
from jupyter_memkit.techniques.chunked.rehearsal.statistics import (
    reject_choice,
    reject_statistic,
    sorts,
)
from jupyter_memkit.techniques.chunked.rehearsal.trial import Trial
from jupyter_memkit.techniques.chunked.rehearsal.tried import Tried
from jupyter_memkit.techniques.chunked.rehearsal.trying import try_splits
from jupyter_memkit.techniques.chunked.rehearsal.value_agreement import (
    compare,
    is_comparable,
    is_nothing,
    keeps_order,
)
from jupyter_memkit.techniques.chunked.results.combine import (
    ALIGNED,
    reject_partial,
)

# The reduction that joins rows, by which partial statistics are judged too.
_ROWS = "concat"

_NOTHING_FOUND = (
    "The cell returns nothing for the sample rows, or the same for all of them, so it "
    "is not known whether its values combine correctly."
)
_SORTED_BY_CHUNK = (
    "each chunk is sorted separately, so the joined rows are not; sort the result of "
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
_IN_NO_ORDER = (
    "The result is not in the order that the cell gives to each chunk; sort it after "
    "the run."
)


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
    tried = list(try_splits(op, trial, rows, varies=not is_known))
    if not tried:
        why = "the cell fails on parts of the first rows"
        raise NotRehearsedError(why)
    if trial.partial is not None:
        if op != "merge":
            reject_partial(trial.partial)
        op = _ROWS
    reject_choice(op, trial.body)
    compare = _compare_rows if op == _ROWS else _compare_values
    agreement = compare(op, tried, trial)
    if is_known:
        return agreement
    is_repeated = check_repeated(op, agreement.keys, trial, rows)
    if _agree_by_chance(op, tried):
        reject_statistic(op, trial.body)
        if not is_repeated:
            notes = (*agreement.notes, _NOTHING_FOUND)
            return replace(agreement, notes=notes)
    return agreement


def _compare_values(op: str, tried: list[Tried], trial: Trial) -> Agreement:
    whole = tried[0].whole
    proposed = propose_keys(trial.body, whole) if op in ALIGNED else iter([()])
    first_error: ReduceError | None = None
    for keys in proposed:
        error = _find_error(op, keys, tried, trial)
        if error is None and op != "count" and not is_comparable(op, keys, whole):
            why = f"values of type {type(whole).__name__} cannot be compared"
            raise NotRehearsedError(why)
        if error is None:
            return Agreement(keys=keys, notes=_note_order(op, keys, tried, trial))
        first_error = first_error or error
    assert first_error is not None, "there is always a proposal"
    raise first_error


def _note_order(
    op: str, keys: tuple[str, ...], tried: list[Tried], trial: Trial
) -> tuple[str, ...]:
    """Return a note if the combined value of a cell that sorts is in no order."""
    # Counts of polars and pyarrow are in no order.
    counts = ("value_counts",) if hasattr(tried[0].split.whole, "iloc") else ()
    if op not in ALIGNED or not sorts(trial.body.tree, *counts):
        return ()
    are_in_order = all(
        keeps_order(op, keys, each) for each in tried if each.split.keeps_order
    )
    return () if are_in_order else (_IN_NO_ORDER,)


def _compare_rows(_op: str, tried: list[Tried], trial: Trial) -> Agreement:
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


def _find_error(
    op: str, keys: tuple[str, ...], tried: list[Tried], trial: Trial
) -> ReduceError | None:
    try:
        for each in tried:
            compare(op, keys, each, trial)
    except ReduceError as error:
        return error
    return None


def _agree_by_chance(op: str, tried: list[Tried]) -> bool:
    """Return whether any cell would agree: it finds nothing, or always the same."""
    return all(is_nothing(op, each) for each in tried)
