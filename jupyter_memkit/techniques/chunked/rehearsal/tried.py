"""Calls a cell over some rows, and over parts of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice, takewhile
from typing import Any

from jupyter_memkit.techniques.chunked.rehearsal.probes import (
    Split,
    split,
    split_changed,
)
from jupyter_memkit.techniques.chunked.rehearsal.trial import Trial

# The processor time after which only the most revealing splits are tried.
_LIMIT_S = 0.03
_FIRST_SPLITS = 3

# The reductions for which the order of the parts matters.
_ORDERED = frozenset({"concat", "merge"})


@dataclass(frozen=True, slots=True)
class Tried:
    """A split, with the values of the cell over the whole and over the parts."""

    split: Split
    whole: Any
    parts: list[Any]


def try_splits(op: str, trial: Trial, rows: Any, *, varies: bool) -> Iterator[Tried]:
    """Try a cell on several ways to split rows, while there is time.

    Parameters
    ----------
    op : str
        The reduction.
    trial : Trial
        The cell.
    rows : object
        The rows.
    varies : bool
        Whether to try it on rows with other values, too.
    """
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
            yield Tried(one, whole[0], [part[0] for part in parts])


def _are_found(parts: list[list[Any]]) -> bool:
    """Return whether all parts have values other than None."""
    return all(value is not None for part in parts for value in part)
