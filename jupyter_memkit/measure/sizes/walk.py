"""Walks from variables to everything they refer to, level by level, and adds it up.

An exact walk visits every object. An estimate visits a few thousand of each level,
drawn by `sampling`; the weight of an object is the number of objects it represents.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

from jupyter_memkit.measure.deadlines import has_passed
from jupyter_memkit.measure.sizes.addresses import BATCH, AddressMap
from jupyter_memkit.measure.sizes.allocation import allocated, allocated_together
from jupyter_memkit.measure.sizes.buffers import BufferLedger
from jupyter_memkit.measure.sizes.giants import GiantFinder
from jupyter_memkit.measure.sizes.identity import sort_by_type
from jupyter_memkit.measure.sizes.kinds import Kind, Kinds
from jupyter_memkit.measure.sizes.loaded import read_module_ends
from jupyter_memkit.measure.sizes.parts import RAM, Buffer, Parts
from jupyter_memkit.measure.sizes.referents import Group, read_all
from jupyter_memkit.measure.sizes.sampling import FOLDS, Drawn, draw, enlarge
from jupyter_memkit.measure.sizes.untouched import LEAST_BYTES


@dataclass(slots=True)
class Tally:
    """The memory that one variable holds, as far as it has been added up.

    Attributes
    ----------
    folds : list of float
        Bytes in main memory: of the objects that were visited one by one, then of the
        objects that each fold of the sample stands for.
    shared_bytes : float
        The part that other variables hold as well.
    elsewhere : dict of str to float
        Bytes on other devices.
    hidden : dict of str to float
        The most bytes that the objects of each type can hide.
    doubtful_bytes : float
        How far off the bytes can be, in both directions, where the system reports only
        bounds.
    is_cut : bool
        Whether the deadline passed before all levels were visited.
    is_sampled : bool
        Whether a part was sampled.
    """

    folds: list[float] = field(default_factory=lambda: [0.0] * (FOLDS + 1))
    shared_bytes: float = 0.0
    elsewhere: dict[str, float] = field(default_factory=dict)
    hidden: dict[str, float] = field(default_factory=dict)
    doubtful_bytes: float = 0.0
    is_cut: bool = False
    is_sampled: bool = False


class Walk:
    """One measurement of one or more variables.

    Parameters
    ----------
    count : int
        The number of variables.
    program : iterable
        Objects that belong to the program, such as the shell, where the walk ends. It
        always ends at the namespaces of modules.
    level_size : int, optional
        The most objects of a level to visit; all by default.
    progress : callable, optional
        Called with the number of objects visited so far.
    """

    def __init__(
        self,
        count: int,
        program: Iterable[Any] = (),
        level_size: int | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> None:
        self._progress = progress
        self._visited = 0
        self._level_size = level_size
        self._kinds = Kinds()
        self._finder = GiantFinder(self._kinds)
        # The variable that met each object, by number; `_several` if there are several.
        self._several = count + 1
        # An estimate meets so few objects that a dict is faster.
        few = BATCH if level_size is None else sys.maxsize
        self._owners = AddressMap(self._several, few)
        # Objects of other variables that the current walk has met.
        self._again = AddressMap()
        self._buffers = BufferLedger()
        self._tallies: list[Tally] = []
        self._together_bytes = 0.0
        # Objects made by sizers, kept so that their addresses are not reused.
        self._kept: list[Any] = []
        self._program = list(program)
        # With those of modules, whose namespaces are dicts.
        ends = chain(self._program, sys.modules.copy().values())
        self._end_types = {id(dict), *map(id, map(type, ends))}

    def measure(self, root: Any, deadline_s: float = math.inf) -> None:
        """Walk from a variable.

        Parameters
        ----------
        root : object
            The value of the variable.
        deadline_s : float
            When to stop, as `deadline_after` returns it.
        """
        self._tally = Tally()
        self._tallies.append(self._tally)
        # How much of a block of bytes is untouched is found at once.
        if has_passed(deadline_s) and not self._kinds[type(root)].may_be_untouched:
            self._count_alone(root)
            return
        self._again = AddressMap()
        self._deadline_s = self._finder.deadline_s = deadline_s
        level = list(self._account([root], is_root=True))
        if self._level_size is None:
            self._visit_all(level)
        else:
            self._visit_some(level, self._level_size)

    def finish(self) -> tuple[list[Tally], float]:
        """Return the tally of each variable, and the main memory of all together."""
        totals, together_bytes = self._buffers.settle()
        for (owner, device), total in totals.items():
            tally = self._tallies[owner - 1]
            if device != RAM:
                tally.elsewhere[device] = sum(total.bytes_by_fold.values())
                continue
            tally.shared_bytes += total.shared_bytes
            tally.doubtful_bytes += total.doubtful_bytes
            for fold, n_bytes in total.bytes_by_fold.items():
                tally.folds[fold] += n_bytes
        return self._tallies, self._together_bytes + together_bytes

    def _count_alone(self, root: Any) -> None:
        """Count an object without its referents."""
        kind = self._kinds[type(root)]
        own_bytes = kind.layout.count_allocated([root], kind.sizeof)
        self._tally.folds[0] = own_bytes
        self._tally.is_cut = kind.has_referents or kind.sizer is not None
        self._together_bytes += own_bytes

    @cached_property
    def _ends(self) -> set[int]:
        """The addresses of the objects where the walk ends.

        There are thousands, and most small walks meet none of their types.
        """
        return set(map(id, chain(self._program, read_module_ends())))

    @property
    def _is_late(self) -> bool:
        return has_passed(self._deadline_s)

    def _visit_all(self, level: list[Group]) -> None:
        while level:
            groups, level = level, []
            for batch in chain.from_iterable(
                read_all(group, self._add_own) for group in groups
            ):
                if self._is_late:
                    self._tally.is_cut = True
                    return
                level += self._account(batch)

    def _visit_some(self, level: list[Group], size: int) -> None:
        waiting: list[Drawn] = []
        while level or waiting:
            if self._is_late:
                self._tally.is_cut = True
                return
            if not level:
                # Sampled objects come last: the sample must not represent objects that
                # were already visited one by one.
                self._tally.is_sampled = True
                level = [
                    group
                    for drawn in waiting
                    for group in self._account(drawn.objects, drawn.weight, drawn.fold)
                ]
                waiting = []
            wide, level = level, []
            size = enlarge(size, wide)
            for drawn in draw(wide, size, self._finder, self._add_own):
                if drawn.weight == 1.0:
                    level += self._account(drawn.objects)
                else:
                    waiting.append(drawn)

    def _account(
        self,
        objects: list[Any],
        weight: float = 1.0,
        fold: int = 0,
        *,
        is_root: bool = False,
    ) -> Iterator[Group]:
        """Add up the objects new to this walk, and yield those that have referents."""
        for before, fresh in self._meet(objects):
            total_bytes = 0.0
            for kind, alike in self._sort(fresh, is_root=is_root):
                group = Group(kind, alike, weight, fold, before=before)
                own_bytes = self._add_up(group) * weight
                self._tally.folds[fold] += own_bytes
                total_bytes += own_bytes
                if kind.has_referents or group.children or group.elements:
                    yield group
            self._share(before, total_bytes)

    def _share(self, before: int, n_bytes: float) -> None:
        """Record which variables hold the bytes of objects that this walk has met."""
        if before == 0:
            self._together_bytes += n_bytes
            return
        self._tally.shared_bytes += n_bytes
        if before != self._several:
            self._tallies[before - 1].shared_bytes += n_bytes

    def _meet(self, objects: list[Any]) -> Iterator[tuple[int, list[Any]]]:
        """Yield the objects new to this walk, by the variable that met them, or 0."""
        if self._progress is not None:
            self._visited += len(objects)
            self._progress(self._visited)
        number = len(self._tallies)
        for before, group in self._owners.claim(objects, number).items():
            if before == 0:
                yield 0, group
            elif before != number:
                self._owners.claim(group, self._several)
                fresh = self._again.claim(group, 1).get(0)
                if fresh:
                    yield before, fresh

    def _sort(
        self, objects: list[Any], *, is_root: bool
    ) -> Iterator[tuple[Kind, list[Any]]]:
        """Yield objects by kind, without those that are not data."""
        for each, alike in sort_by_type(objects):
            kind = self._kinds[each]
            if kind.is_program and not is_root:
                continue
            if id(each) in self._end_types:
                alike = [value for value in alike if id(value) not in self._ends]  # noqa: PLW2901 - the rest of it
            if alike:
                yield kind, alike

    def _add_up(self, group: Group) -> int:
        """Return the own bytes of objects of one kind, and record their parts."""
        kind = group.kind
        if kind.hidden_bytes:
            self._hide(kind, kind.hidden_bytes * len(group.objects) * group.weight)
        if kind.sizer is not None:
            return sum(self._ask(kind, value, group) for value in group.objects)
        if kind.is_fixed:
            return allocated_together(kind.sizeof(group.objects[0]), len(group.objects))
        objects = group.objects
        if kind.may_be_untouched:
            objects = self._set_large_apart(group)
        return kind.layout.count_allocated(objects, kind.sizeof)

    def _set_large_apart(self, group: Group) -> list[Any]:
        """Record large objects as blocks of pages, and return the others."""
        kind = group.kind
        sizes = list(map(kind.sizeof, group.objects))
        if max(sizes) < LEAST_BYTES:
            return group.objects
        rest: list[Any] = []
        for value, size in zip(group.objects, sizes, strict=True):
            if size < LEAST_BYTES:
                rest.append(value)
                continue
            n_bytes = kind.layout.count_allocated([value], kind.sizeof)
            self._add_block(Buffer(address=id(value), bytes=n_bytes), group)
        return rest

    def _ask(self, kind: Kind, value: Any, group: Group) -> int:
        """Ask a sizer about an object."""
        assert kind.sizer is not None, "checked before"
        try:
            answer = kind.sizer(value)
            parts = (
                answer if isinstance(answer, Parts) else Parts(own_bytes=int(answer))
            )
        except Exception:  # noqa: BLE001 - a sizer can raise anything
            # A closed file, a deleted tensor, an unknown version of a library.
            self._hide(kind)
            return allocated(kind.sizeof(value))
        if not parts.is_whole:
            self._hide(kind)
        if parts.hidden_bytes:
            self._hide(kind, parts.hidden_bytes * group.weight)
        for buffer in parts.buffers:
            self._add_block(buffer, group)
        group.children.extend(parts.children)
        self._kept.extend(parts.children)
        if parts.elements is not None:
            group.elements.append(parts.elements)
            self._kept.append(parts.elements)
        return parts.own_bytes

    def _add_block(self, block: Buffer, group: Group) -> None:
        """Record that the current variable uses a block."""
        self._buffers.add(
            block, len(self._tallies), fold=group.fold, weight=group.weight
        )

    def _hide(self, kind: Kind, n_bytes: float = math.inf) -> None:
        """Record that objects of a kind can hold more bytes than are visible."""
        hidden = self._tally.hidden
        hidden[kind.name] = hidden.get(kind.name, 0) + n_bytes

    def _add_own(self, n_bytes: int, group: Group) -> None:
        """Add bytes of objects that were found while their referents were read."""
        self._tally.folds[group.fold] += n_bytes * group.weight
        self._share(group.before, n_bytes * group.weight)
