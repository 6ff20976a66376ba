"""Reads nested sequences: their shape, and their values block by block."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from jupyter_memkit.errors import MemkitError

SEQUENCES = (list, tuple, deque)

# A block stays in the CPU cache between checking its types and packing it.
BLOCK = 8192

# numpy's limit.
_MOST_DIMENSIONS = 64


def is_sequence(value: Any) -> bool:
    """Return whether a value is treated as a row of values."""
    return isinstance(value, SEQUENCES)


def find_shape(values: Sequence[Any]) -> tuple[int, ...]:
    """Return the shape of nested sequences.

    Parameters
    ----------
    values : sequence
        Values, or rows of equal lengths, or rows of those.

    Returns
    -------
    tuple of int
        The length of each dimension.

    Raises
    ------
    MemkitError
        If the rows differ in length or depth, or contain themselves.

    Examples
    --------
    >>> find_shape([(1, 2), (3, 4), (5, 6)])
    (3, 2)
    """
    shape = [len(values)]
    first: Any = next(iter(values), None)
    while is_sequence(first):
        if len(shape) == _MOST_DIMENSIONS:
            message = (
                "the rows are nested endlessly, because one of them contains itself; "
                "remove that one"
            )
            raise MemkitError(message)
        shape.append(_find_length(values, len(shape)))
        first = next(iter(first), None)
    return tuple(shape)


def read_blocks(values: Sequence[Any], depth: int) -> Iterator[list[Any]]:
    """Yield the values of nested sequences in blocks, in order.

    Parameters
    ----------
    values : sequence
        As in `find_shape`.
    depth : int
        The number of their dimensions.

    Yields
    ------
    list
        The next few thousand values.

    Examples
    --------
    >>> list(read_blocks([(1, 2), (3, 4)], depth=2))
    [[1, 2, 3, 4]]
    """
    if depth == 1 and type(values) is list:
        # Faster than iterating.
        for start in range(0, len(values), BLOCK):
            yield values[start : start + BLOCK]
        return
    leaves = iter(_flatten(values, depth))
    while block := list(itertools.islice(leaves, BLOCK)):
        yield block


def _find_length(values: Sequence[Any], depth: int) -> int:
    """Return the common length of all rows at a depth."""
    rows = _flatten(values, depth)
    length: int | None = None
    for number, row in enumerate(rows):
        if not is_sequence(row):
            message = (
                f"row {number} is {type(row).__name__!r}, but other rows are "
                "sequences; make them the same"
            )
            raise MemkitError(message)
        length = len(row) if length is None else length
        if len(row) != length:
            message = (
                f"the rows are ragged: row {number} has length {len(row)}, the first "
                f"has {length}; pad them, or keep one array per row"
            )
            raise MemkitError(message)
    return length or 0


def _flatten(values: Iterable[Any], depth: int) -> Iterable[Any]:
    for _ in range(depth - 1):
        values = itertools.chain.from_iterable(values)
    return values
