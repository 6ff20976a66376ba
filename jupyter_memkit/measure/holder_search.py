"""Searches for objects from the existing names, and traces the paths to them.

The search goes level by level through everything, and notes where it meets one of the
objects, so each path that it finds is a shortest one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jupyter_memkit.measure.chains import write_chain
from jupyter_memkit.measure.deadlines import has_passed
from jupyter_memkit.measure.hidden import HolderKind
from jupyter_memkit.measure.models.held import find_held, is_tensor_type
from jupyter_memkit.measure.sizes.addresses import BATCH, AddressMap
from jupyter_memkit.measure.sizes.identity import sort_by_type
from jupyter_memkit.measure.sizes.kinds import Kinds
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.referents import Group, read_all

Origin = Literal["variable", "module", "thread", "registered"] | HolderKind


@dataclass(frozen=True, slots=True)
class Root:
    """A name and its object, where a search starts."""

    name: str
    value: Any
    origin: Origin
    is_namespace: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """A path from a root to an object; it keeps all objects on the path alive.

    Attributes
    ----------
    root : Root
        Where it starts.
    name : str
        The variable in a namespace; otherwise the name of the root.
    steps : list
        The objects on the path, from that of the root to the one searched for.
    """

    root: Root
    name: str
    steps: list[Any]

    def write(self, n_steps: int | None = None) -> str:
        """Return the first steps, or all, as a Python expression where possible."""
        steps = self.steps[:n_steps]
        if len(steps) == 2 and self.root.origin == "variable":
            # The object can have several names.
            return self.name
        is_namespace = self.root.is_namespace
        return write_chain(self.root.name, steps, is_namespace=is_namespace)


@dataclass(slots=True)
class _Trail:
    """The last steps of a path, which begin in a level."""

    level: int
    steps: list[Any]


class Search:
    """A breadth-first search for objects.

    Parameters
    ----------
    targets : sequence of object
        The objects; what only they refer to is not searched.
    deadline_s : float
        When to stop, as `deadline_after` returns it.
    progress : callable, optional
        Called with the number of objects searched so far.
    ends : sequence of object, optional
        Objects where the search ends.
    meet : callable, optional
        Called with each object that a sizer knows, and its parts.
    """

    def __init__(
        self,
        targets: Sequence[Any],
        deadline_s: float,
        progress: Callable[[int], object] | None = None,
        *,
        ends: Sequence[Any] = (),
        meet: Callable[[Any, Parts], object] | None = None,
    ) -> None:
        self._progress = progress
        self._meet = meet
        self._searched = 0
        self._targets = {id(target): target for target in targets}
        self._ends = ends
        self._deadline_s = deadline_s
        self._kinds = Kinds()
        self._seen = AddressMap()
        self._levels: list[list[Group]] = []
        self._roots: list[Root] = []
        self._direct: list[Way] = []
        self._found: dict[int, _Trail] = {}
        self.is_complete = True

    @property
    def n_found(self) -> int:
        """The number of objects that refer to one of the targets."""
        return len(self._direct) + len(self._found)

    def run(self, roots: Iterable[Root]) -> None:
        """Search from the roots."""
        self._roots = list(roots)
        self._hide_ourselves()
        for root in self._roots:
            if id(root.value) in self._targets:
                self._direct.append(Way(root, root.name, [root.value]))
        level = list(self._group([root.value for root in self._roots]))
        while level:
            self._levels.append(level)
            wide, level = level, []
            read: list[Any] = []
            for group, batch in _read_level(wide):
                if has_passed(self._deadline_s):
                    self.is_complete = False
                    return
                self._check(group, batch)
                read += batch
                # Most groups are small, and to claim what they refer to one by one
                # would take most of the time.
                if len(read) >= BATCH:
                    level += self._group(read)
                    read = []
            level += self._group(read)

    def trace(self, most: int, *, every_name: bool = False) -> list[Way]:
        """Return the paths through the referrers that were found first.

        Parameters
        ----------
        most : int
            The maximum number of referrers.
        every_name : bool
            Whether a path that starts at a variable with several names is returned for
            each; otherwise only a variable that is the object itself is.
        """
        ways = self._direct[:most]
        trails = list(self._found.values())[: most - len(ways)]
        # One pass over a level finds the referrers for all paths.
        for level in reversed(range(len(self._levels))):
            deeper = [trail for trail in trails if trail.level > level]
            parents = self._find_parents(level, {id(each.steps[0]) for each in deeper})
            for trail in deeper:
                # The object no longer exists if it was created for this search.
                trail.level = level if id(trail.steps[0]) in parents else -1
                trail.steps.insert(0, parents.get(id(trail.steps[0])))
            trails = [trail for trail in trails if trail.level >= 0]
        return ways + [
            way
            for trail in trails
            for way in self._name(
                trail.steps, every_name=every_name or len(trail.steps) == 2
            )
        ]

    def _name(self, steps: list[Any], *, every_name: bool) -> Iterator[Way]:
        """Yield the path with its root, once or for each name of its first object."""
        root = next(root for root in self._roots if root.value is steps[0])
        if not root.is_namespace:
            yield Way(root, root.name, steps)
            return
        names = [
            str(name) for name, value in list(root.value.items()) if value is steps[1]
        ]
        for name in names if every_name else names[:1]:
            # The path is written with the only name of its first step.
            yield Way(root, name, [{name: steps[1]}, *steps[1:]])

    def _hide_ourselves(self) -> None:
        """Exclude the objects of this search."""
        ours = [self, self._roots, self._levels, self._targets, self._ends]
        self._seen.claim([*ours, self._direct, self._found], 1)
        others = [*self._targets.values(), *self._ends]
        for start in range(0, len(others), BATCH):
            self._seen.claim(others[start : start + BATCH], 1)

    def _check(self, group: Group, batch: list[Any]) -> None:
        """Record which objects of a group refer to a target."""
        self._searched += len(batch)
        if self._progress is not None:
            self._progress(self._searched)
        met = self._targets.keys() & set(map(id, batch))
        if met:
            number = len(self._levels) - 1
            for holder, child in self._find_referring(group, met):
                self._found.setdefault(id(holder), _Trail(number, [holder, child]))

    def _group(self, objects: list[Any]) -> Iterator[Group]:
        for start in range(0, len(objects), BATCH):
            fresh = self._seen.claim(objects[start : start + BATCH], 1).get(0, [])
            for each, alike in sort_by_type(fresh):
                group = Group(self._kinds[each], alike, 1.0, 0)
                self._add_parts(group)
                if group.kind.has_referents or group.children or group.elements:
                    yield group

    def _add_parts(self, group: Group) -> None:
        """Add references that only a sizer knows, such as an array's base."""
        sizer = group.kind.sizer
        if sizer is None:
            return
        is_tensor = is_tensor_type(type(group.objects[0]))
        for value in group.objects:
            try:
                parts = sizer(value)
                if is_tensor:
                    group.children.extend(find_held(value, self._deadline_s))
            except Exception:  # noqa: BLE001, S112 - whatever a sizer raises
                continue
            if isinstance(parts, Parts):
                if self._meet is not None:
                    self._meet(value, parts)
                group.children.extend(parts.children)
                if parts.elements is not None:
                    group.elements.append(parts.elements)

    def _find_parents(self, number: int, children: set[int]) -> dict[int, Any]:
        """Return a referrer of each object, by address, in a level."""
        parents: dict[int, Any] = {}
        for group, batch in _read_level(self._levels[number]):
            if len(parents) == len(children):
                break
            met = (children - parents.keys()) & set(map(id, batch))
            if met:
                for holder, child in self._find_referring(group, met):
                    parents.setdefault(id(child), holder)
        return parents

    def _find_referring(
        self, group: Group, children: set[int]
    ) -> Iterator[tuple[Any, Any]]:
        """Yield the objects of a group that refer to others, each with one referent."""
        for value in group.objects:
            alone = Group(group.kind, [value], 1.0, 0)
            self._add_parts(alone)
            for batch in read_all(alone, _ignore):
                for child in batch:
                    if id(child) in children:
                        yield value, child


def _read_level(level: list[Group]) -> Iterator[tuple[Group, list[Any]]]:
    """Yield the referents of the objects of a level, with the objects' group."""
    for group in level:
        for batch in read_all(group, _ignore):
            yield group, batch


def _ignore(_n_bytes: int, _group: Group) -> None:
    """Ignore bytes, which a search does not sum."""
