"""What the garbage collector cost in the last cells, and what a pause would save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.cells.purpose import Purpose, read_purpose
from jupyter_memkit.records import Record
from jupyter_memkit.track.cells import CellRecord

_READ_CELLS = 20
# What costs less is no cost.
_LEAST_S = 0.001
# What saves less is not worth a line.
_LEAST_SAVED_S = 0.1
_LEAST_SAVED_RATIO = 0.1
# The old generation is collected when it has grown by a quarter, so that in many
# collections of it the last takes about a fifth of the time of all.
_LAST_OF_MANY = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCost(Record):
    """What the collector cost in one cell.

    Attributes
    ----------
    cell : CellRecord
        The account of the cell.
    saved_s : float
        What a pause of the cell would save, about: the collector's time, less that
        of one closing collection and of those that the cell asked for; in seconds,
        and 0 where that is not worth it.
    is_paused : bool
        Whether the cell was paused already.
    """

    cell: CellRecord
    saved_s: float
    is_paused: bool

    @property
    def share(self) -> float:
        """The collector's part of the cell's time, from 0 to 1."""
        return min(1.0, self.cell.gc_s / max(self.cell.duration_s, self.cell.gc_s))

    @property
    def generation(self) -> int:
        """The generation whose collections took most of it: 0, 1, or 2 for the old."""
        took_s = (self.cell.gc_young_s, self.cell.gc_middle_s, self.cell.gc_old_s)
        return took_s.index(max(took_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorCosts(Record):
    """What the collector cost in the last cells.

    Attributes
    ----------
    costs : tuple of CellCost
        The cells in which it took a millisecond or more, the dearest first; without
        those of this package's own magics.
    cells : int
        How many cells were looked at.
    """

    costs: tuple[CellCost, ...]
    cells: int


def find_collector_costs(
    cells: Sequence[CellRecord], shell: Any = None
) -> CollectorCosts:
    """Find what the collector cost in the last 20 cells.

    Parameters
    ----------
    cells : sequence of CellRecord
        The accounts of cells, the latest last.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        Who ran them. Its history shows which cells collected on purpose.

    Returns
    -------
    CollectorCosts
        The costs, and what pauses would save.

    Examples
    --------
    >>> find_collector_costs([]).cells
    0
    """
    latest = cells[-_READ_CELLS:]
    costs = []
    for cell in latest:
        if cell.gc_s >= _LEAST_S:
            purpose = _read_purpose(cell, shell)
            if purpose != "kit":
                costs.append(_read_cost(cell, purpose))
    costs.sort(key=lambda cost: cost.cell.gc_s, reverse=True)
    return CollectorCosts(costs=tuple(costs), cells=len(latest))


def _read_purpose(cell: CellRecord, shell: Any) -> Purpose:
    history = [] if shell is None else shell.user_ns.get("In", [])
    number = cell.execution_count
    if number is None or not 0 <= number < len(history):
        return "none"
    return read_purpose(str(history[number]), shell)


def _read_cost(cell: CellRecord, purpose: Purpose) -> CellCost:
    is_paused = cell.first_line.startswith("%%gc_pause")
    saved_s = 0.0 if is_paused else cell.gc_s - _estimate_closing_s(cell)
    if purpose == "collecting":
        # A collection that was asked for is one of the old generation.
        saved_s = min(saved_s, cell.gc_s - cell.gc_old_s)
    if saved_s < max(_LEAST_SAVED_S, cell.duration_s * _LEAST_SAVED_RATIO):
        saved_s = 0.0
    return CellCost(cell=cell, saved_s=saved_s, is_paused=is_paused)


def _estimate_closing_s(cell: CellRecord) -> float:
    if cell.gc_old == 0:
        return 0.0
    return max(cell.gc_old_s * _LAST_OF_MANY, cell.gc_old_s / cell.gc_old)
