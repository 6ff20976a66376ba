"""What holds memory that would come back, with the cure beside each."""

from __future__ import annotations

import gc
import math
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import _lru_cache_wrapper
from typing import Any, Literal

from jupyter_memkit.measure.hidden import HolderKind, find_hidden
from jupyter_memkit.measure.shapes import read_shape
from jupyter_memkit.measure.sizes import Sizes, sizes
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.measure.workers import find_idle_workers
from jupyter_memkit.records import Record
from jupyter_memkit.track.duplicates import find_duplicates
from jupyter_memkit.track.hidden_leaks import LEAST_BYTES, find_hidden_leaks, join
from jupyter_memkit.track.small_slices import find_slices
from jupyter_memkit.track.small_views import SMALL_VIEW, find_small_views
from jupyter_memkit.track.usage import find_usage
from jupyter_memkit.track.variables import find_program, user_variables

LeakKind = (
    HolderKind
    | Literal[
        "duplicate", "garbage", "gc_paused", "graph", "tracing", "view", "workers"
    ]
)

_BUDGET_S = 2.0
# The least time for a measurement: what it takes to look at some thousand objects.
_LEAST_S = 0.1
# Losses are looked for in a list of so many places, the last ones.
_LAST_ELEMENTS = 20
# A view of less than that of its base's own bytes is not alone with it.
_ALONE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak(Record):
    """Something that holds memory without need.

    Attributes
    ----------
    kind : str
        Which of the known kinds it is.
    name : str
        What holds: a variable, or what a hidden holder is called.
    bytes : int or None
        What would come back: what neither a variable nor another holder keeps. None
        where it cannot be measured.
    exact : bool
        Whether all of that was compared; otherwise `bytes` is the most that it can be.
    note : str
        What it is, in a few words.
    cure : str
        The line that gives it back.
    """

    kind: LeakKind
    name: str
    bytes: int | None
    exact: bool = True
    note: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused(Record):
    """A variable that no cell has named lately; it may be needed all the same.

    Attributes
    ----------
    name : str
        The variable.
    bytes : int
        What only it holds.
    used_in : int
        The number of the last cell that named it.
    """

    name: str
    bytes: int
    used_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaks(Record):
    """What was found, the largest first.

    Attributes
    ----------
    leaks : tuple of Leak
        One for each holder.
    unused : tuple of Unused
        Variables that were not used lately, which is no leak.
    complete : bool
        Whether all was looked at, or time was up before.
    """

    leaks: tuple[Leak, ...]
    unused: tuple[Unused, ...] = ()
    complete: bool


def find_leaks(
    shell: Any,
    *,
    unused_cells: int = 10,
    budget_s: float = _BUDGET_S,
    collector_cure: str | None = "gc.enable()",
) -> Leaks:
    """Look for the known ways in which notebooks lose memory.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        Whose variables, outputs and errors are looked at.
    unused_cells : int
        After how many cells without a use a variable is listed as unused.
    budget_s : float
        When to stop, in seconds.
    collector_cure : str or None
        What lets a paused collector run again; None where that happens by itself.

    Returns
    -------
    Leaks
        The largest first.
    """
    scene = _Scene(shell, time.perf_counter() + budget_s, collector_cure)
    found: dict[str, Leak] = {}
    for rule in _RULES:
        if scene.is_late:
            scene.is_cut = True
            break
        for leak in rule(scene):
            # What two rules see comes back once.
            known = found.setdefault(leak.name, leak)
            if (leak.bytes or 0) > (known.bytes or 0):
                found[leak.name] = leak
    leaks = sorted(found.values(), key=lambda leak: -(leak.bytes or 0))
    unused = () if scene.is_late else _find_unused(scene, unused_cells, set(found))
    return Leaks(
        leaks=tuple(leaks),
        unused=tuple(sorted(unused, key=lambda each: -each.bytes)),
        complete=not scene.is_cut,
    )


class _Scene:
    """What the rules look at, and the time that they have."""

    def __init__(
        self, shell: Any, deadline_s: float, collector_cure: str | None
    ) -> None:
        self.shell = shell
        self.deadline_s = deadline_s
        self.collector_cure = collector_cure
        self.is_cut = False
        """Whether time was up before a measurement had seen everything."""
        # A function with a cache is no data; its cache is looked at by itself.
        variables = {
            name: value
            for name, value in user_variables(shell).items()
            if type(value) is not _lru_cache_wrapper
        }
        # When time is up, what looks largest has been measured.
        names = sorted(variables, key=lambda name: -_guess(variables[name]))
        self.variables = {name: variables[name] for name in names}
        self.cells = list(shell.user_ns.get("In", ()))
        self._program = find_program(shell)
        self._sizes: Sizes | None = None

    def measure(
        self,
        values: Mapping[str, Any],
        *,
        exact: bool = False,
        ends: Iterable[Any] = (),
    ) -> Sizes:
        """Size objects in at most half of the time that is left."""
        budget_s = max(_LEAST_S, (self.deadline_s - time.perf_counter()) / 2)
        measured = sizes(
            values, budget_s=budget_s, exact=exact, program=[*self._program, *ends]
        )
        # An error that cannot be told is that of a measurement without an end.
        if any(size.error_ratio is None for size in measured.values()):
            self.is_cut = True
        return measured

    @property
    def is_late(self) -> bool:
        """Whether time is up."""
        return time.perf_counter() > self.deadline_s

    def own_bytes(self, name: str) -> int:
        """Return what only this variable keeps, as an estimate."""
        if self._sizes is None:
            hidden = {each.name: each.value for each in find_hidden(self.shell)}
            self._sizes = self.measure(self.variables | hidden)
        size = self._sizes[name]
        return size.bytes - size.shared_bytes


def _guess(value: Any) -> int:
    """Return how many elements a value has, as far as its shape says."""
    return math.prod(read_shape(value) or (1,))


def _find_hidden(scene: _Scene) -> Iterator[Leak]:
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


def _find_views(scene: _Scene) -> Iterator[Leak]:
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
        if own_bytes < view.base_bytes * _ALONE:
            continue
        lost_bytes = view.base_bytes - view.view_bytes
        if view.has_objects:
            lost_bytes = round(own_bytes * lost_bytes / view.base_bytes)
        if lost_bytes < LEAST_BYTES:
            continue
        note = "a small view that keeps the whole array it was cut from"
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


def _find_slices(scene: _Scene) -> Iterator[Leak]:
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


def _find_copies(scene: _Scene) -> Iterator[Leak]:
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


def _find_graphs(scene: _Scene) -> Iterator[Leak]:
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


def _find_workers(_: _Scene) -> Iterator[Leak]:
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


def _find_garbage(scene: _Scene) -> Iterator[Leak]:
    if gc.garbage:
        yield Leak(
            kind="garbage",
            name="gc.garbage",
            bytes=scene.measure({"garbage": gc.garbage})["garbage"].bytes,
            note=f"{len(gc.garbage)} objects that the collector could not free",
            cure="import gc; gc.garbage.clear()",
        )


def _find_tracing(_: _Scene) -> Iterator[Leak]:
    n_bytes = tracemalloc.get_tracemalloc_memory() if tracemalloc.is_tracing() else 0
    if n_bytes >= LEAST_BYTES:
        yield Leak(
            kind="tracing",
            name="tracemalloc",
            bytes=n_bytes,
            note="notes where each block was allocated, which also slows the kernel",
            cure="import tracemalloc; tracemalloc.stop()",
        )


def _find_pause(scene: _Scene) -> Iterator[Leak]:
    if not gc.isenabled() and scene.collector_cure is not None:
        yield Leak(
            kind="gc_paused",
            name="the garbage collector",
            bytes=None,
            note="is paused, so what only refers to itself stays",
            cure=scene.collector_cure,
        )


# Those that only look come first, those that read all data last.
_RULES: tuple[Callable[[_Scene], Iterator[Leak]], ...] = (
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


def _find_unused(scene: _Scene, unused_cells: int, found: set[str]) -> Iterator[Unused]:
    """Yield what no cell has named for long and is not in the list of leaks."""
    usage = find_usage(scene.cells)
    now = len(scene.cells) - 1
    for name in scene.variables:
        last = usage[name].used_in if name in usage else None
        # What no cell that is known has named may be used by one that is not.
        if last is None or now - last <= unused_cells or name in found:
            continue
        n_bytes = scene.own_bytes(name)
        if n_bytes >= LEAST_BYTES:
            yield Unused(name=name, bytes=n_bytes, used_in=last)
