"""Compares the value over many repetitions of rows with the values over fewer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.techniques.chunked.errors import ReduceError
from jupyter_memkit.techniques.chunked.rehearsal.probes import (
    Split,
    repeat,
    take,
)
from jupyter_memkit.techniques.chunked.rehearsal.row_agreement import (
    check_count,
)
from jupyter_memkit.techniques.chunked.rehearsal.trial import Trial, is_same
from jupyter_memkit.techniques.chunked.rehearsal.tried import Tried
from jupyter_memkit.techniques.chunked.rehearsal.value_agreement import (
    compare,
    is_nothing,
)

# How often the rows are repeated at each step and at most, the processor time of a call
# after which they are not repeated more often, and the most bytes of repeated rows.
_STEP = 4
_MOST_TIMES = 64
_LONGEST_S = 0.005
_REPEATED_BYTES = 32 << 20


def check_repeated(op: str, keys: tuple[str, ...], trial: Trial, rows: Any) -> bool:
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
    # The last copy alone can begin at a multiple of what the cell divides numbers by.
    begins = (0, len(rows), len(repeated) - len(rows))
    copies = [take(repeated, range(begin, begin + len(rows))) for begin in begins]
    small = [trial.call(copy) for copy in copies]
    is_known = all(each and each[0] is not None for each in small)
    if not is_known or any(value is None for _, _, value in levels):
        return False
    once, *elsewhere = (each[0] for each in small)
    if op in {"concat", "count"}:
        if not hasattr(many, "__len__") or {*map(len, elsewhere)} != {len(once)}:
            return False
        if len(many) != times * len(once):
            # By chance, the copies above may agree in what differs with row numbers.
            counts = [len(part) for part in _call_parts(trial, repeated, times)]
            check_count(_name_repeated(times, rows), len(many), sum(counts))
        return len(many) > 0
    if not all(is_same(once, each) for each in elsewhere):
        # It depends on the numbers of the rows.
        return False
    part, tried = rows, Tried(Split("", rows, ()), once, [])
    for _, repeated, value in levels:
        name = _name_repeated(_STEP, part)
        tried = Tried(Split(name, repeated, ()), value, [tried.whole] * _STEP)
        try:
            compare(op, keys, tried, trial)
        except ReduceError:
            parts = _call_parts(trial, repeated, _STEP)
            compare(op, keys, replace(tried, parts=parts), trial)
        part = repeated
    return not is_nothing(op, tried)


def _call_parts(trial: Trial, rows: Any, count: int) -> list[Any]:
    """Return the values over equal parts of rows, as far as the cell has some."""
    size = len(rows) // count
    begins = range(0, len(rows), size)
    values = [trial.call(take(rows, range(begin, begin + size))) for begin in begins]
    return [value[0] for value in values if value]


def _name_repeated(times: int, rows: Any) -> str:
    return f"{times} repetitions of {len(rows):,} rows"


def _call_repeated(trial: Trial, rows: Any) -> Iterator[tuple[int, Any, Any]]:
    """Call a cell over more and more repetitions while that is quick.

    The time and the memory of a cell can grow with the square of the rows.

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
