"""What the garbage collector cost in the last cells, and what a pause would save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.cells.history import read_history
from jupyter_memkit.cells.purpose import Purpose, read_purpose
from jupyter_memkit.records import Record
from jupyter_memkit.track.cells import CellRecord

_READ_CELLS = 20
# Lower costs are not reported.
_LEAST_S = 0.001
# Smaller savings are not reported.
_LEAST_SAVED_S = 0.1
_LEAST_SAVED_RATIO = 0.1
# The old generation is collected whenever it has grown by a quarter, so the last of
# many such collections takes about a fifth of their total time.
_LAST_OF_MANY = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCost(Record):
    """The cost of the collector in one cell.

    Attributes
    ----------
    cell : CellRecord
        The record of the cell.
    saved_s : float
        The approximate saving of a pause, in seconds: the collector's time, minus one
        closing collection and those that the cell requested; 0 if it is not worth it.
    is_paused : bool
        Whether the cell was paused already.
    """

    cell: CellRecord
    saved_s: float
    is_paused: bool

    @property
    def share(self) -> float:
        """The collector's share of the cell's time, from 0 to 1."""
        return min(1.0, self.cell.gc_s / max(self.cell.duration_s, self.cell.gc_s))

    @property
    def generation(self) -> int:
        """The generation whose collections took longest: 0, 1, or 2 for the old."""
        took_s = (self.cell.gc_young_s, self.cell.gc_middle_s, self.cell.gc_old_s)
        return took_s.index(max(took_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorCosts(Record):
    """The cost of the collector in the last cells.

    Attributes
    ----------
    costs : tuple of CellCost
        The cells in which it took a millisecond or more, the most expensive first,
        without cells of this package's own magics.
    cells : int
        The number of cells that were checked.
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
        The records of cells, the latest last.
    shell : IPython.core.interactiveshell.InteractiveShell, optional
        The shell that ran them. Its history shows which cells collected on purpose.

    Returns
    -------
    CollectorCosts
        The costs, and the savings of pauses.

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
    history = [] if shell is None else read_history(shell.user_ns)
    number = cell.execution_count
    if number is None or not 0 <= number < len(history):
        return "none"
    return read_purpose(history[number], shell)


def _read_cost(cell: CellRecord, purpose: Purpose) -> CellCost:
    is_paused = purpose == "paused"
    saved_s = 0.0 if is_paused else cell.gc_s - _estimate_closing_s(cell)
    if purpose == "collecting":
        # A requested collection is one of the old generation.
        saved_s = min(saved_s, cell.gc_s - cell.gc_old_s)
    if saved_s < max(_LEAST_SAVED_S, cell.duration_s * _LEAST_SAVED_RATIO):
        saved_s = 0.0
    return CellCost(cell=cell, saved_s=saved_s, is_paused=is_paused)


def _estimate_closing_s(cell: CellRecord) -> float:
    if cell.gc_old == 0:
        return 0.0
    return max(cell.gc_old_s * _LAST_OF_MANY, cell.gc_old_s / cell.gc_old)
