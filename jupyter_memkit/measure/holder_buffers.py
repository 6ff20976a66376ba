"""Finds which objects use blocks of memory that no Python object owns.

A slice of Arrow or polars data keeps whole buffers alive, but not the object that it
was cut from. So the blocks are watched by their addresses, and found again in the sizes
of what the user's names lead to.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.deadlines import deadline_after
from jupyter_memkit.measure.heap import leaving_no_growth
from jupyter_memkit.measure.hidden import find_shell
from jupyter_memkit.measure.holder_roots import find_roots, read_ends
from jupyter_memkit.measure.holder_search import Search
from jupyter_memkit.measure.sizes.kinds import Kinds
from jupyter_memkit.measure.sizes.loaded import read_module_ends
from jupyter_memkit.measure.sizes.parts import RAM, Parts
from jupyter_memkit.measure.sizes.registry import name_library

_LIBRARIES = ("polars", "pyarrow")
# Smaller blocks are not worth a search for what holds them.
_LEAST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """The addresses of a block of memory, from the first to before the last."""

    start: int
    end: int


def owns_unseen(kind: type) -> bool:
    """Return whether the buffers of a type's objects are not Python objects."""
    return name_library(kind) in _LIBRARIES


def read_blocks(
    values: Iterable[Any], is_wanted: Callable[[type], bool] = owns_unseen
) -> list[Block]:
    """Return the large buffers of values of some types, each byte once.

    Parameters
    ----------
    values : iterable of object
        Any objects.
    is_wanted : callable
        Takes a type; by default true for Arrow and polars data.
    """
    kinds = Kinds()
    found: list[Block] = []
    for value in values:
        sizer = kinds[type(value)].sizer
        if sizer is None or not is_wanted(type(value)):
            continue
        # Whatever the sizer of a library raises, nothing is then watched.
        with contextlib.suppress(Exception):
            found += _list_blocks(sizer(value))
    return join_blocks(
        block for block in found if block.end - block.start >= _LEAST_BYTES
    )


def find_users(
    blocks: list[Block],
    *,
    shell: Any = None,
    budget_s: float,
    progress: Callable[[int], object] | None = None,
) -> tuple[list[Any], int, bool]:
    """Find the objects that use blocks of memory.

    Parameters
    ----------
    blocks : list of Block
        The blocks, ascending and apart.
    shell, budget_s, progress
        As in `holders`.

    Returns
    -------
    users : list
        The objects that the user's names lead to; those of modules are not searched.
    n_bytes : int
        The size of the blocks that they use.
    complete : bool
        Whether everything was searched before the time limit.
    """
    shell = shell or find_shell()
    deadline_s = deadline_after(budget_s)
    starts = [block.start for block in blocks]
    used: set[Block] = set()
    users: list[Any] = []

    def meet(value: Any, parts: Parts) -> None:
        """Note an object that uses one of the blocks."""
        met = {
            blocks[place]
            for each in _list_blocks(parts)
            if (place := bisect_left(starts, each.end) - 1) >= 0
            and blocks[place].end > each.start
        }
        if met:
            used.update(met)
            users.append(value)

    with leaving_no_growth():
        roots = [root for root in find_roots(shell) if root.origin != "module"]
        ends = [*read_ends(shell), *read_module_ends()]
        search = Search([], deadline_s, progress, ends=ends, meet=meet)
        search.run(roots)
        n_bytes = sum(block.end - block.start for block in used)
        return users, n_bytes, search.is_complete


def _list_blocks(parts: Any) -> list[Block]:
    """Return the buffers of an object in main memory."""
    if not isinstance(parts, Parts):
        return []
    return [
        Block(each.address, each.address + each.bytes)
        for each in parts.buffers
        if each.device == RAM and each.bytes
    ]


def join_blocks(blocks: Iterable[Block]) -> list[Block]:
    """Return blocks in ascending order, those that overlap as one."""
    joined: list[Block] = []
    for block in sorted(blocks):
        if joined and block.start < joined[-1].end:
            end = max(block.end, joined[-1].end)
            joined[-1] = Block(joined[-1].start, end)
        else:
            joined.append(block)
    return joined
