"""Lists of numbers only, which take less memory as an array."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.measure.sizes import sizeof
from jupyter_memkit.measure.sizes.identity import contains_identical
from jupyter_memkit.techniques.arrays.pack_names import pack_names

# Smaller savings are not worth a hint.
_LEAST_BYTES = 1024 * 1024
_LEAST_RATIO = 0.25

_BATCH = 100_000
# The size of an array without its elements.
_ARRAY_BYTES = 112


def find(scene: Scene) -> Iterator[Hint]:
    """Yield a hint for each list that `%to_numpy` packs."""
    for name, value in scene.variables.items():
        item_bytes = _read_item_bytes(value, scene)
        if item_bytes is None:
            continue
        size = sizeof(value, exact=False)
        measured = scene.size_replaced(name)
        if measured is None:
            continue
        # What something else keeps too is not freed.
        shared_bytes = measured.shared_bytes
        saved_bytes = size.bytes - shared_bytes - len(value) * item_bytes - _ARRAY_BYTES
        if saved_bytes >= max(_LEAST_BYTES, size.bytes * _LEAST_RATIO):
            kind = type(value[0]).__name__
            yield Hint(
                kind="numbers",
                name=name,
                found=f"a list of {len(value):,} numbers ({kind})",
                bytes=saved_bytes,
                accuracy="exact" if size.exact and not shared_bytes else "estimate",
                cure=f"%to_numpy {name}",
                _call=partial(
                    pack_names,
                    name,
                    namespace=scene.shell.user_ns,
                    shell=scene.shell,
                ),
            )


def _read_item_bytes(value: Any, scene: Scene) -> int | None:
    """Return the bytes per number in an array; None if the value cannot be one."""
    if type(value) is not list or len(value) * 8 < _LEAST_BYTES:
        return None
    if not holds_numbers(value, scene):
        return None
    return 1 if type(value[0]) is bool else 8


def holds_numbers(value: list[Any], scene: Scene) -> bool:
    """Return whether a list holds numbers of one type that fit an array."""
    kind = type(value[0])
    if not contains_identical((bool, float, int), kind):
        return False
    # In batches, because a list of ten million numbers takes a while.
    for start in range(0, len(value), _BATCH):
        scene.check_time()
        batch = value[start : start + _BATCH]
        if set(map(type, batch)) != {kind}:
            return False
        if kind is int and not -(2**63) <= min(batch) <= max(batch) < 2**63:
            return False
    return True
