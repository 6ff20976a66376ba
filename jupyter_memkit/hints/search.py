"""Runs the rules and collects what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from jupyter_memkit.cells.usage import find_usage
from jupyter_memkit.hints import (
    allocation_tracing,
    collector_time,
    duplicates,
    fragments,
    frozen_objects,
    hidden_holders,
    idle_workers,
    kept_graphs,
    loading_peaks,
    number_lists,
    paused_collector,
    small_slices,
    small_views,
    smaller_dtypes,
    uncollectable,
    worker_copies,
)
from jupyter_memkit.hints.records import BUDGET_S, Hint, Hints, Unused
from jupyter_memkit.hints.scene import OutOfTimeError, Scene
from jupyter_memkit.measure.deadlines import deadline_after
from jupyter_memkit.track import leaks
from jupyter_memkit.track.cells import CellRecord
from jupyter_memkit.track.leaks.hidden import LEAST_BYTES

Rule = Callable[[Scene], Iterator[Hint]]

# Rules that only inspect come first, rules that read all data last.
LEAKS: tuple[Rule, ...] = (
    paused_collector.find,
    frozen_objects.find,
    kept_graphs.find,
    worker_copies.find,
    hidden_holders.find,
    small_views.find,
    small_slices.find,
    idle_workers.find,
    uncollectable.find,
    allocation_tracing.find,
    duplicates.find,
)
"""Memory that is no longer used."""

SAVINGS: tuple[Rule, ...] = (
    collector_time.find,
    loading_peaks.find,
    fragments.find,
    number_lists.find,
    smaller_dtypes.find,
)
"""Data that could be smaller, and cells that could be faster."""


def find_leaks(
    shell: Any, *, unused_cells: int = 10, budget_s: float = BUDGET_S
) -> Hints:
    """Find memory that is no longer used, with the line that frees it.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell whose variables, outputs and errors are searched.
    unused_cells : int
        How many cells a variable may go unused before it is listed as unused.
    budget_s : float
        When to stop, in seconds.

    Returns
    -------
    Hints
        The largest first.
    """
    deadline_s = deadline_after(budget_s)
    scene = Scene(shell, deadline_s, measure_sizes=leaks.sizes)
    hints = _run(LEAKS, scene)
    names = {hint.name for hint in hints}
    unused = () if scene.is_late else _find_unused(scene, unused_cells, names)
    return Hints(
        hints=tuple(hints),
        unused=tuple(sorted(unused, key=lambda each: -each.bytes)),
        skipped=tuple(scene.skipped),
        complete=not scene.is_cut,
        budget_s=budget_s,
    )


def find_hints(
    shell: Any,
    accounts: Sequence[CellRecord] = (),
    *,
    budget_s: float = 2 * BUDGET_S,
) -> Hints:
    """Find what would save memory or time.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell whose variables, outputs and errors are searched.
    accounts : sequence of CellRecord
        The accounts of cells, the latest last.
    budget_s : float
        When to stop, in seconds; half of it is for leaks.

    Returns
    -------
    Hints
        The leaks and the other hints: the largest first, then those that save time.
    """
    deadline_s = deadline_after(budget_s)
    half_s = deadline_after(budget_s / 2)
    scene = Scene(shell, half_s, accounts, measure_sizes=leaks.sizes)
    found = _run(LEAKS, scene)
    # The savings have the other half, and what the leaks left.
    scene.deadline_s = deadline_s
    found += _run(SAVINGS, scene)
    return Hints(
        hints=tuple(sorted(found, key=_rank)),
        skipped=tuple(scene.skipped),
        complete=not scene.is_cut,
        budget_s=budget_s,
    )


def _run(rules: Iterable[Rule], scene: Scene) -> list[Hint]:
    """Return the hints found until time is up, the largest first."""
    found: dict[tuple[str, bool], Hint] = {}
    try:
        for rule in rules:
            scene.check_time()
            for hint in rule(scene):
                # Two rules that find the same memory make one hint. What costs time is
                # something else, as in a cell that loads twice what it keeps.
                key = hint.name, hint.saved_s is None
                known = found.setdefault(key, hint)
                if (hint.bytes or 0) > (known.bytes or 0):
                    found[key] = hint
    except OutOfTimeError:
        scene.is_cut = True
    return sorted(found.values(), key=_rank)


def _rank(hint: Hint) -> float:
    return -(hint.bytes or 0)


def _find_unused(scene: Scene, unused_cells: int, found: set[str]) -> Iterator[Unused]:
    """Yield variables that no recent cell has named and that are not leaks."""
    usage = find_usage(scene.inputs)
    now = len(scene.inputs) - 1
    for name in scene.variables:
        last = usage[name].used_in if name in usage else None
        # A variable that no known cell names may be used by an unknown one.
        if last is None or now - last <= unused_cells or name in found:
            continue
        n_bytes = scene.own_bytes(name)
        if n_bytes >= LEAST_BYTES:
            yield Unused(name=name, bytes=n_bytes, used_in=last)
