"""Rehearses a cell on a few rows of its source.

The values of the cell over parts of some rows have to combine to its value over all of
them, and the columns that it seems to need have to give the same value as all columns
do.
"""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.cells.names import find_global_names
from jupyter_memkit.techniques.chunked.body import INFO_NAME, CellBody
from jupyter_memkit.techniques.chunked.plan import is_rereadable
from jupyter_memkit.techniques.chunked.rehearsal.agreement import find_agreement
from jupyter_memkit.techniques.chunked.rehearsal.group_keys import guess_keys
from jupyter_memkit.techniques.chunked.rehearsal.not_rehearsed import NotRehearsedError
from jupyter_memkit.techniques.chunked.rehearsal.probes import read_probe, thin
from jupyter_memkit.techniques.chunked.rehearsal.statistics import reject_statistic
from jupyter_memkit.techniques.chunked.rehearsal.trial import Trial, is_same
from jupyter_memkit.techniques.chunked.rehearsal.value_agreement import JUDGED
from jupyter_memkit.techniques.chunked.results.combine import ALIGNED
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import Source

# Trying a cell on more columns that it does not name would take too long.
_MOST_OTHERS = 64

_EFFECT_WIDTH = 60

_NOT_CHECKED = (
    "The cell was not tested on sample rows ({why}), so it is not known whether its "
    "values combine correctly."
)
_IS_UNSTABLE = (
    "the cell returns a different value each time for the same rows, as if it used "
    "random numbers or a clock"
)
_NEEDS_ALL_COLUMNS = (
    "All columns are read, because the cell returns a different value when only the "
    "columns found in its code are read."
)
_FAILS_WITHOUT = (
    "All columns are read, because the cell fails when only the columns found in its "
    "code are read."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """The findings of a rehearsal.

    Attributes
    ----------
    settings : Settings
        How the source will be read.
    keys : tuple of str
        The columns of the cell's frames that are keys.
    notes : tuple of str
        Notes for the user.
    """

    settings: Settings
    keys: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def rehearse(
    source: Source,
    settings: Settings,
    body: CellBody,
    op: str | Callable[[Any, Any], Any] | None,
    *,
    tries: bool = True,
) -> Rehearsal:
    """Try a cell on a few rows, if it is proven to have no effect.

    Parameters
    ----------
    source : Source
        The source of the run.
    settings : Settings
        How it will be read.
    body : CellBody
        The cell.
    op : str or callable, optional
        The reduction.
    tries : bool
        Whether the cell may be called; otherwise only its code is judged.

    Raises
    ------
    ReduceError
        If the values of parts do not combine to that of the whole.
    """
    found = Rehearsal(settings=settings)
    if not body.has_value:
        return found
    judged = op if isinstance(op, str) and op in JUDGED else None
    if judged is None and not settings.is_pruned:
        return found
    if not tries:
        return _judge_code(found, body, judged)
    try:
        _check_repeatable(body, source)
        return _try_cell(source, settings, body, judged)
    except NotRehearsedError as why:
        found = _judge_code(found, body, judged)
        notes = found.notes
        if judged is not None and str(why):
            notes = (*notes, _NOT_CHECKED.format(why=why))
        return dataclasses.replace(found, notes=notes)


def _try_cell(
    source: Source, settings: Settings, body: CellBody, judged: str | None
) -> Rehearsal:
    """Rehearse with the fewest columns with which the cell succeeds."""
    trial = Trial(body)
    for tried, columns in _find_attempts(trial, source, settings):
        probe = read_probe(source, dataclasses.replace(tried, columns=columns))
        rows = trial.choose_rows(_select(probe, tried, source))
        if rows is not None:
            break
    else:
        raise NotRehearsedError
    if not trial.is_stable:
        raise NotRehearsedError(_IS_UNSTABLE)
    found = Rehearsal(settings=tried)
    if tried.is_pruned:
        found = _check_columns(found, trial, rows, thin(probe, len(rows)))
    elif settings.is_pruned:
        found = dataclasses.replace(found, notes=(_FAILS_WITHOUT,))
    if judged is None:
        return found
    agreement = find_agreement(judged, trial, rows)
    notes = (*found.notes, *agreement.notes)
    return dataclasses.replace(found, keys=agreement.keys, notes=notes)


def _find_attempts(
    trial: Trial, source: Source, settings: Settings
) -> Iterator[tuple[Settings, tuple[str, ...] | None]]:
    """Yield the settings to try a cell with, and the columns to read for it.

    The cell may need columns that its code does not name, so more follow.
    """
    yield settings, (columns := _choose_columns(trial, source, settings))
    if columns is not None:
        yield settings, None
    if settings.is_pruned:
        yield from _find_attempts(trial, source, settings.with_all_columns())


def _check_repeatable(body: CellBody, source: Source) -> None:
    """Reject cells that may have an effect, and sources that can be read only once."""
    why = None
    if (effect := body.effect) is not None:
        shown = textwrap.shorten(effect, _EFFECT_WIDTH, placeholder="...")
        why = f"the cell may have an effect ({shown})"
    elif INFO_NAME in find_global_names(body.tree)[0]:
        why = f"the cell reads {INFO_NAME}, which differs from chunk to chunk"
    elif not is_rereadable(source):
        why = f"{source.name} can be read only once"
    if why is not None:
        raise NotRehearsedError(why)


def _choose_columns(
    trial: Trial, source: Source, settings: Settings
) -> tuple[str, ...] | None:
    """Return the columns to try a cell on; of many, those that it names and some."""
    if settings.columns is not None and not settings.is_pruned:
        return settings.columns
    names = source.columns() or ()
    used = trial.words.union(settings.columns or ())
    others = [name for name in names if name not in used]
    if len(others) <= _MOST_OTHERS:
        return None
    chosen = {*used, *others[:: len(others) // _MOST_OTHERS + 1]}
    return tuple(name for name in names if name in chosen)


def _select(probe: Any, settings: Settings, source: Source) -> Any:
    """Return the columns of a probe that the cell will see."""
    if not settings.is_pruned or settings.columns is None:
        return probe
    # A table without columns has no rows, so sources read one.
    columns = list(settings.columns or (source.columns() or ())[:1])
    # For polars' own select, a name such as * is a pattern.
    return probe.select(columns) if hasattr(probe, "column_names") else probe[columns]


def _check_columns(
    found: Rehearsal, trial: Trial, rows: Any, complete: Any
) -> Rehearsal:
    """Choose all columns if the cell returns another value over them."""
    one, other = trial.call(rows), trial.call(complete)
    if other and not (one and is_same(one[0], other[0])):
        settings = found.settings.with_all_columns()
        notes = (*found.notes, _NEEDS_ALL_COLUMNS)
        return dataclasses.replace(found, settings=settings, notes=notes)
    return found


def _judge_code(found: Rehearsal, body: CellBody, op: str | None) -> Rehearsal:
    """Reject statistics that the code alone shows, and take the keys from it."""
    if op is None:
        return found
    reject_statistic(op, body)
    keys = guess_keys(body) if op in ALIGNED else ()
    return dataclasses.replace(found, keys=keys)
