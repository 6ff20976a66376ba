"""Snapshots of a namespace, and what changed between two."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jupyter_memkit.measure.heap import leaving_no_growth
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.measure.shapes import read_type
from jupyter_memkit.measure.sizes import Size, sizes
from jupyter_memkit.measure.sizes.measuring import read_main
from jupyter_memkit.measure.sizes.records import Accuracy
from jupyter_memkit.measure.sizes.registry import name_type
from jupyter_memkit.records import Record

Change = Literal["appeared", "vanished", "grew", "shrank"]

# Smaller differences between estimates are noise.
_LEAST_BYTES = 1024
_LEAST_RATIO = 0.02
_LEAST_EXACT_RATIO = 0.001
_MOST_IGNORED_BYTES = 1024 * 1024

# The less accurate of two sizes decides how accurate their difference is.
_ACCURACIES: tuple[Accuracy, ...] = ("exact", "estimate", "at least")

_NOTHING = Size(bytes=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Record):
    """The state of a namespace at one moment.

    Attributes
    ----------
    rss_bytes : int
        Resident memory of the process.
    sizes : mapping of str to Size
        The size of each variable.
    total_bytes : int
        What the variables take together, counting shared memory once.
    types : mapping of str to str
        The type of each variable.
    objects : mapping of str to int
        The number of objects of each type in the process, of those that can refer to
        others.
    minor : frozenset of str
        The variables that are not listed, such as functions that hold no data.
    """

    rss_bytes: int
    sizes: Mapping[str, Size]
    total_bytes: int
    types: Mapping[str, str]
    objects: Mapping[str, int]
    minor: frozenset[str] = frozenset()

    def lists(self, name: str) -> bool:
        """Return whether there was a variable that is listed."""
        return name in self.sizes and name not in self.minor

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
        listed = {
            *(self.sizes.keys() - self.minor),
            *(later.sizes.keys() - later.minor),
        }
        compared = (
            _compare_variable(name, self, later) for name in names if name in listed
        )
        changes = [each for each in compared if each is not None]
        by_type: Counter[str] = Counter()
        for change in changes:
            by_type[later.types.get(change.name, change.type)] += change.after_bytes
            by_type[self.types.get(change.name, change.type)] -= change.before_bytes
        counts = Counter(later.objects)
        counts.subtract(self.objects)
        return Comparison(
            rss_bytes=later.rss_bytes - self.rss_bytes,
            together_bytes=later.total_bytes - self.total_bytes,
            error_bytes=_sum_errors(
                (self.sizes.get(name, _NOTHING), later.sizes.get(name, _NOTHING))
                for name in names
            ),
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
    accuracy : str
        Whether its sizes are ``"exact"``, or one is an ``"estimate"`` or a lower bound
        (``"at least"``).
    """

    name: str
    change: Change
    type: str
    before_bytes: int
    after_bytes: int
    accuracy: Accuracy = "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Record):
    """The changes between two snapshots.

    Attributes
    ----------
    rss_bytes : int
        Resident memory of the process after minus before.
    together_bytes : int
        What all variables take together, counting shared memory once, after minus
        before.
    error_bytes : int or None
        The bound of the error of `together_bytes`; 0 if all sizes are exact, None if
        one is a lower bound.
    variables : tuple of VariableChange
        The changed variables, the largest change first.
    types : mapping of str to int
        Bytes after minus before, by the type of the changed variables.
    objects : mapping of str to int
        The change in the number of objects in the process, by type.
    """

    rss_bytes: int
    together_bytes: int
    error_bytes: int | None
    variables: tuple[VariableChange, ...]
    types: Mapping[str, int]
    objects: Mapping[str, int]

    @property
    def elsewhere_bytes(self) -> int:
        """The part of the process's change that is not in variables."""
        return self.rss_bytes - self.together_bytes


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
        measured = sizes(variables, program=program)
        objects = _count_objects()
    return Snapshot(
        rss_bytes=read_rss_bytes(),
        sizes=dict(measured),
        total_bytes=measured.total_bytes,
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
    old = before.sizes.get(name, _NOTHING)
    new = after.sizes.get(name, _NOTHING)
    if name not in before.sizes:
        change: Change = "appeared"
    elif name not in after.sizes:
        change = "vanished"
    elif _is_same(old, new):
        return None
    else:
        change = "grew" if new.bytes > old.bytes else "shrank"
    return VariableChange(
        name=name,
        change=change,
        type=after.types.get(name) or before.types[name],
        before_bytes=old.bytes,
        after_bytes=new.bytes,
        accuracy=max(old.accuracy, new.accuracy, key=_ACCURACIES.index),
    )


def _is_same(old: Size, new: Size) -> bool:
    difference = abs(new.bytes - old.bytes)
    if old.exact and new.exact:
        # A frame caches some results when it is used.
        return difference <= min(old.bytes * _LEAST_EXACT_RATIO, _MOST_IGNORED_BYTES)
    return difference < _bound_error(old, new)


def _bound_error(old: Size, new: Size) -> float:
    """Return by how much estimates of the same memory may differ."""
    error_ratio = _LEAST_RATIO + (old.error_ratio or 0) + (new.error_ratio or 0)
    return max(_LEAST_BYTES, max(old.bytes, new.bytes) * error_ratio)


def _sum_errors(pairs: Iterable[tuple[Size, Size]]) -> int | None:
    """Return the bound of the error of many differences; None if there is none."""
    estimated = [pair for pair in pairs if not (pair[0].exact and pair[1].exact)]
    if any("at least" in (old.accuracy, new.accuracy) for old, new in estimated):
        return None
    return round(sum(_bound_error(old, new) for old, new in estimated))


def _order(differences: Mapping[str, int]) -> dict[str, int]:
    """Return the nonzero items, the largest first."""
    changed = [(name, each) for name, each in differences.items() if each]
    return dict(sorted(changed, key=lambda pair: -abs(pair[1])))
