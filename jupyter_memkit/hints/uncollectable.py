"""Objects that the collector could not free."""

from __future__ import annotations

import gc
from collections.abc import Iterator

from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.units import format_count


def find(scene: Scene) -> Iterator[Hint]:
    """Yield a hint if there are any."""
    if gc.garbage:
        yield Hint(
            kind="garbage",
            name="gc.garbage",
            found=f"{format_count(len(gc.garbage), 'object')} that the collector could "
            "not free",
            bytes=scene.measure({"garbage": gc.garbage})["garbage"].bytes,
            cure="import gc; gc.garbage.clear()",
            _call=gc.garbage.clear,
        )
