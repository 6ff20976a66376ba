"""Watches whether a deleted value is freed, with its memory."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Collection
from itertools import chain
from typing import Any

from jupyter_memkit.measure.holder_buffers import Block, join_blocks, read_blocks
from jupyter_memkit.measure.large_parts import find_large_parts
from jupyter_memkit.measure.sizes.buffers import BufferLedger
from jupyter_memkit.measure.sizes.loaded import derives_from
from jupyter_memkit.measure.sizes.parts import DISK, UNTOUCHED
from jupyter_memkit.techniques.variables.forget import is_atom


class Watch:
    """Watches a value and its large blocks of memory.

    Parameters
    ----------
    name : str
        The variable.
    value : object
        Its value, held only if it is a list or the like, which cannot be held weakly.
    ends : collection of object
        Objects that are not part of it.
    """

    def __init__(self, name: str, value: Any, ends: Collection[Any]) -> None:
        self.name = name
        self._find = _watch(value)
        self._parts = [] if is_atom(value) else find_large_parts(value, ends)
        self._blocks = [(part, read_blocks([part.part()])) for part in self._parts]

    @property
    def has_value(self) -> bool:
        """Whether anything other than this watch may hold the value."""
        if self._find() is None or is_atom(self._find()):
            return False
        is_weak = type(self._find) is weakref.ref
        return is_weak or _count(self._find) > _count(_watch([]))

    @property
    def holds_value(self) -> bool:
        """Whether this watch holds the value, as it must for a list or the like."""
        return type(self._find) is not weakref.ref and self._find is not _find_nothing

    def find_alive(self) -> list[Any]:
        """Return the value and the owners of its blocks that are still held."""
        alive = [self._find()] if self.has_value else []
        for part in self._parts:
            alive += part.alive
        return alive

    def find_blocks(self) -> list[Block]:
        """Return the blocks whose owner was freed, but which may be in use."""
        if self.has_value:
            return []
        gone = (blocks for part, blocks in self._blocks if not part.alive)
        return join_blocks(chain.from_iterable(gone))

    def find_lent_blocks(self) -> list[Block]:
        """Return the blocks of arrays that live, which a tensor may use unseen."""
        alive = (part.part() for part in self._parts)
        return read_blocks(alive, lambda kind: derives_from(kind, "numpy", "ndarray"))

    def count_bytes(self) -> int:
        """Return the size of the blocks that are still held, each once."""
        alive = {id(part.owner()): part for part in self._parts if part.alive}
        ledger = BufferLedger()
        for part in alive.values():
            for buffer in part.buffers:
                ledger.add(buffer, 0, fold=0, weight=1.0)
        totals, _ = ledger.settle()
        shown = sum(
            sum(total.bytes_by_fold.values())
            for (_, device), total in totals.items()
            if device not in (DISK, UNTOUCHED)
        )
        return round(shown) + sum(part.own_bytes for part in alive.values())

    def let_go(self) -> None:
        """Stop holding the value, so that the blocks of a list can be freed."""
        if self.holds_value:
            self._find = _find_nothing


def _watch(value: Any) -> Callable[[], Any]:
    """Return a callable that returns the value, and holds it only if unavoidable."""
    try:
        return weakref.ref(value)
    except TypeError:
        # Lists and dicts do not support weak references.
        return lambda: value


def _count(find: Callable[[], Any]) -> int:
    return sys.getrefcount(find())


def _find_nothing() -> None:
    """Find nothing, in place of a value that was released."""
