"""Reads an epoch: every row once, in the order of the source or shuffled.

Shuffled, the parts of the source are read in random order into a reservoir, which is
put into random order when it is full, handed out, and filled again. Both orders follow
from the seed and the number of the epoch. A source without parts is read in its own
order, so that a row moves by no more than the reservoir.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

from jupyter_memkit.errors import MemkitError, SourceError
from jupyter_memkit.techniques.chunked.frames.maker import FrameMaker
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_FILES,
    Loaded,
    Piece,
    load_parts,
)
from jupyter_memkit.techniques.chunked.sources.reading import Reader
from jupyter_memkit.techniques.chunked.training.order import (
    WHOLE,
    BatchPlan,
    Shard,
    order_pieces,
)
from jupyter_memkit.techniques.chunked.training.parts import Parts
from jupyter_memkit.techniques.chunked.training.reservoir import fill_reservoirs
from jupyter_memkit.techniques.chunked.training.rows import (
    count_rows,
    cut_batches,
    measure_row,
)
from jupyter_memkit.units import format_bytes, format_given

Select = Callable[[int], bool]
"""Takes the number of a chunk of the source, from 0; returns whether it is read."""


def read_epoch(
    parts: Parts,
    plan: BatchPlan,
    epoch: int,
    *,
    convert: Callable[[Any], Any] | None = None,
    shard: Shard = WHOLE,
    select: Select | None = None,
) -> Generator[Any, None, None]:
    """Yield the batches of an epoch.

    Parameters
    ----------
    parts : Parts
        The source.
    plan : BatchPlan
        How it is cut.
    epoch : int
        The number of the epoch, from 0, on which the shuffled order depends.
    convert : callable, optional
        Converts a block of rows before it is cut into batches.
    shard : Shard
        The share of this process.
    select : callable, optional
        Chooses the chunks that are read.

    Raises
    ------
    MemkitError
        If the reservoir or a batch does not fit in the budget, or no batch is full.
    SourceError
        If the source has no rows, or cannot be shared.
    """
    __tracebackhide__ = True
    name, n_rows, n_batches = parts.source.name, 0, 0

    def converted() -> Iterator[Any]:
        __tracebackhide__ = True
        nonlocal n_rows
        for block in _read_blocks(parts, plan, epoch, shard, select):
            n_rows += count_rows(block)
            ready = [block if convert is None else convert(block)]
            del block
            if count_rows(ready[0]):
                yield ready.pop()

    blocks = converted()
    if plan.size is not None:
        blocks = cut_batches(blocks, plan.size, drop_last=plan.drop_last)
    for batch in blocks:
        n_batches += 1
        yield batch
        del batch
    if n_batches or shard.count > 1 or select is not None:
        return
    if not n_rows:
        message = f"{name} has no rows; there is nothing to train on"
        raise SourceError(message)
    message = (
        f"{name} has {n_rows:,} rows, which do not fill a batch of {plan.size:,}; use "
        "a smaller size, or drop_last=False"
    )
    raise MemkitError(message)


def _read_blocks(
    parts: Parts, plan: BatchPlan, epoch: int, shard: Shard, select: Select | None
) -> Generator[Any, None, None]:
    """Yield blocks of rows: the chunks of the source, or full reservoirs."""
    pieces = order_pieces(parts, plan, epoch, shard, selects=select is not None)
    request = parts.request()
    make = FrameMaker(parts.source.name, request)
    reader = Reader(
        _load(pieces, parts.rows, select),
        _keep if plan.shuffle else make,
        ahead=parts.source.backend == FROM_FILES,
    )
    try:
        blocks = _read(reader)
        if plan.shuffle:
            rows = max(plan.size or 1, plan.shuffle // shard.siblings)
            numpy = import_library("numpy", "shuffled batches")
            rng = numpy.random.default_rng([plan.seed, epoch, shard.number])
            check = partial(_check_room, parts, rows=rows, shard=shard, copies=2)
            for number, block in enumerate(fill_reservoirs(blocks, rows, rng, check)):
                yield make(block, number * rows)
                del block
        else:
            for number, block in enumerate(blocks):
                if not number and plan.size:
                    _check_room(parts, block, rows=plan.size, shard=shard)
                ready = [block]
                del block
                yield ready.pop()
    finally:
        reader.close()
    parts.check_unchanged()


def _load(
    pieces: Generator[tuple[int, Piece], None, None], rows: int, select: Select | None
) -> Generator[Piece, None, None]:
    """Load pieces in chunks, and leave out those that are not selected."""
    try:
        for number, piece in pieces:
            load = piece.load
            del piece
            if not hasattr(load, "parts") and select and not select(number):
                continue  # It need not be read.
            for part, chunk in enumerate(load_parts(load, rows)):
                if select is not None and not select(number + part):
                    del chunk
                    continue
                n_rows, ready = count_rows(chunk), [chunk]
                del chunk
                yield Piece(load=Loaded(ready.pop()), start=None, end=None, rows=n_rows)
    finally:
        pieces.close()


def _read(reader: Reader) -> Iterator[Any]:
    """Yield what a reader makes, while it makes the next."""
    reader.prefetch()
    while (read := reader.read()) is not None:
        reader.prefetch()
        yield read.take()


def _keep(rows: Any, _first_row: int) -> Any:
    return rows


def _check_room(
    parts: Parts, chunk: Any, *, rows: int, shard: Shard, copies: int = 1
) -> None:
    """Raise an error if rows like those of a chunk would not fit in the budget."""
    row_bytes = measure_row(chunk)
    if row_bytes is None:
        return
    total = parts.source.total_rows
    most_rows = rows if total is None else min(rows, -(-total // shard.count))
    each_bytes = row_bytes * copies * shard.siblings
    budget_bytes = parts.settings.memory_bytes
    if most_rows * each_bytes <= budget_bytes:
        return
    what = "a reservoir" if copies > 1 else "a batch"
    message = (
        f"{what} of {rows:,} rows would take about "
        f"{format_bytes(int(most_rows * each_bytes))}, more than the budget of "
        f"{format_given(budget_bytes)}; use at most {int(budget_bytes / each_bytes):_} "
        'rows, or a larger budget, such as memory="2GB"'
    )
    raise MemkitError(message)
