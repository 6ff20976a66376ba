"""Hints that save memory or time, each with the line that does it.

They are found when somebody asks, from the variables that there are then and the
accounts of the last cells; a cell pays nothing for them. A rule that runs out of its
time gives up quietly.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.measure.sizes.registry import name_type
from jupyter_memkit.records import Record
from jupyter_memkit.track.cells import CellRecord
from jupyter_memkit.track.collector_costs import find_collector_costs
from jupyter_memkit.track.small_views import find_small_views
from jupyter_memkit.track.variables import user_variables
from jupyter_memkit.units import format_duration

AdviceKind = Literal["category", "collector", "dtype", "numbers", "view"]

_RULE_S = 0.25
# What saves less is not worth a line.
_LEAST_BYTES = 1024 * 1024
_LEAST_SAVED_S = 0.5

_SAMPLE = 1000
_BATCH = 100_000
# A column with so many different texts among all is no category.
_MOST_DIFFERENT = 0.1

_INTEGERS = {"i": ("int8", "int16", "int32"), "u": ("uint8", "uint16", "uint32")}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Advices(Record):
    """All hints, the largest saving first.

    Attributes
    ----------
    advices : tuple of Advice
        The hints.
    """

    advices: tuple[Advice, ...]


def find_advice(shell: Any, cells: Sequence[CellRecord] = ()) -> Advices:
    """Find what would save memory or time.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        Whose variables are looked at.
    cells : sequence of CellRecord
        The accounts of cells, the latest last.

    Returns
    -------
    Advices
        The largest saving first, then what saves time.
    """
    variables = user_variables(shell)
    found = list(_advise_pausing(cells, shell))
    found += _advise_copies(variables)
    for rule in (_advise_arrays, _advise_categories, _advise_dtypes):
        deadline_s = time.perf_counter() + _RULE_S
        for name, value in variables.items():
            if time.perf_counter() > deadline_s:
                break
            found += rule(name, value, deadline_s)
    found.sort(key=lambda each: (each.bytes_after or 0) - (each.bytes_now or 0))
    return Advices(advices=tuple(found))


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
        if time.perf_counter() > deadline_s or set(map(type, batch)) != {kind}:
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


def _advise_categories(name: str, value: Any, _deadline_s: float) -> Iterator[Advice]:
    """Advise categories for a column of few different texts."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return
    if type(value) is pandas.DataFrame:
        if not value.columns.is_unique:
            return
        columns = [(f"{name}[{column!r}]", value[column]) for column in value.columns]
    elif type(value) is pandas.Series:
        columns = [(name, value)]
    else:
        return
    for label, column in columns:
        if len(column) < _SAMPLE or str(column.dtype) not in (
            "object",
            "str",
            "string",
        ):
            continue
        draw = random.Random(0)  # noqa: S311 - no secret
        places = [draw.randrange(len(column)) for _ in range(_SAMPLE)]
        drawn = column.array.take(places)
        if not all(type(each) in (str, float, type(None)) for each in drawn):
            continue
        different = len({each for each in drawn if type(each) is str})
        if different > _SAMPLE * _MOST_DIFFERENT:
            continue
        code_bytes = 1 if different < 100 else 2
        yield from _save(
            Advice(
                kind="category",
                variable=name,
                text=f"{label} holds about {different} different texts in "
                f"{len(column):,} rows",
                bytes_now=sizeof(column.array, exact=False).bytes,
                bytes_after=len(column) * code_bytes + different * 100,
                cure=f"{label} = {label}.astype('category')",
            )
        )


def _advise_dtypes(name: str, value: Any, _deadline_s: float) -> Iterator[Advice]:
    """Advise the smallest integers that hold every value of an array."""
    if name_type(type(value)) != "numpy.ndarray" or value.dtype.kind not in "iu":
        return
    if value.base is not None or value.nbytes < _LEAST_BYTES:
        return
    numpy = sys.modules["numpy"]
    lowest, highest = int(value.min()), int(value.max())
    for each in _INTEGERS[value.dtype.kind]:
        info = numpy.iinfo(each)
        if info.min <= lowest and highest <= info.max:
            dtype = numpy.dtype(each)
            break
    else:
        return
    if dtype.itemsize < value.dtype.itemsize:
        yield from _save(
            Advice(
                kind="dtype",
                variable=name,
                text=f"every value of {name} ({value.dtype}) fits into {dtype}",
                bytes_now=value.nbytes,
                bytes_after=value.size * dtype.itemsize,
                cure=f"%shrink {name}",
            )
        )


def _advise_copies(variables: Mapping[str, Any]) -> Iterator[Advice]:
    """Advise a copy of a small view of a big array."""
    for view in find_small_views(variables):
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
