"""Reads an epoch: every row once, in the order of the source or shuffled.

Shuffled, the parts of the source are read in random order into a reservoir, which is
put into random order when it is full, handed out, and filled again. Both orders follow
from the seed and the number of the epoch. A source without parts is read in its own
order, so that a row moves by no more than the reservoir.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.errors import MemkitError, SourceError
from jupyter_memkit.techniques.chunked.sources.base import (
    FROM_FILES,
    Loaded,
    Piece,
    load_parts,
)
from jupyter_memkit.techniques.chunked.sources.files import import_library
from jupyter_memkit.techniques.chunked.sources.frames import FrameMaker
from jupyter_memkit.techniques.chunked.sources.reading import Reader
from jupyter_memkit.techniques.chunked.training.parts import Parts
from jupyter_memkit.techniques.chunked.training.rows import (
    count_rows,
    cut_batches,
    join,
    measure_row,
    slice_rows,
    take_rows,
)
from jupyter_memkit.units import format_bytes

Select = Callable[[int], bool]
"""Takes the number of a chunk of the source, from 0; returns whether it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """The share of one process in an epoch.

    Attributes
    ----------
    number, count : int
        Its number, from 0, and that of all shards.
    siblings : int
        How many of them share the memory of this machine.
    """

    number: int = 0
    count: int = 1
    siblings: int = 1


WHOLE = Shard()


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """How an epoch is cut into batches, as `Chunked.batches` explains.

    Attributes
    ----------
    size : int, optional
        The rows of a batch; None is a batch per chunk.
    shuffle : int, optional
        The rows of the reservoir; None is the order of the source.
    seed : int
        The seed.
    drop_last : bool
        Whether rows that do not fill the last batch are left out.
    """

    size: int | None
    shuffle: int | None
    seed: int
    drop_last: bool


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
    name, n_rows, n_batches = parts.source.name, 0, 0

    def converted() -> Iterator[Any]:
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
    pieces = _order(parts, plan, epoch, shard)
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
            yield from _shuffle(parts, blocks, rows, rng, make, shard)
        else:
            for number, block in enumerate(blocks):
                if not number and plan.size:
                    _check_room(parts, block, plan.size, shard, "a batch")
                ready = [block]
                del block
                yield ready.pop()
    finally:
        reader.close()
    parts.check_unchanged()


def _order(
    parts: Parts, plan: BatchPlan, epoch: int, shard: Shard
) -> Generator[tuple[int, Piece], None, None]:
    """Yield the numbered pieces of a shard in the order in which they are read."""
    found = parts.find()
    name = parts.source.name
    if shard.count > 1 and not found:
        message = (
            f"{name} can be read only from start to end, so {shard.count} processes "
            "cannot share it; use num_workers=0, or write it to a Parquet file first"
        )
        raise SourceError(message)
    if found and len(found) < shard.count and not shard.number:
        warnings.warn(
            f"{name} can be entered at {len(found)} places only, so "
            f"{shard.count - len(found)} of {shard.count} processes read nothing; use "
            "fewer workers, or write it with smaller row groups",
            stacklevel=2,
        )
    if plan.shuffle and not shard.number:
        _warn_of_order(parts, plan.shuffle)
    if not found:
        yield from enumerate(parts.stream())
        return
    numbers = range(len(found))
    if plan.shuffle:
        numpy = import_library("numpy", "shuffled batches")
        numbers = numpy.random.default_rng([plan.seed, epoch]).permutation(len(found))
    for number in numbers[shard.number :: shard.count]:
        yield int(number), found[number]


def _warn_of_order(parts: Parts, reservoir: int) -> None:
    """Warn if the reservoir is too small for rows to lose their order."""
    found, total = parts.find(), parts.source.total_rows
    longest = max((piece.rows or 0 for piece in found), default=total)
    if longest is not None and longest <= reservoir:
        return
    where = (
        f"can be entered only every {longest:,} rows"
        if found
        else "can be read only from start to end"
    )
    enough = "as large as the data" if longest is None else f"{longest:_}"
    remedy = "smaller row groups" if found else "a Parquet file"
    warnings.warn(
        f"{parts.source.name} {where}, so a reservoir of {reservoir:,} rows leaves "
        f"much of the order; use shuffle={enough}, or write it to {remedy}",
        stacklevel=2,
    )


def _load(
    pieces: Generator[tuple[int, Piece], None, None], rows: int, select: Select | None
) -> Generator[Piece, None, None]:
    """Load pieces in chunks, and leave out those that are not selected."""
    try:
        for number, piece in pieces:
            load = piece.load
            del piece
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


def _shuffle(  # noqa: PLR0913 - one step of `_read_blocks`
    parts: Parts,
    chunks: Iterator[Any],
    rows: int,
    rng: Any,
    make: FrameMaker,
    shard: Shard,
) -> Iterator[Any]:
    """Fill the reservoir, and yield it in random order, until the chunks end."""
    held: list[Any] = []
    n_held, first_row = 0, 0
    is_checked = False
    while True:
        chunk = next(chunks, None)
        if chunk is not None:
            if not is_checked:
                _check_room(parts, chunk, rows, shard, "a reservoir", copies=2)
                is_checked = True
            held.append(chunk)
            n_held += count_rows(chunk)
        while held and (n_held >= rows or chunk is None):
            size = min(rows, n_held)
            ready = [_take_front(held, size, n_held)]
            n_held -= size
            ready.append(take_rows(ready.pop(), rng.permutation(size)))
            yield make(ready.pop(), first_row)
            first_row += size
        if chunk is None:
            return
        del chunk


def _take_front(held: list[Any], size: int, n_held: int) -> Any:
    """Remove rows from the front of the held chunks, and return them as one."""
    joined = join(held)
    held.clear()
    if size == n_held:
        return joined
    held.append(slice_rows(joined, size, n_held))
    return slice_rows(joined, 0, size)


def _check_room(
    parts: Parts, chunk: Any, rows: int, shard: Shard, what: str, copies: int = 1
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
    message = (
        f"{what} of {rows:,} rows would take about "
        f"{format_bytes(int(most_rows * each_bytes))}, more than the budget of "
        f"{format_bytes(budget_bytes)}; use at most {int(budget_bytes / each_bytes):_} "
        'rows, or a larger budget, such as memory="2GB"'
    )
    raise MemkitError(message)
