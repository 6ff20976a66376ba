"""Hints that save memory or time, each with the line that does it.

They are found when somebody asks, from the variables that there are then and the
accounts of the last cells; a cell pays nothing for them. When a rule runs out of its
time, the hints say that they are not all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.records import Record
from jupyter_memkit.track.cells import CellRecord
from jupyter_memkit.track.collector_costs import find_collector_costs
from jupyter_memkit.track.leaks.small_views import find_small_views
from jupyter_memkit.track.variables import user_variables
from jupyter_memkit.units import format_duration

AdviceKind = Literal["collector", "dtype", "numbers", "view"]

# Returns the parts of a value with their dtypes and bytes before and after `%shrink`;
# calls the function with each number of values that it has looked at.
Preview = Callable[[Any, Callable[[int], object]], Sequence[Any]]

_NUMBERS_S = 0.25
_SHRINKING_S = 2.0
# What saves less is not worth a line.
_LEAST_BYTES = 1024 * 1024
_LEAST_SAVED_S = 0.5

_BATCH = 100_000
# So many columns are named in one hint.
_NAMED_COLUMNS = 3


class _OutOfTimeError(Exception):
    """Ends a look at a value in its middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice(Record):
    """A hint, and the line that follows it.

    Attributes
    ----------
    kind : str
        Which rule gave it.
    variable : str or None
        What it is about; None for a cell.
    text : str
        What was seen, in one sentence.
    bytes_now, bytes_after : int or None
        What the variable holds, and would hold; None where time is to be won.
    cure : str
        The line that does it.
    """

    kind: AdviceKind
    variable: str | None
    text: str
    bytes_now: int | None
    bytes_after: int | None
    cure: str


_Rule = Callable[[str, Any, float], Iterator[Advice]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advices(Record):
    """All hints, the largest saving first.

    Attributes
    ----------
    advices : tuple of Advice
        The hints.
    complete : bool
        Whether all variables were looked at, or time was up before.
    """

    advices: tuple[Advice, ...]
    complete: bool = True


def find_advice(
    shell: Any, cells: Sequence[CellRecord] = (), preview: Preview | None = None
) -> Advices:
    """Find what would save memory or time.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        Whose variables are looked at.
    cells : sequence of CellRecord
        The accounts of cells, the latest last.
    preview : callable, optional
        Finds what ``%shrink`` would make of a value, so that the hint is what the cure
        does; without it there are no hints about dtypes.

    Returns
    -------
    Advices
        The largest saving first, then what saves time.
    """
    variables = user_variables(shell)
    found = list(_advise_pausing(cells, shell))
    found += _advise_copies(variables)
    complete = True
    rules: list[tuple[_Rule, float]] = [(_advise_arrays, _NUMBERS_S)]
    if preview is not None:
        rules.append((partial(_advise_dtypes, preview), _SHRINKING_S))
    for rule, budget_s in rules:
        deadline_s = time.perf_counter() + budget_s
        try:
            for name, value in variables.items():
                found += rule(name, value, deadline_s)
        except _OutOfTimeError:
            complete = False
    found.sort(key=lambda each: (each.bytes_after or 0) - (each.bytes_now or 0))
    return Advices(advices=tuple(found), complete=complete)


def _check_time(deadline_s: float) -> None:
    if time.perf_counter() > deadline_s:
        raise _OutOfTimeError


def _advise_pausing(cells: Sequence[CellRecord], shell: Any) -> Iterator[Advice]:
    for cost in find_collector_costs(cells, shell).costs:
        cell = cost.cell
        if cost.saved_s >= _LEAST_SAVED_S:
            took, of = format_duration(cell.gc_s), format_duration(cell.duration_s)
            where = (
                f"cell [{cell.execution_count}]" if cell.execution_count else "a cell"
            )
            yield Advice(
                kind="collector",
                variable=None,
                text=f"the garbage collector took {took} of the {of} of {where}",
                bytes_now=None,
                bytes_after=None,
                cure="%%gc_pause",
            )


def _advise_arrays(name: str, value: Any, deadline_s: float) -> Iterator[Advice]:
    """Advise an array for a list of nothing but numbers."""
    if type(value) is not list or len(value) * 8 < _LEAST_BYTES:
        return
    kind = type(value[0])
    if kind not in (bool, float, int):
        return
    # Batch by batch: a list of ten million takes its time.
    for start in range(0, len(value), _BATCH):
        batch = value[start : start + _BATCH]
        _check_time(deadline_s)
        if set(map(type, batch)) != {kind}:
            return
        if kind is int and not -(2**63) <= min(batch) <= max(batch) < 2**63:
            return
    item_bytes = 1 if kind is bool else 8
    yield from _save(
        Advice(
            kind="numbers",
            variable=name,
            text=f"{name} is a list of {len(value):,} numbers ({kind.__name__})",
            bytes_now=sizeof(value, exact=False).bytes,
            bytes_after=len(value) * item_bytes + 112,
            cure=f"%to_numpy {name}",
        )
    )


def _advise_dtypes(
    preview: Preview, name: str, value: Any, deadline_s: float
) -> Iterator[Advice]:
    """Advise what `%shrink` would make of an array or a frame."""
    _check_time(deadline_s)
    parts = preview(value, lambda _: _check_time(deadline_s))
    smaller = [part for part in parts if part.after_bytes < part.before_bytes]
    if not smaller:
        return
    smaller.sort(key=lambda part: part.after_bytes - part.before_bytes)
    changes = [
        f"{part.label} {part.before_dtype} → {part.after_dtype}".strip()
        for part in smaller[:_NAMED_COLUMNS]
    ]
    more = len(smaller) - _NAMED_COLUMNS
    rest = f" and {more} more" if more > 0 else ""
    bytes_now = sizeof(value, exact=False).bytes
    saved_bytes = sum(part.before_bytes - part.after_bytes for part in smaller)
    yield from _save(
        Advice(
            kind="dtype",
            variable=name,
            text=f"{name} fits into smaller dtypes: {', '.join(changes)}{rest}",
            bytes_now=bytes_now,
            bytes_after=max(0, bytes_now - saved_bytes),
            cure=f"%shrink {name}",
        )
    )


def _advise_copies(variables: Mapping[str, Any]) -> Iterator[Advice]:
    """Advise a copy of a small view of a big array."""
    for view in find_small_views(variables):
        if view.has_objects:
            # Their bytes are not known without a walk, which %memleaks does.
            continue
        yield Advice(
            kind="view",
            variable=", ".join(view.names),
            text=f"{', '.join(view.names)}: a small view that keeps the array that it "
            "was cut from",
            bytes_now=view.base_bytes,
            bytes_after=view.view_bytes,
            cure=view.cure,
        )


def _save(advice: Advice) -> Iterator[Advice]:
    """Yield what saves enough."""
    assert advice.bytes_now is not None, "about memory"
    assert advice.bytes_after is not None, "likewise"
    saved_bytes = advice.bytes_now - advice.bytes_after
    if saved_bytes >= max(_LEAST_BYTES, advice.bytes_now // 4):
        yield advice
