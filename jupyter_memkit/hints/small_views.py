"""Small views that keep large arrays, bytes or byte arrays alive."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.measure.hidden import find_hidden
from jupyter_memkit.track.leaks.hidden import LEAST_BYTES, join
from jupyter_memkit.track.leaks.shown import ShownFinder
from jupyter_memkit.track.leaks.small_views import find_small_views

# A view counts as the only holder if nothing else reaches this share of its base.
_ALONE = 0.9


def find(scene: Scene) -> Iterator[Hint]:
    """Yield a hint for each group of views that are the only holders of memory."""
    finder = ShownFinder()
    views = list(find_small_views(scene.variables, finder))
    scene.skipped += finder.skipped
    if not views:
        return
    viewing = {name for view in views for name in view.names}
    others = {name: scene.variables[name] for name in scene.variables.keys() - viewing}
    hidden = {each.name: each.value for each in find_hidden(scene.shell)}
    # A leading space, so that no variable has the name.
    bases = {f" {join(view.names)}": view.bases for view in views}
    alone, sized = scene.measure(bases | others), scene.measure(bases | hidden)
    for key, view in zip(bases, views, strict=True):
        # Memory that another variable holds too is not freed by a copy.
        own_bytes = alone[key].bytes - alone[key].shared_bytes
        if own_bytes < alone[key].bytes * _ALONE:
            continue
        lost_bytes = view.base_bytes - view.view_bytes
        if view.has_objects:
            lost_bytes = round(own_bytes * lost_bytes / view.base_bytes)
        else:
            # Pages that were never touched are not in memory.
            lost_bytes = min(lost_bytes, own_bytes - view.view_bytes)
        if lost_bytes < LEAST_BYTES:
            continue
        found = "a small view that keeps all the memory it was cut from"
        if sized[key].shared_bytes >= view.base_bytes * _ALONE:
            sharing = [name for name in hidden if sized[name].shared_bytes]
            found += f", which {join(sharing)} may also keep: then run %memfree --all"
        yield Hint(
            kind="view",
            name=join(view.names),
            found=found,
            bytes=lost_bytes,
            accuracy="estimate" if view.has_objects else "exact",
            cure=view.cure,
            _call=partial(scene.shell.ex, view.cure),
        )
