"""Cells that spent much of their time in the garbage collector."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_memkit.hints.records import Hint
from jupyter_memkit.hints.scene import Scene
from jupyter_memkit.track.collector_costs import find_collector_costs
from jupyter_memkit.units import format_duration

# Smaller savings are not worth a hint.
_LEAST_SAVED_S = 0.5


def find(scene: Scene) -> Iterator[Hint]:
    """Yield a hint for each cell that would run faster with the collector paused."""
    for cost in find_collector_costs(scene.accounts, scene.shell).costs:
        cell = cost.cell
        if cost.saved_s >= _LEAST_SAVED_S:
            took, of = format_duration(cell.gc_s), format_duration(cell.duration_s)
            number = cell.execution_count
            yield Hint(
                kind="collector",
                name=f"cell [{number}]" if number else "a cell",
                found=f"the garbage collector took {took} of its {of}",
                saved_s=cost.saved_s,
                cure="%%gc_pause",
            )
