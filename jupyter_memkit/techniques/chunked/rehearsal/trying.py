"""Chooses the ways to split rows on which a cell is tried."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice, takewhile
from typing import Any

from jupyter_memkit.techniques.chunked.rehearsal.contrasts import split_contrasts
from jupyter_memkit.techniques.chunked.rehearsal.first_found import (
    cut_at_first_found,
)
from jupyter_memkit.techniques.chunked.rehearsal.probes import (
    split,
    split_changed,
)
from jupyter_memkit.techniques.chunked.rehearsal.trial import Trial
from jupyter_memkit.techniques.chunked.rehearsal.tried import Tried, try_split

# The processor time after which only the most revealing splits are tried.
_LIMIT_S = 0.03
_FIRST_SPLITS = 4  # With rows sorted by a column, which show a choice among counts.
_FIRST_CONTRASTS = 2

# The reductions for which the order of the parts matters.
_ORDERED = frozenset({"concat", "merge"})


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
    changed = split_changed(rows, trial.words) if varies else iter(())
    contrasts = split_contrasts(rows, trial.words) if varies else iter(())
    certain = chain(first, changed, islice(contrasts, _FIRST_CONTRASTS))
    others = takewhile(lambda _: trial.spent_s <= _LIMIT_S, chain(contrasts, splits))
    is_cut = not varies
    for one in chain(certain, others):
        if op in _ORDERED and not one.keeps_order:
            continue
        tried = try_split(trial, one)
        # In rows that were chosen or changed, the cell may find nothing.
        if tried is None or (tried.whole is None and one.whole is not rows):
            continue
        yield tried
        if not is_cut:
            is_cut = True
            cut = cut_at_first_found(op, trial, tried)
            if cut is not None:
                yield cut
