"""The order of an epoch: which parts a process reads, and in which order."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import partial

from jupyter_memkit.errors import MemkitError, SourceError
from jupyter_memkit.techniques.chunked.libraries import import_library
from jupyter_memkit.techniques.chunked.sources.base import Piece
from jupyter_memkit.techniques.chunked.training.parts import Parts


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
        The seed, by default a random one.
    drop_last : bool
        Whether rows that do not fill the last batch are left out.
    """

    size: int | None = None
    shuffle: int | None = None
    seed: int = field(default_factory=partial(secrets.randbits, 32))
    drop_last: bool = False

    def __post_init__(self) -> None:
        """Check the size of the reservoir."""
        if self.shuffle is None or self.size is None or self.shuffle >= self.size:
            return
        message = (
            f"shuffle={self.shuffle:_} is smaller than a batch of {self.size:,} rows, "
            f"so no batch would be mixed; use shuffle={10 * self.size:_} or more"
        )
        raise MemkitError(message)


def order_pieces(
    parts: Parts, plan: BatchPlan, epoch: int, shard: Shard, *, selects: bool
) -> Generator[tuple[int, Piece], None, None]:
    """Yield the numbered pieces of a shard in the order in which they are read."""
    # Nothing needs its parts, which some sources have to be searched for.
    is_plain = plan.shuffle is None and shard.count == 1 and not selects
    found = None if is_plain else parts.find()
    name = parts.source.name
    if found == ():
        message = f"{name} has no rows; there is nothing to train on"
        raise SourceError(message)
    if shard.count > 1 and found is None:
        message = (
            f"{name} can be read only from start to end, so {shard.count} processes "
            "cannot share it; use num_workers=0, or write it to a Parquet file first"
        )
        raise SourceError(message)
    if found and len(found) < shard.count and not shard.number:
        warnings.warn(
            f"reading of {name} can start at only {len(found)} of its rows, so "
            f"{shard.count - len(found)} of {shard.count} processes read nothing; use "
            "fewer workers, or write it with smaller row groups",
            stacklevel=2,
        )
    if plan.shuffle and not shard.number:
        _warn_of_order(parts, found, plan.shuffle)
    if found is None:
        yield from enumerate(parts.stream())
        return
    # The same in each epoch: processes may count their epochs differently, because one
    # alone was asked for a batch, and still no row is read twice or lost.
    numbers = list(range(shard.number, len(found), shard.count))
    if plan.shuffle:
        rows = sum(piece.rows or parts.rows for piece in found) / len(found)
        at_once = int(plan.shuffle / shard.siblings / rows)
        seed = [plan.seed, epoch, shard.number]
        numbers = _shuffle_evenly(numbers, at_once, seed)
    for number in numbers:
        yield number, found[number]


def _shuffle_evenly(numbers: list[int], at_once: int, seed: list[int]) -> list[int]:
    """Return numbers in random order, such that those in a reservoir are from all over.

    Parameters
    ----------
    numbers : list of int
        The numbers.
    at_once : int
        How many are in a reservoir together: the numbers are divided into as many
        stretches, and each in turn gives one.
    seed : list of int
        The seed.
    """
    numpy = import_library("numpy", "shuffled batches")
    rng = numpy.random.default_rng(seed)
    n_stretches = max(1, min(len(numbers), at_once))
    stretches = numpy.array_split(numbers, n_stretches)
    shuffled = [rng.permutation(each).tolist() for each in stretches if len(each)]
    order: list[int] = []
    while shuffled:
        order += [shuffled[turn].pop() for turn in rng.permutation(len(shuffled))]
        shuffled = [stretch for stretch in shuffled if stretch]
    return order


def _warn_of_order(
    parts: Parts, found: tuple[Piece, ...] | None, reservoir: int
) -> None:
    """Warn if the reservoir is too small for rows to lose their order."""
    total = parts.source.total_rows
    longest = total if found is None else max(piece.rows or 0 for piece in found)
    if longest is not None and longest <= reservoir:
        return
    name = parts.source.name
    how = (
        f"reading of {name} can start only every {longest:,} rows"
        if found is not None
        else f"{name} can be read only from start to end"
    )
    enough = "as many as there are" if longest is None else f"shuffle={longest:_}"
    remedy = "to a Parquet file" if found is None else "with smaller row groups"
    warnings.warn(
        f"{how}, so a reservoir of {reservoir:,} rows leaves the rows largely in "
        f"order; use {enough}, or write it {remedy}",
        stacklevel=2,
    )
