"""What holds memory that nobody needs any more, with the cure beside each."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jupyter_memkit.measure.hidden import find_hidden
from jupyter_memkit.measure.sizes import Sizes, sizes
from jupyter_memkit.measure.sizes.loaded import find_loaded
from jupyter_memkit.records import Record
from jupyter_memkit.track.duplicates import find_duplicates
from jupyter_memkit.track.small_views import find_small_views
from jupyter_memkit.track.usage import find_usage
from jupyter_memkit.track.variables import find_program, user_variables

LeakKind = Literal[
    "duplicate",
    "figure",
    "garbage",
    "gc_paused",
    "graph",
    "output",
    "traceback",
    "unused",
    "view",
]

# What holds less is no leak that anybody looks for.
_LEAST_BYTES = 1024 * 1024
_BUDGET_S = 2.0
# Losses are looked for in a list of so many places, the last ones.
_LAST_ELEMENTS = 20


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
        What would come back; None where nothing tells.
    note : str
        What it is, in a few words.
    cure : str
        The line that gives it back.
    """

    kind: LeakKind
    name: str
    bytes: int | None
    note: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaks(Record):
    """What was found, the largest first.

    Attributes
    ----------
    leaks : tuple of Leak
        One for each holder.
    complete : bool
        Whether all was looked at, or time was up before.
    """

    leaks: tuple[Leak, ...]
    complete: bool


def find_leaks(
    shell: Any, *, unused_cells: int = 10, budget_s: float = _BUDGET_S
) -> Leaks:
    """Look for the known ways in which notebooks lose memory.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        Whose variables, outputs and errors are looked at.
    unused_cells : int
        After how many cells without a use a variable is told.
    budget_s : float
        When to stop, in seconds.

    Returns
    -------
    Leaks
        The largest first.
    """
    scene = _Scene(shell, unused_cells, time.perf_counter() + budget_s)
    found: dict[str, Leak] = {}
    for rule in _RULES:
        if scene.is_late:
            break
        for leak in rule(scene):
            # What two rules see comes back once.
            known = found.setdefault(leak.name, leak)
            if (leak.bytes or 0) > (known.bytes or 0):
                found[leak.name] = leak
    leaks = sorted(found.values(), key=lambda leak: -(leak.bytes or 0))
    return Leaks(leaks=tuple(leaks), complete=not scene.is_late)


class _Scene:
    """What the rules look at: variables and hidden holders, measured together."""

    def __init__(self, shell: Any, unused_cells: int, deadline_s: float) -> None:
        self.unused_cells = unused_cells
        self.deadline_s = deadline_s
        self.variables = user_variables(shell)
        self.hidden = {holder.name: holder for holder in find_hidden(shell)}
        self.cells = list(shell.user_ns.get("In", ()))
        values = {holder.name: holder.value for holder in self.hidden.values()}
        self._program = find_program(shell)
        self.sizes = self.measure(values | self.variables)

    def measure(self, values: Mapping[str, Any]) -> Sizes:
        """Size objects in at most half of the time that is left."""
        budget_s = max(0.1, (self.deadline_s - time.perf_counter()) / 2)
        return sizes(values, budget_s=budget_s, program=self._program)

    @property
    def is_late(self) -> bool:
        """Whether time is up."""
        return time.perf_counter() > self.deadline_s

    def own_bytes(self, name: str) -> int:
        """Return what only this holder keeps."""
        size = self.sizes[name]
        return size.bytes - size.shared_bytes


def _find_outputs(scene: _Scene) -> Iterator[Leak]:
    """Yield values that were shown, and that no variable holds."""
    held = {id(value) for value in scene.variables.values()}
    shown: dict[int, list[str]] = {}
    for holder in scene.hidden.values():
        if holder.kind == "output" and id(holder.value) not in held:
            shown.setdefault(id(holder.value), []).append(holder.name)
    for names in shown.values():
        n_bytes = scene.sizes[names[0]].bytes
        if n_bytes >= _LEAST_BYTES:
            yield Leak(
                kind="output",
                name=names[0],
                bytes=n_bytes,
                note=f"shown once, kept by {_join(names)}",
                cure="%memfree --outputs",
            )


def _find_tracebacks(scene: _Scene) -> Iterator[Leak]:
    names = [name for name, each in scene.hidden.items() if each.kind == "traceback"]
    if not names:
        return
    n_bytes = max(scene.sizes[name].bytes for name in names)
    if n_bytes >= _LEAST_BYTES:
        yield Leak(
            kind="traceback",
            name=names[0],
            bytes=n_bytes,
            note="a failed cell keeps every variable of the functions that it was in",
            cure="%memfree",
        )


def _find_figures(scene: _Scene) -> Iterator[Leak]:
    figures = {
        name: each.value for name, each in scene.hidden.items() if each.kind == "figure"
    }
    if figures:
        # Without what the variables hold anyway; what outputs hold goes with them.
        measured = scene.measure({**scene.variables, "figures": list(figures.values())})
        size = measured["figures"]
        yield Leak(
            kind="figure",
            name=_join(list(figures)),
            bytes=size.bytes - size.shared_bytes,
            note="open, with all that was drawn",
            cure="%memfree --figures",
        )


def _find_views(scene: _Scene) -> Iterator[Leak]:
    for view in find_small_views(scene.variables):
        yield Leak(
            kind="view",
            name=view.name,
            bytes=view.base_bytes - view.view_bytes,
            note="a small view that keeps the whole array it was cut from",
            cure=f"{view.name} = {view.name}.copy()",
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


def _find_unused(scene: _Scene) -> Iterator[Leak]:
    usage = find_usage(scene.cells)
    now = len(scene.cells) - 1
    for name in scene.variables:
        last = usage[name].used_in if name in usage else None
        # What no cell that is known has named may be used by one that is not.
        if last is None or now - last <= scene.unused_cells:
            continue
        n_bytes = scene.own_bytes(name)
        if n_bytes >= _LEAST_BYTES:
            yield Leak(
                kind="unused",
                name=name,
                bytes=n_bytes,
                note=f"not used since cell [{last}]",
                cure=f"%memfree {name}",
            )


def _find_garbage(_: _Scene) -> Iterator[Leak]:
    if gc.garbage:
        yield Leak(
            kind="garbage",
            name="gc.garbage",
            bytes=sizes({"garbage": gc.garbage})["garbage"].bytes,
            note=f"{len(gc.garbage)} objects that the collector could not free",
            cure="import gc; gc.garbage.clear()",
        )


def _find_pause(_: _Scene) -> Iterator[Leak]:
    if not gc.isenabled():
        yield Leak(
            kind="gc_paused",
            name="the garbage collector",
            bytes=None,
            note="is paused, so what only refers to itself stays",
            cure="%gc_pause off",
        )


_RULES: tuple[Callable[[_Scene], Iterator[Leak]], ...] = (
    _find_tracebacks,
    _find_outputs,
    _find_figures,
    _find_views,
    _find_unused,
    _find_graphs,
    _find_garbage,
    _find_pause,
    _find_copies,
)


def _join(names: list[str]) -> str:
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return ", ".join(names)
