"""Compares two runs of a notebook: which cells take more memory, and a new failure."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from jupyter_memkit.headless.records import CellRun, NotebookRun
from jupyter_memkit.records import Record

# Two runs of the same cell differ by this much, because of what allocators keep.
_LEAST_BYTES = 8 * 1024 * 1024
TOLERANCE = 0.05
"""The share by which a figure may grow before it counts as worse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChange(Record):
    """A cell in two runs.

    Attributes
    ----------
    before, after : CellRun or None
        The cell in each run; None if only the other has it.
    is_worse : bool
        Whether it rose higher above its start than before.
    """

    before: CellRun | None
    after: CellRun | None
    is_worse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison(Record):
    """Two runs of a notebook.

    Attributes
    ----------
    before, after : NotebookRun
        The runs.
    cells : tuple of CellChange
        Their cells, matched by their lines, in the order of the later run.
    needs_more : bool
        Whether the later run needs a higher limit.
    """

    before: NotebookRun
    after: NotebookRun
    cells: tuple[CellChange, ...]
    needs_more: bool

    @property
    def new_failure(self) -> str | None:
        """Why the later run ended early, unless the earlier one did for that reason."""
        failure = self.after.failure
        # What follows the colon can have addresses and sizes, which differ by run.
        reasons = {
            (each or "").partition(":")[0] for each in (failure, self.before.failure)
        }
        return None if len(reasons) == 1 else failure

    @property
    def is_worse(self) -> bool:
        """Whether anything got worse."""
        return (
            self.new_failure is not None
            or self.needs_more
            or any(cell.is_worse for cell in self.cells)
        )


def rise(cell: CellRun) -> int:
    """Return how high a cell rose above its start, child processes included."""
    return cell.highest_bytes - cell.before_bytes


def compare_runs(
    before: NotebookRun, after: NotebookRun, *, tolerance: float = TOLERANCE
) -> RunComparison:
    """Compare two runs.

    Parameters
    ----------
    before, after : NotebookRun
        The runs.
    tolerance : float
        The share by which a figure may grow, at least 8 MiB.

    Returns
    -------
    RunComparison
        The cells of both, and what got worse.
    """

    def is_more(old_bytes: int, new_bytes: int) -> bool:
        return new_bytes - old_bytes > max(_LEAST_BYTES, tolerance * old_bytes)

    old_cells, new_cells = before.cells, after.cells
    matcher = SequenceMatcher(
        None,
        [cell.first_line for cell in old_cells],
        [cell.first_line for cell in new_cells],
        autojunk=False,
    )
    changes = []
    for kind, from_old, to_old, from_new, to_new in matcher.get_opcodes():
        old, new = old_cells[from_old:to_old], new_cells[from_new:to_new]
        if kind == "equal":
            pairs: list[tuple[CellRun | None, CellRun | None]] = [
                *zip(old, new, strict=True)
            ]
        else:
            pairs = [(each, None) for each in old] + [(None, each) for each in new]
        for one, other in pairs:
            is_worse = (
                one is not None
                and other is not None
                and is_more(rise(one), rise(other))
            )
            changes.append(CellChange(before=one, after=other, is_worse=is_worse))
    return RunComparison(
        before=before,
        after=after,
        cells=tuple(changes),
        needs_more=is_more(before.needs_bytes, after.needs_bytes),
    )
