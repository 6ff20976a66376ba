"""The highest memory since the tracker started, and the cell that was running then."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from jupyter_memkit.records import Record
from jupyter_memkit.track.cells import CellRecord, OpenCell
from jupyter_memkit.track.history import Sample

# Readings after a cell that ends at the highest differ by a few pages.
_LEAST_RISE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Highest(Record):
    """The highest memory of the process and its children.

    Attributes
    ----------
    bytes : int
        The memory.
    execution_count : int or None
        The number of the cell that was running; None between cells.
    cell_id : str or None
        The notebook's id of that cell.
    exact : bool
        Whether it is the system's high-water mark of the process alone, rather than a
        sample with its children.
    """

    bytes: int
    execution_count: int | None
    cell_id: str | None
    exact: bool


class HighestMemory:
    """Keeps the highest of all readings and cells, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_cell: Highest | None = None
        self._of_all: Highest | None = None

    @property
    def highest(self) -> Highest | None:
        """The highest so far, with its cell; None before the first reading."""
        of_cell, of_all = self._of_cell, self._of_all
        if of_cell is None or of_all is None or of_all.bytes <= of_cell.bytes:
            return of_cell
        # A few pages more: the cell's, or the present memory would be higher.
        return replace(of_cell, bytes=of_all.bytes, exact=of_all.exact)

    def see(self, sample: Sample, cell: OpenCell | None, *, exact: bool) -> None:
        """Take a reading.

        Parameters
        ----------
        sample : Sample
            The reading. Its peak and the children's memory may be of two moments, so
            they do not add up.
        cell : OpenCell or None
            The running cell.
        exact : bool
            Whether the peak is the system's high-water mark.
        """
        family_bytes = sample.rss_bytes + sample.children_bytes
        is_own = sample.peak_bytes >= family_bytes
        seen = Highest(
            bytes=max(sample.peak_bytes, family_bytes),
            execution_count=None if cell is None else cell.execution_count,
            cell_id=None if cell is None else cell.cell_id,
            exact=exact and is_own,
        )
        self._offer(seen)

    def end(self, cell: CellRecord, children_bytes: int) -> None:
        """Take the record of a cell, and the children's memory at its end."""
        family_bytes = cell.after_bytes + children_bytes
        is_own = cell.peak_bytes >= family_bytes
        ended = Highest(
            bytes=max(cell.peak_bytes, family_bytes),
            execution_count=cell.execution_count,
            cell_id=cell.cell_id,
            exact=cell.exact and is_own,
        )
        self._offer(ended)

    def _offer(self, seen: Highest) -> None:
        """Keep it if it is higher, and clearly higher if it replaces the cell's."""
        with self._lock:
            if self._of_all is None or seen.bytes > self._of_all.bytes:
                self._of_all = seen
            known = self._of_cell
            # The sampler may take a reading just after a cell has ended.
            is_same = known is None or known.execution_count in (
                None,
                seen.execution_count,
            )
            margin_bytes = 0 if is_same else _LEAST_RISE_BYTES
            if known is None or seen.bytes >= known.bytes + margin_bytes:
                self._of_cell = seen
