"""Tries a cell on the first rows of its source before anything counts.

Lists of names are always too short, so a cell that has no effect is judged by example:
its values over parts of some rows have to combine to its value over all of them, and
the columns that it seems to need have to give what all columns give.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.techniques.chunked.body import INFO_NAME, CellBody
from jupyter_memkit.techniques.chunked.combine import ALIGNED
from jupyter_memkit.techniques.chunked.effects import find_names
from jupyter_memkit.techniques.chunked.plan import is_rereadable
from jupyter_memkit.techniques.chunked.rehearsal.agreement import JUDGED, find_agreement
from jupyter_memkit.techniques.chunked.rehearsal.group_keys import guess_keys
from jupyter_memkit.techniques.chunked.rehearsal.probes import read_probe, take
from jupyter_memkit.techniques.chunked.rehearsal.statistics import refuse_statistic
from jupyter_memkit.techniques.chunked.rehearsal.trial import Trial, is_same
from jupyter_memkit.techniques.chunked.settings import Settings
from jupyter_memkit.techniques.chunked.sources.base import Source

# To read more columns that the cell does not need would take too long.
_MOST_OTHERS = 24

_IS_UNSTABLE = (
    "Not rehearsed: over the same rows the cell gives another value each time, as it "
    "does where it samples or reads a clock."
)
_MAY_HAVE_EFFECT = (
    "Not rehearsed, because the cell may have an effect ({effect}): whether the "
    "chunks' values combine to the whole's is not checked."
)
_NEEDS_ALL_COLUMNS = (
    "All columns are read: with those that its code shows the cell gives another value."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a rehearsal found.

    Attributes
    ----------
    settings : Settings
        How the source is to be read.
    keys : tuple of str
        The columns of the cell's frames that are keys.
    notes : tuple of str
        What the user should know.
    """

    settings: Settings
    keys: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def rehearse(
    source: Source,
    settings: Settings,
    function: Callable[[Any], Any],
    op: str | Callable[[Any, Any], Any] | None,
    *,
    tries: bool = True,
) -> Rehearsal:
    """Try a cell on a few rows, where it is proven to have no effect.

    Parameters
    ----------
    source : Source
        What will be read.
    settings : Settings
        How.
    function : callable
        What will be called; only a `CellBody` can be rehearsed.
    op : str or callable, optional
        The reduction.
    tries : bool
        Whether the cell may be called; without it only its code is judged.

    Raises
    ------
    ReduceError
        When the values of parts do not combine to that of the whole.
    """
    found = Rehearsal(settings=settings)
    if not isinstance(function, CellBody) or not function.has_value:
        return found
    judged = op if isinstance(op, str) and op in JUDGED else None
    if judged is None and not settings.is_pruned:
        return found
    trial = Trial(function)
    probe = _read(trial, source, settings) if tries else None
    rows = (
        None if probe is None else trial.choose_rows(_select(probe, settings, source))
    )
    if rows is None:
        if tries and judged is not None and function.effect is not None:
            note = _MAY_HAVE_EFFECT.format(effect=function.effect)
            found = dataclasses.replace(found, notes=(note,))
        return _judge_code(found, function, judged)
    if not trial.is_stable:
        found = _judge_code(found, function, judged)
        return dataclasses.replace(found, notes=(_IS_UNSTABLE,))
    if settings.is_pruned:
        found = _check_columns(found, trial, rows, take(probe, range(len(rows))))
    if judged is None:
        return found
    return dataclasses.replace(found, keys=find_agreement(judged, trial, rows))


def _read(trial: Trial, source: Source, settings: Settings) -> Any:
    """Return rows to try the cell on; None where it cannot be tried."""
    body = trial.body
    if (
        body.effect is not None
        or INFO_NAME in find_names(body.tree)
        or not is_rereadable(source)
    ):
        return None
    if settings.is_pruned:
        columns = _add_columns(source, settings)
        settings = dataclasses.replace(settings, columns=columns)
    probe = read_probe(source, settings)
    return None if probe is None or len(probe) < 2 else probe


def _add_columns(source: Source, settings: Settings) -> tuple[str, ...] | None:
    """Return all columns, or of many those that are needed with some of the others."""
    names = source.columns() or ()
    used = settings.columns or ()
    others = [name for name in names if name not in used]
    if len(others) <= _MOST_OTHERS:
        return None
    chosen = {*used, *others[:: len(others) // _MOST_OTHERS + 1]}
    return tuple(name for name in names if name in chosen)


def _select(probe: Any, settings: Settings, source: Source) -> Any:
    """Return the columns of a probe that the cell is to see."""
    if not settings.is_pruned or settings.columns is None:
        return probe
    # Of no column a table has no rows, so that sources read one.
    columns = list(settings.columns or (source.columns() or ())[:1])
    return probe[columns] if hasattr(probe, "iloc") else probe.select(columns)


def _check_columns(
    found: Rehearsal, trial: Trial, rows: Any, complete: Any
) -> Rehearsal:
    """Have all columns read where the cell gives another value over them."""
    one, other = trial.call(rows), trial.call(complete)
    if other and not (one and is_same(one[0], other[0])):
        settings = found.settings.with_all_columns()
        notes = (*found.notes, _NEEDS_ALL_COLUMNS)
        return dataclasses.replace(found, settings=settings, notes=notes)
    return found


def _judge_code(found: Rehearsal, body: CellBody, op: str | None) -> Rehearsal:
    """Refuse what the code alone shows, and take the keys from there."""
    if op is None:
        return found
    refuse_statistic(op, body)
    keys = guess_keys(body) if op in ALIGNED else ()
    return dataclasses.replace(found, keys=keys)
