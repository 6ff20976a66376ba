"""The known ways in which notebooks lose memory, one rule each."""

from __future__ import annotations

import gc
import math
import tracemalloc
from collections.abc import Callable, Iterator

from jupyter_memkit.measure.hidden import find_hidden
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.measure.workers import find_idle_workers
from jupyter_memkit.track.leaks.duplicates import find_duplicates
from jupyter_memkit.track.leaks.hidden import LEAST_BYTES, find_hidden_leaks, join
from jupyter_memkit.track.leaks.records import Leak
from jupyter_memkit.track.leaks.scene import Scene
from jupyter_memkit.track.leaks.small_slices import find_slices
from jupyter_memkit.track.leaks.small_views import SMALL_VIEW, find_small_views

# Losses are looked for in a list of so many places, the last ones.
_LAST_ELEMENTS = 20
# A view of less than that of its base's own bytes is not alone with it.
_ALONE = 0.9


def _find_hidden(scene: Scene) -> Iterator[Leak]:
    for held in find_hidden_leaks(scene.shell, scene.variables, scene.measure):
        name = join(held.names) if len(held.names) > 1 else held.names[0]
        if held.kind in ("output", "traceback"):
            name = held.names[0]
        yield Leak(
            kind=held.kind,
            name=name,
            bytes=held.bytes,
            exact=held.exact,
            note=held.note,
            cure=held.cure,
        )


def _find_views(scene: Scene) -> Iterator[Leak]:
    views = list(find_small_views(scene.variables))
    if not views:
        return
    viewing = {name for view in views for name in view.names}
    others = {name: scene.variables[name] for name in scene.variables.keys() - viewing}
    hidden = {each.name: each.value for each in find_hidden(scene.shell)}
    # A leading space, so that no variable has the name.
    bases = {f" {join(view.names)}": view.bases for view in views}
    alone, sized = scene.measure(bases | others), scene.measure(bases | hidden)
    for key, view in zip(bases, views, strict=True):
        # What another variable has as well stays when this one is copied.
        own_bytes = alone[key].bytes - alone[key].shared_bytes
        if own_bytes < alone[key].bytes * _ALONE:
            continue
        lost_bytes = view.base_bytes - view.view_bytes
        if view.has_objects:
            lost_bytes = round(own_bytes * lost_bytes / view.base_bytes)
        else:
            # Not what nobody has touched.
            lost_bytes = min(lost_bytes, own_bytes - view.view_bytes)
        if lost_bytes < LEAST_BYTES:
            continue
        note = "a small view that keeps all of what it was cut from"
        if sized[key].shared_bytes >= view.base_bytes * _ALONE:
            sharing = [name for name in hidden if sized[name].shared_bytes]
            note += f", which {join(sharing)} may keep as well: then %memfree --all"
        yield Leak(
            kind="view",
            name=join(view.names),
            bytes=lost_bytes,
            note=note,
            cure=view.cure,
        )


def _find_slices(scene: Scene) -> Iterator[Leak]:
    for each in find_slices(scene.variables):
        if (each.kept_bytes or math.inf) - each.shown_bytes < LEAST_BYTES:
            continue
        # What something else has as well stays when this one is copied.
        own_bytes = scene.own_bytes(each.name)
        kept_bytes = own_bytes if each.kept_bytes is None else each.kept_bytes
        lost_bytes = kept_bytes - each.shown_bytes
        is_alone = own_bytes >= lost_bytes * _ALONE
        is_small = each.shown_bytes * SMALL_VIEW < kept_bytes
        if lost_bytes >= LEAST_BYTES and is_small and is_alone:
            yield Leak(
                kind="view",
                name=each.name,
                bytes=lost_bytes,
                note="a small slice that keeps all of what it was cut from",
                cure=each.cure,
            )


def _find_copies(scene: Scene) -> Iterator[Leak]:
    own = {name: scene.own_bytes(name) for name in scene.variables}
    pairs = find_duplicates(scene.variables, own, scene.deadline_s)
    for name, original in pairs:
        yield Leak(
            kind="duplicate",
            name=name,
            bytes=own[name],
            note=f"holds the same data as {original}",
            cure=f"{name} = {original}",
        )


def _find_graphs(scene: Scene) -> Iterator[Leak]:
    """Yield lists of losses that were not taken out of their graphs."""
    tensor = find_loaded("torch", "Tensor")
    if not issubclass(type(tensor), type):
        return
    for name, value in scene.variables.items():
        if type(value) is not list:
            continue
        last = value[-_LAST_ELEMENTS:]
        if any(type(each) is tensor and each.grad_fn is not None for each in last):
            yield Leak(
                kind="graph",
                name=name,
                bytes=None,
                note="its tensors keep the graphs that they were computed by",
                cure=f"{name} = [each.item() for each in {name}]",
            )


def _find_workers(_: Scene) -> Iterator[Leak]:
    for idle in find_idle_workers():
        n_bytes = idle.read_bytes()
        if n_bytes >= LEAST_BYTES:
            count = len(idle.pids)
            yield Leak(
                kind="workers",
                name=f"{count} worker process{'es' if count > 1 else ''} of joblib",
                bytes=n_bytes,
                note="idle, kept for the next parallel call",
                cure="%memfree --workers",
            )


def _find_garbage(scene: Scene) -> Iterator[Leak]:
    if gc.garbage:
        yield Leak(
            kind="garbage",
            name="gc.garbage",
            bytes=scene.measure({"garbage": gc.garbage})["garbage"].bytes,
            note=f"{len(gc.garbage)} objects that the collector could not free",
            cure="import gc; gc.garbage.clear()",
        )


def _find_tracing(_: Scene) -> Iterator[Leak]:
    n_bytes = tracemalloc.get_tracemalloc_memory() if tracemalloc.is_tracing() else 0
    if n_bytes >= LEAST_BYTES:
        yield Leak(
            kind="tracing",
            name="tracemalloc",
            bytes=n_bytes,
            note="notes where each block was allocated, which also slows the kernel",
            cure="import tracemalloc; tracemalloc.stop()",
        )


def _find_pause(scene: Scene) -> Iterator[Leak]:
    if not gc.isenabled() and scene.collector_cure is not None:
        yield Leak(
            kind="gc_paused",
            name="the garbage collector",
            bytes=None,
            note="is paused, so what only refers to itself stays",
            cure=scene.collector_cure,
        )


# Those that only look come first, those that read all data last.
RULES: tuple[Callable[[Scene], Iterator[Leak]], ...] = (
    _find_pause,
    _find_graphs,
    _find_hidden,
    _find_views,
    _find_slices,
    _find_workers,
    _find_garbage,
    _find_tracing,
    _find_copies,
)
