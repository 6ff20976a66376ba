"""Small slices of Arrow, polars and torch data that keep all of the data alive."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.track.leaks.hidden import LEAST_BYTES
from jupyter_memkit.track.leaks.small_slices import find_slices
from jupyter_memkit.track.leaks.small_views import SMALL_VIEW

# A slice counts as the only holder if nothing else reaches this share of its source.
_ALONE = 0.9


def find(scene: Scene) -> Iterator[Hint]:
    """Yield a hint for each variable that shows a small part of what it keeps."""
    for each in find_slices(scene.variables):
        if (each.kept_bytes or math.inf) - each.shown_bytes < LEAST_BYTES:
            continue
        # Memory that something else holds too is not freed by a copy.
        own_bytes = scene.own_bytes(each.name)
        kept_bytes = own_bytes if each.kept_bytes is None else each.kept_bytes
        lost_bytes = kept_bytes - each.shown_bytes
        is_alone = own_bytes >= lost_bytes * _ALONE
        if each.rest_bytes > lost_bytes:
            lost_bytes = each.rest_bytes
            kept_bytes = each.shown_bytes + lost_bytes
            is_alone = scene.shared_bytes(each.name) < each.shown_bytes * (1 - _ALONE)
        is_small = each.shown_bytes * SMALL_VIEW < kept_bytes
        if lost_bytes >= LEAST_BYTES and is_small and is_alone:
            yield Hint(
                kind="view",
                name=each.name,
                found="a small slice that keeps all the data it was cut from",
                bytes=lost_bytes,
                accuracy="estimate" if each.kept_bytes is None else "exact",
                cure=each.cure,
                _call=partial(scene.shell.ex, each.cure),
            )
