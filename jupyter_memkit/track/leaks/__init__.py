"""What holds memory that would come back, with the cure beside each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from jupyter_memkit.measure.sizes import sizes
from jupyter_memkit.track.leaks.hidden import LEAST_BYTES
from jupyter_memkit.track.leaks.records import Leak, Leaks, Unused
from jupyter_memkit.track.leaks.rules import RULES
from jupyter_memkit.track.leaks.scene import Scene
from jupyter_memkit.track.usage import find_usage

__all__ = ["Leak", "Leaks", "Unused", "find_leaks"]

_BUDGET_S = 2.0


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
    deadline_s = time.perf_counter() + budget_s
    scene = Scene(shell, deadline_s, collector_cure, measure_sizes=sizes)
    found: dict[str, Leak] = {}
    for rule in RULES:
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


def _find_unused(scene: Scene, unused_cells: int, found: set[str]) -> Iterator[Unused]:
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
