"""Snapshots of a namespace, and what changed between two."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jupyter_memkit.measure.heap import leaving_no_growth
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.measure.shapes import read_type
from jupyter_memkit.measure.sizes import Size, sizes
from jupyter_memkit.measure.sizes.measuring import read_main
from jupyter_memkit.measure.sizes.registry import name_type
from jupyter_memkit.records import Record

Change = Literal["appeared", "vanished", "grew", "shrank"]

# Smaller differences between estimates are noise.
_LEAST_BYTES = 1024
_LEAST_RATIO = 0.02
_LEAST_EXACT_RATIO = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Record):
    """The state of a namespace at one moment.

    Attributes
    ----------
    rss_bytes : int
        Resident memory of the process.
    sizes : mapping of str to Size
        The size of each variable.
    types : mapping of str to str
        The type of each variable.
    objects : mapping of str to int
        The number of objects of each type in the process, of those that can refer to
        others.
    """

    rss_bytes: int
    sizes: Mapping[str, Size]
    types: Mapping[str, str]
    objects: Mapping[str, int]

    def compare(self, later: Snapshot) -> Comparison:
        """Return what changed until a later snapshot.

        Parameters
        ----------
        later : Snapshot
            The later snapshot.

        Returns
        -------
        Comparison
            The variables that appeared, vanished, grew or shrank.
        """
        names = {**self.sizes, **later.sizes}
        changes = filter(None, (_compare_variable(name, self, later) for name in names))
        by_type: Counter[str] = Counter()
        for name, size in later.sizes.items():
            by_type[later.types[name]] += size.bytes
        for name, size in self.sizes.items():
            by_type[self.types[name]] -= size.bytes
        counts = Counter(later.objects)
        counts.subtract(self.objects)
        return Comparison(
            rss_bytes=later.rss_bytes - self.rss_bytes,
            variables=tuple(
                sorted(
                    changes, key=lambda each: -abs(each.after_bytes - each.before_bytes)
                )
            ),
            types=_order(by_type),
            objects=_order(counts),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments(Record):
    """The snapshots that have been taken.

    Attributes
    ----------
    names : tuple of str
        Their names, oldest first.
    """

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableChange(Record):
    """The change of a variable between two snapshots.

    Attributes
    ----------
    name : str
        The name of the variable.
    change : str
        ``"appeared"``, ``"vanished"``, ``"grew"`` or ``"shrank"``.
    type : str
        Its type in the later snapshot.
    before_bytes, after_bytes : int
        Its size in each snapshot; 0 if it did not exist.
    """

    name: str
    change: Change
    type: str
    before_bytes: int
    after_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Record):
    """The changes between two snapshots.

    Attributes
    ----------
    rss_bytes : int
        Resident memory of the process after minus before.
    variables : tuple of VariableChange
        The changed variables, the largest change first.
    types : mapping of str to int
        Bytes after minus before, by the type of the variables.
    objects : mapping of str to int
        The change in the number of objects in the process, by type.
    """

    rss_bytes: int
    variables: tuple[VariableChange, ...]
    types: Mapping[str, int]
    objects: Mapping[str, int]

    @property
    def elsewhere_bytes(self) -> int:
        """The part of the process's change that is not in variables."""
        changes = (each.after_bytes - each.before_bytes for each in self.variables)
        return self.rss_bytes - sum(changes)


def snapshot(
    namespace: Mapping[str, Any] | None = None, *, program: tuple[Any, ...] = ()
) -> Snapshot:
    """Record the sizes of the variables of a namespace, without keeping them alive.

    Parameters
    ----------
    namespace : mapping of str to object, optional
        Names and values; by default those of ``__main__`` without an underscore.
    program : tuple
        Objects that do not count for any variable, such as a shell.

    Returns
    -------
    Snapshot
        The snapshot, to compare with a later one.

    Examples
    --------
    >>> before = snapshot({"a": [1.5]})
    >>> after = snapshot({"a": [1.5], "b": [1.5] * 1000})
    >>> [(each.name, each.change) for each in before.compare(after).variables]
    [('b', 'appeared')]
    """
    variables = read_main() if namespace is None else namespace
    with leaving_no_growth():
        measured = dict(sizes(variables, program=program))
        objects = _count_objects()
    return Snapshot(
        rss_bytes=read_rss_bytes(),
        sizes=measured,
        types={name: read_type(value) for name, value in variables.items()},
        objects=objects,
    )


def _count_objects() -> Counter[str]:
    """Return the number of objects of each type that the collector tracks."""
    by_address: Counter[int] = Counter()
    types: dict[int, type] = {}
    for kind in map(type, gc.get_objects()):
        types[id(kind)] = kind
        by_address[id(kind)] += 1
    counts: Counter[str] = Counter()
    for address, count in by_address.items():
        counts[name_type(types[address])] += count
    return counts


def _compare_variable(
    name: str, before: Snapshot, after: Snapshot
) -> VariableChange | None:
    old, new = before.sizes.get(name), after.sizes.get(name)
    before_bytes = old.bytes if old is not None else 0
    after_bytes = new.bytes if new is not None else 0
    if old is None:
        change: Change = "appeared"
    elif new is None:
        change = "vanished"
    elif _is_same(old, new):
        return None
    else:
        change = "grew" if after_bytes > before_bytes else "shrank"
    return VariableChange(
        name=name,
        change=change,
        type=after.types.get(name) or before.types[name],
        before_bytes=before_bytes,
        after_bytes=after_bytes,
    )


def _is_same(old: Size, new: Size) -> bool:
    difference = abs(new.bytes - old.bytes)
    if old.exact and new.exact:
        # A frame caches some results when it is used.
        return difference <= old.bytes * _LEAST_EXACT_RATIO
    error_ratio = _LEAST_RATIO + (old.error_ratio or 0) + (new.error_ratio or 0)
    return difference < max(_LEAST_BYTES, old.bytes * error_ratio)


def _order(differences: Mapping[str, int]) -> dict[str, int]:
    """Return the nonzero items, the largest first."""
    changed = [(name, each) for name, each in differences.items() if each]
    return dict(sorted(changed, key=lambda pair: -abs(pair[1])))
