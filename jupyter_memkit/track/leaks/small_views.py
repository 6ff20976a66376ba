"""Finds small views that keep large blocks of memory alive."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from jupyter_memkit.track.leaks.shown import COPY_DEEP, Shown, ShownFinder

SMALL_VIEW = 4
"""A view is small if its base is more than this many times larger."""
# Smaller savings are not worth a hint.
_LEAST_BYTES = 1024 * 1024
# A line with more statements would be hard to read.
_MOST_PLACES = 10


@dataclass(slots=True)
class SmallView:
    """Variables that show a small part of the memory that they keep.

    Attributes
    ----------
    names : tuple of str
        All variables that show any of them.
    bases : list
        The arrays, bytes and byte arrays that they keep.
    view_bytes, base_bytes : int
        What the variables show, and what is kept.
    cure : str
        The line that replaces what they show by copies.
    """

    names: tuple[str, ...]
    bases: list[Any] = field(default_factory=list)
    view_bytes: int = 0
    base_bytes: int = 0
    cure: str = ""

    @property
    def has_objects(self) -> bool:
        """Whether an array refers to objects, which its bytes do not count."""
        dtypes = [getattr(base, "dtype", None) for base in self.bases]
        return any(dtype is not None and dtype.hasobject for dtype in dtypes)


@dataclass(slots=True)
class _Base:
    """A block of memory, and the variables that show parts of it."""

    block: Any
    view_bytes: int = 0
    shown_by: dict[str, list[Shown]] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """Its size."""
        n_bytes: int | None = getattr(self.block, "nbytes", None)
        return len(self.block) if n_bytes is None else n_bytes


def find_small_views(
    variables: Mapping[str, Any], finder: ShownFinder
) -> Iterator[SmallView]:
    """Yield variables that show small parts of blocks that nothing else shows.

    Parameters
    ----------
    variables : mapping of str to object
        The variables: those that refer to arrays, frames, series or memoryviews.
    finder : ShownFinder
        It collects the variables that it skips.

    Yields
    ------
    SmallView
        One for each group of variables that keep the same blocks.
    """
    found: dict[tuple[str, ...], SmallView] = {}
    parts: dict[tuple[str, ...], list[Shown]] = defaultdict(list)
    for base in _find_bases(variables, finder):
        if base.view_bytes * SMALL_VIEW >= base.bytes:
            continue
        names = tuple(base.shown_by)
        view = found.setdefault(names, SmallView(names))
        view.bases.append(base.block)
        view.view_bytes += base.view_bytes
        view.base_bytes += base.bytes
        parts[names] += chain.from_iterable(base.shown_by.values())
    for view in found.values():
        # An array of objects can refer to any amount of memory.
        if view.has_objects or view.base_bytes - view.view_bytes >= _LEAST_BYTES:
            view.cure = _write_cure(view.names, parts[view.names])
            yield view


def _write_cure(names: tuple[str, ...], parts: Iterable[Shown]) -> str:
    """Return the line that copies parts in place, or all if there are many."""
    cures: dict[str, None] = {}
    for part in parts:
        cures[part.write_cure()] = None
        if len(cures) > _MOST_PLACES:
            return "; ".join(COPY_DEEP.format(name) for name in names)
    return "; ".join(cures)


def _find_bases(variables: Mapping[str, Any], finder: ShownFinder) -> Iterable[_Base]:
    """Return the blocks that variables show parts of."""
    bases: dict[int, _Base] = {}
    for name, value in variables.items():
        for shown in finder.find(name, value):
            base = bases.setdefault(id(shown.block), _Base(shown.block))
            base.view_bytes += shown.view_bytes
            base.shown_by.setdefault(name, []).append(shown)
    return bases.values()
