"""Rows in any form that chunks have: cut, joined, taken by number, and weighed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.techniques.chunked.sources.cutting import join_rows


def count_rows(rows: Any) -> int:
    """Return the number of rows."""
    if isinstance(rows, tuple):
        return count_rows(rows[0])
    if isinstance(rows, dict):
        return len(next(iter(rows.values()), ()))
    return int(rows.shape[0]) if hasattr(rows, "shape") else len(rows)


def is_sparse(rows: Any) -> bool:
    """Return whether rows are a sparse matrix or array of scipy."""
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and bool(sparse.issparse(rows))


def slice_rows(rows: Any, start: int, stop: int) -> Any:
    """Return the rows from a number up to another, in the same form."""
    if isinstance(rows, tuple):
        return tuple(slice_rows(each, start, stop) for each in rows)
    if rows is None:  # The target of a model that learns without one.
        return None
    if isinstance(rows, dict):
        return {name: values[start:stop] for name, values in rows.items()}
    if hasattr(rows, "iloc"):
        return rows.iloc[start:stop]
    if hasattr(rows, "slice"):
        return rows.slice(start, stop - start)
    return rows[start:stop]


def join(parts: list[Any]) -> Any:
    """Return rows of one form one after the other."""
    first = parts[0]
    if len(parts) == 1:
        return first
    if isinstance(first, tuple):
        return tuple(map(join, map(list, zip(*parts, strict=True))))
    if isinstance(first, dict):
        return {name: join([part[name] for part in parts]) for name in first}
    if is_sparse(first):
        return sys.modules["scipy.sparse"].vstack(parts, format="csr")
    return None if first is None else join_rows(parts)


def take_rows(rows: Any, order: Any) -> Any:
    """Return rows in another order, given as an array of their numbers."""
    if isinstance(rows, list):
        return [rows[number] for number in order.tolist()]
    if hasattr(rows, "unify_dictionaries"):
        # The parts of a category have separate dictionaries.
        return rows.unify_dictionaries().take(order)
    return rows.take(order) if hasattr(rows, "iloc") else rows[order]


def cut_batches(blocks: Iterator[Any], size: int, *, drop_last: bool) -> Iterator[Any]:
    """Cut blocks of rows, all of one form, into batches of a size.

    Parameters
    ----------
    blocks : iterator
        The blocks, one after the other.
    size : int
        The rows of a batch.
    drop_last : bool
        Whether rows at the end that do not fill a batch are left out.

    Yields
    ------
    object
        A batch; it shares the memory of its block, unless it comes from several.

    Examples
    --------
    >>> list(cut_batches(iter([[1, 2, 3], [4], [5, 6]]), 2, drop_last=False))
    [[1, 2], [3, 4], [5, 6]]
    """
    held: list[Any] = []
    n_held = 0
    for block in blocks:
        n_rows, start = count_rows(block), 0
        while n_held + n_rows - start >= size:
            stop = start + size - n_held
            batch = slice_rows(block, start, stop)
            if held:
                batch = join([*held, batch])
                held, n_held = [], 0
            yield batch
            del batch
            start = stop
        if start < n_rows:
            held.append(slice_rows(block, start, n_rows))
            n_held += n_rows - start
        del block
    if held and not drop_last:
        yield join(held)


def measure_row(rows: Any) -> float | None:
    """Return the bytes of a row in memory; None if its form does not show them."""
    if hasattr(rows, "memory_usage"):
        usage = rows.memory_usage(index=False)
        n_bytes = int(usage if isinstance(usage, int) else usage.sum())
    elif hasattr(rows, "estimated_size"):
        n_bytes = rows.estimated_size()
    elif hasattr(rows, "nbytes"):
        n_bytes = rows.nbytes
    else:
        return None
    return float(n_bytes / max(1, count_rows(rows)))
