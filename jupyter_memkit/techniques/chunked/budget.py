"""How many rows the next chunk has, so that the process stays within a budget.

Each chunk tells exactly how high the process rose, in all: the reader, the conversion,
the cell, the results so far. What a row adds to that is the slope between two chunks
of different sizes, and the next chunk has as many rows as bring the process to a mark
well below the budget. Results that pile up shrink the chunks.
"""

from __future__ import annotations

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.limits import read_limit
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.units import format_bytes

# Where the growth of the process is aimed at, as a part of the budget, and where it is
# close. What is aimed at needs no more than the second: larger chunks are no faster.
_AIM = 0.5
_CLOSE = 0.8
_MOST_BYTES = 192 << 20

# The first chunk, as a part of the budget, if a row took this many times its file's.
_PROBE = 1 / 128
_EXPANSION = 8
_PROBE_ROWS = 1_000
_STEADY_ROWS = 20_000

# By how much a chunk may be larger than the one before: memory that the allocator had
# free hides what a small chunk takes, once.
_STEP = 2

# A row takes at least this many times its bytes in the file: as read, and as a frame.
_LEAST_EXPANSION = 2

_FEWEST_ROWS = 64

# Chunks whose rows differ by less tell more of the noise than of a row.
_DIFFERENT = 0.2


class BudgetError(MemkitError):
    """A run that would need more than its memory budget; what it has done is kept."""


def default_budget_bytes() -> int:
    """Return a tenth of what is free under the tightest limit."""
    limit = read_limit()
    free_bytes = limit.bytes - read_rss_bytes() if limit else 0
    return max(free_bytes // 10, 64 << 20)


class RowPlan:
    """The rows of a run's chunks.

    Parameters
    ----------
    budget_bytes : int
        How much the process may grow in all.
    row_bytes : float, optional
        The bytes of a row in its file.
    fixed_rows : int, optional
        The rows that the user wants, which nothing changes.
    steady : bool
        Whether the rows are the same in each run over the same source: they come from
        the budget alone, and shrink only where a chunk comes close to it.

    Attributes
    ----------
    rows : int
        The rows of the next chunk.
    """

    def __init__(
        self,
        budget_bytes: int,
        row_bytes: float | None = None,
        fixed_rows: int | None = None,
        *,
        steady: bool = False,
    ) -> None:
        self.budget_bytes = budget_bytes
        self._least_slope = max(1.0, (row_bytes or 0) * _LEAST_EXPANSION)
        self._slope = max(1.0, (row_bytes or 0) * _EXPANSION)
        self._last: tuple[int, int] | None = None
        self._fixed = fixed_rows is not None
        self._steady = steady
        self._aim_bytes = min(budget_bytes * _AIM, _MOST_BYTES)
        if fixed_rows is not None:
            self.rows = fixed_rows
        elif row_bytes:
            most_bytes = self._aim_bytes / _AIM
            aim_bytes = most_bytes * (_AIM / 2 if steady else _PROBE)
            self.rows = max(1, int(aim_bytes / _EXPANSION / row_bytes))
        else:
            self.rows = _STEADY_ROWS if steady else _PROBE_ROWS

    def next_rows(self) -> int:
        """Return the rows of the next chunk."""
        return self.rows

    def learn(self, rows: int, growth_bytes: int, kept_bytes: int) -> None:
        """Take in how far the process grew with a chunk.

        Parameters
        ----------
        rows : int
            The rows of the chunk.
        growth_bytes : int
            How much higher than at the start of the run the process was at most.
        kept_bytes : int
            How much higher it is when the chunk is done.

        Raises
        ------
        BudgetError
            When there is no room for the next chunk.
        """
        if self._fixed:
            return
        close_bytes = self.budget_bytes * _CLOSE
        budget = format_bytes(self.budget_bytes)
        if kept_bytes > close_bytes:
            message = (
                f"the results so far take {format_bytes(kept_bytes)} of the budget of "
                f"{budget}; give --out FILE, which keeps none, or a larger --memory"
            )
            raise BudgetError(message)
        if growth_bytes > close_bytes and rows <= _FEWEST_ROWS:
            message = (
                f"{rows:,} rows at a time already take {format_bytes(growth_bytes)} of "
                f"the budget of {budget}; give a larger --memory, or --columns"
            )
            raise BudgetError(message)
        if growth_bytes > close_bytes:
            self.rows = max(1, min(self.rows, rows) // 2)
        elif growth_bytes < self._aim_bytes and not self._steady:
            self._measure_slope(rows, growth_bytes)
            aimed = rows + int((self._aim_bytes - growth_bytes) / self._slope)
            self.rows = max(self.rows, min(aimed, rows * _STEP))

    def _measure_slope(self, rows: int, growth_bytes: int) -> None:
        """Work out what a row adds, from chunks of clearly different sizes."""
        if self._last is not None:
            last_rows, last_growth_bytes = self._last
            more = rows - last_rows
            if abs(more) < last_rows * _DIFFERENT:
                return
            slope = (growth_bytes - last_growth_bytes) / more
            self._slope = min(max(slope, self._least_slope), growth_bytes / rows)
        self._last = (rows, growth_bytes)
