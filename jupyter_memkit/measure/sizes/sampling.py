"""Draws some of what objects refer to, for an estimate with a known error.

The draws are divided into four groups, whose differences give the error (Wolter,
Introduction to Variance Estimation, chapter 2: random groups).

An object can be referred to more than once. Of a container that may have elements
often, the distinct ones are drawn. Of others, such as the keys of a million rows, the
weight is corrected: if an object has r references and all of them come from here, each
one drawn counts for 1 / r of its weight. Whether they do shows in how many pairs were
drawn, compared with the number to be expected. Containers that are short are visited
whole first.

Where a graph of many thousand objects that refer to each other hangs below a long
container, the estimate can be off by more than it reports; an exact walk is not.
"""

from __future__ import annotations

import math
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_memkit.measure.sizes.distinct import draw_distinct, may_repeat
from jupyter_memkit.measure.sizes.elements import (
    count_elements,
    draw_places,
    read_array_batches,
    read_batches,
    sample_elements,
)
from jupyter_memkit.measure.sizes.giants import GiantFinder
from jupyter_memkit.measure.sizes.referents import AddOwn, Group, ask

FOLDS = 4

LEVEL_SIZE = 1024
"""The number of objects of a level to visit, unless there are many variables."""

# To read all elements of a container of this length takes longer than to visit a full
# sample.
_LONG = 8 * LEVEL_SIZE

# Spreads addresses, which are regular (Knuth, TAOCP, volume 3, 6.4).
_MIX = 2654435761

_FEWEST_ELEMENTS = 16
# The assumed number for an object that is not a container.
_TYPICAL_REFERENTS = 4

# References to an object while we count, besides the lists that it was drawn into.
_OUR_REFERENCES = 1
# A level grows by this factor over its first sample before it is thinned: the objects
# below an element should stay together, or one that is reached on two paths is drawn
# twice. A level that is not sampled yet, such as a graph, is thinned later still.
_GROWTH = 8
_UNSAMPLED_GROWTH = 64
_RARE = 500


@dataclass(frozen=True, slots=True)
class Drawn:
    """Objects, the number that each represents, and the fold that they belong to."""

    objects: list[Any]
    weight: float
    fold: int


@dataclass(slots=True)
class _Met:
    """An object that was drawn at least once, and its references besides ours."""

    value: Any
    fold: int
    times: int
    references: int
    weight: float = 0.0

    @property
    def expected_pairs(self) -> float:
        """The number of pairs to expect if all references come from here."""
        return (self.references - 1) * self.times**2 / self.weight / 2

    @property
    def pairs(self) -> int:
        """The number of pairs that were drawn."""
        return self.times * (self.times - 1) // 2

    def stand_for(self, part_here: float) -> float:
        """Return the number of objects that it represents, itself included."""
        return max(1.0, self.weight / (1 + (self.references - 1) * part_here))


def enlarge(size: int, level: list[Group]) -> int:
    """Return the sample size for objects: the usual one if a container is very long.

    A few elements would not show how often the same ones are referred to.

    Parameters
    ----------
    size : int
        How many elements would be drawn from long containers.
    level : list of Group
        The objects.
    """
    if size >= LEVEL_SIZE:
        return size
    lengths = (length for group in level for length in _list_lengths(group))
    return LEVEL_SIZE if any(length >= _LONG for length in lengths) else size


def draw(
    level: list[Group], size: int, finder: GiantFinder, add_own: AddOwn
) -> Iterator[Drawn]:
    """Yield a sample of the objects that a level refers to, or all if they are few.

    Parameters
    ----------
    level : list of Group
        The objects.
    size : int
        How many elements to draw from long containers; the level itself may be
        several times as large.
    finder : GiantFinder
        Finds the large elements of long containers.
    add_own : callable
        Called with the additional bytes that the objects themselves turn out to take.
    """
    is_sampled = any(group.weight > 1 for group in level)
    room = size * (_GROWTH if is_sampled else _UNSAMPLED_GROWTH)
    pools = list(_read(level, size, room, finder, add_own))
    strides = _find_strides(pools, room)
    sampled: list[Drawn] = []
    # Pools are dropped one by one: their lists would count as references.
    while pools:
        thin = list(_thin(pools.pop(), strides))
        yield from (each for each in thin if each.weight == 1.0)
        sampled += [fold for each in thin if each.weight != 1.0 for fold in _fold(each)]
        thin.clear()
    alone, met = _separate(sampled)
    yield from alone
    yield from _correct(met)


def _find_strides(pools: list[Drawn], room: int) -> dict[int, int]:
    """Return the stride with which to thin each type that is too frequent.

    The keys are the addresses of the types.
    """
    excess = sum(len(pool.objects) for pool in pools) / room
    if excess <= 1:
        return {}
    counts = Counter(id(type(value)) for pool in pools for value in pool.objects)
    # Rare types are kept: the few large objects are often of such a type.
    return {each: math.ceil(excess) for each, count in counts.items() if count > _RARE}


def _read(
    level: list[Group], size: int, room: int, finder: GiantFinder, add_own: AddOwn
) -> Iterator[Drawn]:
    """Yield the objects that a level refers to, all or a sample."""
    lengths = [length for group in level for length in _list_lengths(group)]
    share = _find_share(lengths, size, room)
    excess = sum(min(length, share) for length in lengths) / room
    for group in level:
        weight, fold = group.weight, group.fold
        if group.children:
            yield Drawn(group.children, weight, fold)
        for elements in group.elements:
            places = draw_places(len(elements), share)
            if places:
                drawn = Drawn(elements[places].tolist(), weight, fold)
                read = partial(read_array_batches, elements)
                yield from _represent(drawn, len(elements), read, finder)
        if group.kind.has_referents:
            yield from _read_group(group, share, excess, finder, add_own)


def _list_lengths(group: Group) -> list[int]:
    """Return roughly how many objects each object of a group refers to."""
    lengths = list(map(len, group.elements))
    if not group.kind.has_referents:
        return lengths
    container = group.kind.container
    if container is None:
        return [*lengths, *[_TYPICAL_REFERENTS] * len(group.objects)]
    return [*lengths, *(count_elements(container, value) for value in group.objects)]


def _find_share(lengths: list[int], size: int, room: int) -> int:
    """Return how many elements may be read of each container."""
    if sum(lengths) <= size * _GROWTH:
        return room
    # Long containers share the room that short ones leave, but none takes all of it.
    for number, length in enumerate(sorted(lengths)):
        share = room // (len(lengths) - number)
        if length > share:
            return max(_FEWEST_ELEMENTS, min(share, size))
        room -= length
    return size


def _represent(
    drawn: Drawn,
    length: int,
    read: Callable[[], Iterator[list[Any]]],
    finder: GiantFinder,
    seed: int = 0,
) -> Iterator[Drawn]:
    """Yield elements drawn from a long container, with what each represents.

    Its large elements are yielded first, each of which represents only itself. The
    weight of the draw is that of the container.
    """
    elements, weight, fold = drawn.objects, drawn.weight, drawn.fold
    if len(elements) == length:
        yield drawn
        return
    # Before the large ones are found, whose list refers to them too.
    is_repeated = may_repeat(elements)
    giants = finder.find(read())
    addresses = set(map(id, giants))
    if giants:
        yield Drawn(giants, weight, fold)
    parts = [(elements, length / max(1, len(elements)))]
    if is_repeated:
        count, end_s = len(elements), finder.deadline_s
        parts = draw_distinct(read(), count, seed, end_s) or parts
    for alike, each in parts:
        others = [value for value in alike if id(value) not in addresses]
        yield Drawn(others, weight * each, fold)


def _read_group(
    group: Group, share: int, excess: float, finder: GiantFinder, add_own: AddOwn
) -> Iterator[Drawn]:
    objects, weight = group.objects, group.weight
    if excess > 1 and len(objects) > _RARE:
        # Read some objects whole, so that what is below each of them stays together.
        places = draw_places(len(objects), math.ceil(len(objects) / excess))
        weight *= len(objects) / len(places)
        objects = [objects[place] for place in places]
    container = group.kind.container
    if container is None:
        yield Drawn(_ask_once(objects, weight, group, add_own), weight, group.fold)
        return
    short: list[Any] = []
    for number, value in enumerate(objects):
        length = count_elements(container, value)
        if length <= share:
            short.append(value)
            continue
        # Numbered, or the same places of all would be drawn, such as the same columns,
        # and in each fold, which would hide the error.
        seed = number * (FOLDS + 1) + group.fold
        elements = sample_elements(container, value, share, seed)
        drawn = Drawn(elements, weight, group.fold)
        read = partial(read_batches, container, value)
        yield from _represent(drawn, length, read, finder, seed)
    if short:
        yield Drawn(_ask_once(short, weight, group, add_own), weight, group.fold)


def _ask_once(
    objects: list[Any], weight: float, group: Group, add_own: AddOwn
) -> list[Any]:
    """Return the referents of objects, for a sample each once for each object.

    Several references from one object are drawn together, so that they would look like
    pairs.
    """
    if weight == 1.0:
        return ask(objects, group, add_own)
    return [
        referent
        for value in objects
        for referent in {id(one): one for one in ask([value], group, add_own)}.values()
    ]


def _thin(pool: Drawn, strides: dict[int, int]) -> Iterator[Drawn]:
    if not strides:
        yield pool
        return
    by_stride: dict[int, list[Any]] = defaultdict(list)
    for value in pool.objects:
        by_stride[strides.get(id(type(value)), 1)].append(value)
    for stride, objects in by_stride.items():
        places = draw_places(len(objects), math.ceil(len(objects) / stride))
        weight = pool.weight * len(objects) / len(places)
        yield Drawn([objects[place] for place in places], weight, pool.fold)


def _fold(pool: Drawn) -> Iterator[Drawn]:
    if pool.fold:
        yield pool
        return
    for fold in range(FOLDS):
        objects = pool.objects[fold::FOLDS]
        if objects:
            yield Drawn(objects, pool.weight, fold + 1)


def _separate(sampled: list[Drawn]) -> tuple[list[Drawn], list[_Met]]:
    """Separate objects with no other reference from those that need a correction."""
    times: dict[int, int] = defaultdict(int)
    for pool in sampled:
        for address in map(id, pool.objects):
            times[address] += 1
    alone: list[Drawn] = []
    met: dict[int, _Met] = {}
    for pool in sampled:
        mine = []
        references = list(map(sys.getrefcount, pool.objects))
        for value, count in zip(pool.objects, references, strict=True):
            address = id(value)
            drawn = times[address]
            count -= drawn + _OUR_REFERENCES  # noqa: PLW2901 - the rest of it
            if drawn == 1 and count <= 1:
                mine.append(value)
                continue
            each = met.get(address)
            if each is None:
                # It may have been drawn into several folds; it belongs to one.
                fold = 1 + (address * _MIX >> 32) % FOLDS if drawn > 1 else pool.fold
                each = met[address] = _Met(value, fold, drawn, max(1, count))
            each.weight += pool.weight
        alone.append(Drawn(mine, pool.weight, pool.fold))
    return alone, list(met.values())


def _correct(found: list[_Met]) -> Iterator[Drawn]:
    """Yield the drawn objects with corrected weights."""
    alike: dict[tuple[int, int], list[_Met]] = defaultdict(list)
    for each in found:
        alike[id(type(each.value)), each.references.bit_length()].append(each)
    by_weight: dict[tuple[float, int], list[Any]] = defaultdict(list)
    for group in alike.values():
        expected = sum(each.expected_pairs for each in group)
        pairs = sum(each.pairs for each in group)
        part_here = min(1.0, pairs / expected) if expected else 0.0
        for each in group:
            weight = each.stand_for(part_here)
            if weight != each.weight:
                # Rounded, so that not every object becomes a separate group.
                weight = math.exp(round(math.log(weight) * 20) / 20)
            by_weight[weight, 0 if weight == 1.0 else each.fold].append(each.value)
    for (weight, fold), objects in by_weight.items():
        yield Drawn(objects, weight, fold)
