"""Values whose small objects are scattered over Python's heap and keep it large.

Python takes memory for small objects in arenas, each of which returns to the system
once nothing in it is in use. What remains of many objects can keep as many arenas as
all of them needed. A copy consists of new objects, which Python places into few arenas;
once the scattered ones are deleted, their arenas are returned.
"""

from __future__ import annotations

import gc
import pickle
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any

from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.measure.free_heap import read_free_python_heap_bytes
from jupyter_memkit.units import format_bytes

# Smaller savings are not worth a copy.
_LEAST_BYTES = 32 * 1024 * 1024
# A value that fills more of what is free is hardly scattered over it.
_MOST_SHARE = 1 / 8

_ARENA_BITS = 20
# Larger objects are in the heap of C.
_SMALL_BYTES = 512

# Copying objects of these types, and no others, is certain to run no code of the user's
# and to make an equal value. By the id of a type, because comparing types can run code.
_ATOMS = frozenset(map(id, (bool, bytes, complex, float, int, str, type(None))))
_CONTAINERS = frozenset(map(id, (frozenset, list, set, tuple)))
_DICT = id(dict)

_BATCH = 100_000
# Pickling deeper values exceeds the limit of recursion.
_MOST_LEVELS = 100


def find(scene: Scene) -> Iterator[Hint]:
    """Yield a hint for each variable that alone keeps many arenas."""
    free_bytes = read_free_python_heap_bytes()
    if free_bytes < _LEAST_BYTES:
        return
    places = {}
    for name in scene.variables:
        if scene.own_bytes(name) <= free_bytes * _MOST_SHARE:
            found = _find_places(scene.variables[name], scene)
            if found is not None:
                places[name] = found
    users = Counter(chain.from_iterable(arenas for arenas, _ in places.values()))
    for name, (arenas, count) in places.items():
        n_only = sum(users[arena] == 1 for arena in arenas)
        kept_bytes = (n_only << _ARENA_BITS) - scene.own_bytes(name)
        saved_bytes = min(free_bytes, kept_bytes)
        if saved_bytes >= _LEAST_BYTES:
            yield Hint(
                kind="fragments",
                name=name,
                found=(
                    f"{count:,} small objects, scattered over "
                    f"{format_bytes(n_only << _ARENA_BITS)} of Python's heap"
                ),
                bytes=saved_bytes,
                accuracy="at most",
                # Python keeps dozens of freed lists and dicts for reuse until a full
                # collection.
                cure=(
                    f"import gc, pickle; {name} = pickle.loads(pickle.dumps({name})); "
                    "gc.collect()"
                ),
                _call=partial(_copy, scene.shell.user_ns, name),
            )


def _find_places(value: Any, scene: Scene) -> tuple[set[int], int] | None:
    """Return the arenas with small objects of a value, and the number of objects.

    None if the value contains an object of a type that is not known to be copied.
    """
    arenas: set[int] = set()
    seen: set[int] = set()
    level = [value]
    for _ in range(_MOST_LEVELS):
        following: list[Any] = []
        for start in range(0, len(level), _BATCH):
            scene.check_time()
            for each in level[start : start + _BATCH]:
                if id(each) in seen:
                    continue
                seen.add(id(each))
                kind = id(type(each))
                if kind == _DICT:
                    following += chain.from_iterable(list(each.items()))
                elif kind in _CONTAINERS:
                    following += each
                elif kind not in _ATOMS:
                    return None
                if sys.getsizeof(each) <= _SMALL_BYTES:
                    arenas.add(id(each) >> _ARENA_BITS)
        if not following:
            return arenas, len(seen)
        level = following
    return None


def _copy(namespace: dict[str, Any], name: str) -> None:
    namespace[name] = pickle.loads(pickle.dumps(namespace[name]))  # noqa: S301 - its own
    gc.collect()
