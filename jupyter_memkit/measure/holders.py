"""Finds what keeps an object alive, as the shortest chains from names to it.

`gc.get_referrers` looks through all objects for each step, and does not see arrays. So
the search runs the other way: from the existing names, level by level through
everything, noting where it meets the object.
"""

from __future__ import annotations

import operator
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from jupyter_memkit.measure.chains import write_chain
from jupyter_memkit.measure.heap import leaving_no_growth
from jupyter_memkit.measure.hidden import find_hidden, find_shell
from jupyter_memkit.measure.sizes.addresses import BATCH, AddressMap
from jupyter_memkit.measure.sizes.identity import sort_by_type
from jupyter_memkit.measure.sizes.kinds import Kinds
from jupyter_memkit.measure.sizes.parts import Parts
from jupyter_memkit.measure.sizes.referents import Group, read_all
from jupyter_memkit.measure.sizes.registry import name_type
from jupyter_memkit.records import Record

_MOST_CHAINS = 5
_BUDGET_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain(Record):
    """A path from a name to an object.

    Attributes
    ----------
    text : str
        The path as a Python expression (``jobs[2].frame``); a step that cannot be
        written is an arrow and the type of the next holder.
    holder : str
        The type of the direct referrer.
    """

    text: str
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holders(Record):
    """What keeps an object alive.

    Attributes
    ----------
    chains : tuple of Chain
        The shortest paths, one for each direct referrer, the shortest first.
    more : int
        The number of further referrers that were found.
    complete : bool
        Whether everything was searched before the time limit.
    """

    chains: tuple[Chain, ...]
    more: int
    complete: bool


@dataclass(frozen=True, slots=True)
class _Root:
    """A name and its object."""

    name: str
    value: Any
    is_namespace: bool = False


def holders(
    obj: Any,
    *,
    shell: Any = None,
    most: int = _MOST_CHAINS,
    budget_s: float = _BUDGET_S,
    progress: Callable[[int], object] | None = None,
) -> Holders:
    """Find what keeps an object alive.

    Parameters
    ----------
    obj : object
        Any object; the caller's own variables and containers count as well.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        The shell whose outputs and tracebacks are searched; by default the running one.
    most : int
        The maximum number of chains.
    budget_s : float
        The time limit, in seconds.
    progress : callable, optional
        Called with the number of objects searched so far.

    Returns
    -------
    Holders
        The chains. There are none if only a running function or a reference cycle holds
        the object: it is then freed with the function, or by the next collection.

    Examples
    --------
    >>> import __main__
    >>> data = [1.5, 2.5]
    >>> __main__.kept_here = {"data": data}
    >>> holders(data).chains[0].text
    "kept_here['data']"
    >>> del __main__.kept_here
    """
    with leaving_no_growth():
        deadline_s = time.perf_counter() + budget_s
        return _find_holders(obj, shell or find_shell(), most, deadline_s, progress)


def _find_holders(
    obj: Any,
    shell: Any,
    most: int,
    deadline_s: float,
    progress: Callable[[int], object] | None,
) -> Holders:
    search = _Search(obj, deadline_s, progress)
    search.run(_find_roots(shell))
    found = search.found
    # Describing a path can create the attribute dict of an object, which would appear
    # in the next path, so all paths are traced first.
    ways = [search.trace(number, holder) for number, holder in found[:most]]
    return Holders(
        chains=tuple(search.describe(way) for way in ways),
        more=max(0, len(found) - most),
        complete=search.is_complete,
    )


def _find_roots(shell: Any) -> Iterator[_Root]:
    """Yield the roots of the search, the user's names first."""
    namespaces = [vars(sys.modules["__main__"])]
    if shell is not None:
        namespaces.insert(0, shell.user_ns)
    for namespace in namespaces:
        yield _Root("", namespace, is_namespace=True)
    for holder in find_hidden(shell):
        yield _Root(holder.name, holder.value)
    for name, module in sys.modules.copy().items():
        if module is not None:
            yield _Root(name, module)
    yield from _find_frames()


def _find_frames() -> Iterator[_Root]:
    """Yield the local variables of functions that run in other threads."""
    frames = sys._current_frames()  # noqa: SLF001 - it has no public name
    for thread in threading.enumerate():
        frame = frames.get(thread.ident or 0)
        if thread.ident == threading.get_ident():
            continue
        while frame is not None:
            name = f"the thread {thread.name}, {frame.f_code.co_name}()"
            yield _Root(name, dict(frame.f_locals), is_namespace=True)
            frame = frame.f_back


class _Search:
    """A breadth-first search for an object."""

    def __init__(
        self,
        target: Any,
        deadline_s: float,
        progress: Callable[[int], object] | None = None,
    ) -> None:
        self._progress = progress
        self._searched = 0
        self._target = target
        self._deadline_s = deadline_s
        self._kinds = Kinds()
        self._seen = AddressMap()
        self._levels: list[list[Group]] = []
        self._roots: list[_Root] = []
        self.found: list[tuple[int, Any]] = []
        self.is_complete = True

    def run(self, roots: Iterable[_Root]) -> None:
        """Search from the roots."""
        self._roots = list(roots)
        self._hide_ourselves()
        for root in self._roots:
            if root.value is self._target:
                self.found.append((-1, root))
        level = list(self._group([root.value for root in self._roots]))
        while level:
            self._levels.append(level)
            wide, level = level, []
            for group, batch in _read_level(wide):
                if time.perf_counter() > self._deadline_s:
                    self.is_complete = False
                    return
                self._check(group, batch)
                level += self._group(batch)

    def trace(self, number: int, holder: Any) -> list[Any]:
        """Return the path to the object through a holder found in a level."""
        if number < 0:
            return [holder]
        steps = [holder, self._target]
        while number > 0:
            number -= 1
            steps.insert(0, self._find_parent(number, steps[0]))
        return steps

    def describe(self, steps: list[Any]) -> Chain:
        """Return a path as text; that of a name is just the name."""
        if len(steps) == 1:
            return Chain(text=steps[0].name, holder="")
        root = next(root for root in self._roots if root.value is steps[0])
        text = write_chain(root.name, steps, is_namespace=root.is_namespace)
        return Chain(text=text, holder=name_type(type(steps[-2])))

    def _hide_ourselves(self) -> None:
        """Exclude the objects of this search."""
        self._seen.claim([self, self._roots, self._levels, self._target], 1)

    def _check(self, group: Group, batch: list[Any]) -> None:
        """Record which objects of a group refer to the object."""
        self._searched += len(batch)
        if self._progress is not None:
            self._progress(self._searched)
        if any(map(operator.is_, batch, repeat(self._target))):
            known = {id(holder) for _, holder in self.found}
            number = len(self._levels) - 1
            for holder in self._find_referring(group, self._target):
                if id(holder) not in known:
                    self.found.append((number, holder))

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
        for value in group.objects:
            try:
                parts = sizer(value)
            except Exception:  # noqa: BLE001, S112 - whatever a sizer raises
                continue
            if isinstance(parts, Parts):
                group.children.extend(parts.children)
                if parts.elements is not None:
                    group.elements.append(parts.elements)

    def _find_parent(self, number: int, child: Any) -> Any:
        """Return the referrer of an object in a level."""
        for group, batch in _read_level(self._levels[number]):
            if any(map(operator.is_, batch, repeat(child))):
                return next(self._find_referring(group, child))
        message = "an object of a level has a referrer in the previous level"
        raise AssertionError(message)

    def _find_referring(self, group: Group, child: Any) -> Iterator[Any]:
        """Yield the objects of a group that refer to another."""
        for value in group.objects:
            alone = Group(group.kind, [value], 1.0, 0)
            self._add_parts(alone)
            for batch in read_all(alone, _ignore):
                if any(map(operator.is_, batch, repeat(child))):
                    yield value
                    break


def _read_level(level: list[Group]) -> Iterator[tuple[Group, list[Any]]]:
    """Yield the referents of the objects of a level, with the objects' group."""
    for group in level:
        for batch in read_all(group, _ignore):
            yield group, batch


def _ignore(_n_bytes: int, _group: Group) -> None:
    """Ignore bytes, which a search does not sum."""
