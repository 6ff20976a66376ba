"""Reads nested sequences: their shape, and their values block by block."""

from __future__ import annotations

import itertools
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.sizes.raw_reads import read_dict, read_mro
from jupyter_memkit.techniques.arrays.type_names import name_plain

SEQUENCES = (list, tuple, deque)

# Returns a fresh iterator over values, in blocks.
Blocks = Callable[[], Iterator[list[Any]]]

# A block stays in the CPU cache between checking its types and packing it.
BLOCK = 8192

# numpy's limit.
_MOST_DIMENSIONS = 64


def is_sequence(value: Any) -> bool:
    """Return whether a value is treated as a row of values.

    A subclass is not: it may hold more than its values, and its methods are its own.
    """
    kind = type(value)
    return kind is list or kind is tuple or kind is deque


def is_mapping(value: Any) -> bool:
    """Return whether a value is a dict, or one of the standard library's kinds."""
    kind = type(value)
    return kind is dict or kind is OrderedDict or kind is defaultdict


def read_fields(kind: type) -> tuple[str, ...] | None:
    """Return the names of the fields of a named tuple's type; None for other types.

    Examples
    --------
    >>> from collections import namedtuple
    >>> read_fields(namedtuple("Point", "x y"))
    ('x', 'y')
    """
    if not issubclass(kind, tuple):
        return None
    for base in read_mro(kind):
        names = read_dict(base).get("_fields")
        if type(names) is tuple and all(type(each) is str for each in names):
            return names
    return None


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
                f"row {number} is {name_plain(type(row))!r}, but other rows are "
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
