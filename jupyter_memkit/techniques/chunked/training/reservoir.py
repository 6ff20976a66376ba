"""A reservoir of rows: filled with chunks, and handed out in random order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from jupyter_memkit.techniques.chunked.training.rows import (
    count_rows,
    join,
    slice_rows,
    take_rows,
)


def fill_reservoirs(
    chunks: Iterator[Any], rows: int, rng: Any, check: Callable[[Any], object]
) -> Iterator[Any]:
    """Yield full reservoirs in random order until the chunks end; the last is smaller.

    Parameters
    ----------
    chunks : iterator
        The chunks, one after the other.
    rows : int
        The rows of a reservoir.
    rng : numpy.random.Generator
        Its state decides the order.
    check : callable
        Takes the first chunk; it may reject the size of the reservoir.

    Examples
    --------
    >>> import numpy as np
    >>> chunks = iter([[1, 2, 3], [4, 5], [6]])
    >>> list(fill_reservoirs(chunks, 4, np.random.default_rng(0), len))
    [[3, 1, 2, 4], [6, 5]]
    """
    held: list[Any] = []
    n_held, is_first = 0, True
    for chunk in chunks:
        if is_first:
            check(chunk)
            is_first = False
        n_held += count_rows(chunk)
        held.append(chunk)
        # The source can be asked for the next chunk without this one.
        del chunk
        while n_held >= rows:
            n_held -= rows
            yield _take(held, rows, n_held, rng)
    if n_held:
        yield _take(held, n_held, 0, rng)


def _take(held: list[Any], rows: int, rest: int, rng: Any) -> Any:
    """Remove rows from the front of the held chunks, and return them shuffled."""
    joined = join(held)
    held.clear()
    if rest:
        held.append(slice_rows(joined, rows, rows + rest))
        joined = slice_rows(joined, 0, rows)
    return take_rows(joined, rng.permutation(rows))
