"""Lists of objects that forked worker processes copy by reading them.

Workers of torch's DataLoader and of `multiprocessing` start as forks on Linux and share
the memory of the kernel, but reading a Python object changes its reference count, and
so copies its page (pytorch/pytorch#13246).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from jupyter_memkit.hints.number_lists import holds_numbers
from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.measure.attributes import read_attributes
from jupyter_memkit.measure.children import children_meter
from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.measure.sizes.elements import draw_places
from jupyter_memkit.measure.sizes.registry import name_type

# Smaller copies are what any process needs for itself.
_LEAST_BYTES = 32 * 1024 * 1024
# Shorter lists take less than that.
_LEAST_ELEMENTS = 10_000
# A list that explains less of the copies is not their cause.
_LEAST_SHARE = 0.2
# A loader has a dataset, which can be a subset of another.
_DEPTH = 4
_SAMPLED = 50
_MEASURED = 5


@dataclass(slots=True)
class _Found:
    """A long list, and the expressions that lead to it."""

    value: list[Any]
    paths: list[str] = field(default_factory=list)


def find(scene: Scene) -> Iterator[Hint]:
    """Yield a hint for the list that explains most of what the workers copied."""
    copied = children_meter().copied
    if copied.bytes < _LEAST_BYTES:
        return
    lists = sorted(_find_lists(scene), key=lambda each: -len(each.value))[:_MEASURED]
    if not lists:
        return
    sizes = [sizeof(each.value, exact=False).bytes for each in lists]
    most_bytes = max(sizes)
    n_bytes = min(copied.bytes, most_bytes * copied.count)
    if n_bytes < copied.bytes * _LEAST_SHARE:
        return
    found = lists[sizes.index(most_bytes)]
    value, names = found.value, found.paths
    workers = f"{copied.count} worker process{'es' if copied.count > 1 else ''}"
    packing = "to_numpy" if holds_numbers(value, scene) else "SerializedList"
    cure = (
        f"from jupyter_memkit import {packing}; "
        f"{' = '.join(names)} = {packing}({names[0]})"
    )
    yield Hint(
        kind="copies",
        name=names[0],
        found=(
            f"a list of {len(value):,} objects ({name_type(type(value[0]))}), "
            f"which {workers} copied, because reading an object changes its reference "
            "count"
        ),
        bytes=n_bytes,
        accuracy="estimate",
        cure=cure,
        _call=partial(scene.shell.ex, cure),
    )


def _find_lists(scene: Scene) -> list[_Found]:
    """Return the long lists of objects in variables and in their attributes."""
    found: dict[int, _Found] = {}
    seen: set[int] = set()
    level = list(scene.variables.items())
    for _ in range(_DEPTH):
        below: list[tuple[str, Any]] = []
        for path, value in level:
            scene.check_time()
            if type(value) is list:
                if _is_long(value):
                    found.setdefault(id(value), _Found(value)).paths.append(path)
            elif id(value) not in seen and not issubclass(type(value), type):
                seen.add(id(value))
                below += [
                    (f"{path}.{name}", attribute)
                    for name, attribute in read_attributes(value)
                    if name.isidentifier()
                ]
        level = below
    return list(found.values())


def _is_long(value: list[Any]) -> bool:
    """Return whether a list has many elements, most of them distinct objects."""
    if len(value) < _LEAST_ELEMENTS:
        return False
    drawn = [value[place] for place in draw_places(len(value), _SAMPLED)]
    return len(set(map(id, drawn))) > len(drawn) / 2
