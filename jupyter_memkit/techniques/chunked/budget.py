"""How many rows the next chunk has, so that the process stays within a budget.

The growth of the whole process decides, by the exact peak of each chunk: the reader,
the conversion, the cell, the results so far. What a row adds is the slope between two
chunks of different sizes.

The first chunks are small, but have up to 256 rows where rows are long, because every
column of a wide table costs time in each chunk. After one chunk the next may be larger,
provided that it would stay below two thirds of the budget with rows of 32 times their
bytes in the file. Then chunks at most double, or grow by a quarter where memory that
the process had free hides what they take, up to a third of the budget and 64 MiB;
larger chunks are slower. From there they grow slowly, to at most one and a half times
as much, while eight in a row do not raise the peak, because memory that the process
takes once, for its libraries, looks like that of rows at first. Once a chunk exceeds
three quarters of the budget, the next ones are half its size. Memory that an allocator
keeps does not count.

With ``--resume`` the rows come from the budget alone, so that a resumed run cuts the
same chunks.
"""

from __future__ import annotations

import sys

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.techniques.room import read_room_bytes
from jupyter_memkit.units import format_bytes, format_count, format_given

# Parts of the budget: the growth of the process that is aimed at, how far the chunks
# creep, and where it is close. No more than these bytes are aimed at, because larger
# chunks are slower: the system has to clear the memory that they take. A budget beyond
# the second figure does not change the chunks.
_AIM = 0.33
_CREEP = 0.5
_CLOSE = 0.75
_MOST_BYTES = 64 << 20
_MOST_BUDGET_BYTES = 576 << 20

LEAST_BUDGET_BYTES = 64 << 20
"""The budget where next to nothing is left, unless the user chose another."""

# The part of the budget for the first chunk, if a row takes this many times its bytes
# in the file, and its rows if those bytes are unknown.
_PROBE = 1 / 64
_EXPANSION = 8
_PROBE_ROWS = 1_000

# The first chunk has this many long rows, if they stay below half of the limit even
# when each takes as much as it can: a chunk of a wide table costs time for each column.
_WIDE_ROWS = 256
_STEADY_ROWS = 20_000

# After how many chunks of a size larger ones are tried: chunks are read ahead, so one
# is under way while another is measured, and two of a size may differ.
_CHUNKS_OF_A_SIZE = 3

# How many times its least bytes a row is assumed to take at most.
_MOST_EXPANSION = 16

# The part of the budget below which even such rows must stay, if the next chunk is to
# be larger after one of a size.
_LIMIT = 0.66

# How many times larger a chunk may be than the one before.
_STEP = 2.0

# The same for a chunk whose memory does not show.
_HIDDEN_STEP = 1.25

# After how many chunks that do not raise the peak the next may be slightly larger.
_CHUNKS_TO_CREEP = 8

# A row takes at least this many times its bytes in the file: as read, and as a frame.
_LEAST_EXPANSION = 2

# Memory that an allocator keeps is not a rise: only a new maximum counts.
_RISE = 0.01

# Above this part of the budget it always counts.
_FULL = 0.95

# A run gives up when its chunks have this few rows, or this fraction of the most.
_FEWEST_ROWS = 64
_FEW = 64

# Between chunks whose rows differ by less the difference is mostly noise.
_DIFFERENT = 0.2


class BudgetError(MemkitError):
    """A run that would need more than its memory budget; its results are kept."""


def default_budget_bytes() -> int:
    """Return a tenth of the memory that is left, but at least 64 MiB."""
    return max((read_room_bytes() or 0) // 10, LEAST_BUDGET_BYTES)


class RowPlan:
    """The rows of a run's chunks.

    Parameters
    ----------
    budget_bytes : int
        How much the process may grow in all.
    row_bytes : float, optional
        The bytes of a row in its file.
    fixed_rows : int, optional
        The rows that the user chose, which nothing changes.
    steady : bool
        Whether the rows are the same in each run over the same source: they come from
        the budget alone, and shrink only if a chunk comes close to it.

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
        self._high_bytes = self._most_rows = 0
        self._first_kept_bytes: int | None = None
        self._ceiling = sys.maxsize
        self._lately: list[tuple[int, int]] = []
        self._fixed = fixed_rows is not None
        self._steady = steady
        most_bytes = min(budget_bytes, _MOST_BUDGET_BYTES)
        self._aim_bytes = min(budget_bytes * _AIM, _MOST_BYTES)
        self._creep_bytes = self._aim_bytes / _AIM * _CREEP
        self._limit_bytes = most_bytes * _LIMIT
        if fixed_rows is not None:
            self.rows = fixed_rows
        elif row_bytes:
            aim_bytes = most_bytes * (_AIM / 2 if steady else _PROBE)
            rows = aim_bytes / _EXPANSION / row_bytes
            worst_bytes = self._least_slope * _MOST_EXPANSION
            safe_rows = self._limit_bytes / 2 / worst_bytes
            self.rows = max(1, int(max(rows, min(safe_rows, _WIDE_ROWS))))
        else:
            self.rows = _STEADY_ROWS if steady else _PROBE_ROWS

    def next_rows(self) -> int:
        """Return the rows of the next chunk."""
        return self.rows

    def learn(
        self, rows: int, growth_bytes: int, kept_bytes: int, chunk_bytes: int = 0
    ) -> None:
        """Learn from the growth of the process during a chunk.

        Parameters
        ----------
        rows : int
            The rows of the chunk.
        growth_bytes : int
            The peak of the process, less its memory at the start of the run.
        kept_bytes : int
            Its memory after the chunk, less that at the start of the run.
        chunk_bytes : int
            The peak, less the memory just before the chunk: more than the growth if
            the process has returned memory since the start.

        Raises
        ------
        BudgetError
            If there is no room for the next chunk.
        """
        if self._fixed:
            return
        if self._first_kept_bytes is None:
            self._first_kept_bytes = kept_bytes
        if growth_bytes > self.budget_bytes * _CLOSE:
            self._hold_back(rows, growth_bytes, kept_bytes)
        elif rows > self.rows * (1 - _DIFFERENT) and not self._steady:
            self._grow(rows, growth_bytes, chunk_bytes)
        self._most_rows = max(self._most_rows, rows)
        self._high_bytes = max(self._high_bytes, growth_bytes)

    def _grow(self, rows: int, growth_bytes: int, chunk_bytes: int) -> None:
        """Enlarge the chunks if those of this size have left room."""
        self._lately.append((growth_bytes, chunk_bytes))
        safe_step = self._find_safe_step(rows, growth_bytes, chunk_bytes)
        if safe_step < _STEP and len(self._lately) < _CHUNKS_OF_A_SIZE:
            return
        # How much a chunk takes depends on what else happens at the time.
        growth_bytes, chunk_bytes = map(max, zip(*self._lately, strict=True))
        if growth_bytes >= self._aim_bytes:
            self._creep(rows, growth_bytes)
            return
        self._lately.clear()
        self._measure_slope(rows, growth_bytes, chunk_bytes)
        aimed = rows + int((self._aim_bytes - growth_bytes) / self._slope)
        step = self._find_step(rows, max(growth_bytes, chunk_bytes))
        stepped = int(rows * max(safe_step, step)) + 1
        self.rows = max(self.rows, min(aimed, stepped, self._ceiling))

    def _creep(self, rows: int, high_bytes: int) -> None:
        """Enlarge the chunks a little if the last ones have not raised the peak."""
        if len(self._lately) < _CHUNKS_TO_CREEP:
            return
        growths = [growth_bytes for growth_bytes, _ in self._lately]
        self._lately.clear()
        middle = _CHUNKS_TO_CREEP // 2
        rise_bytes = max(growths[middle:]) - max(growths[:middle])
        if high_bytes < self._creep_bytes and rise_bytes < self.budget_bytes * _RISE:
            more = min(int(rows * _HIDDEN_STEP) + 1, self._ceiling)
            self.rows = max(self.rows, more)

    def _hold_back(self, rows: int, growth_bytes: int, kept_bytes: int) -> None:
        """Shrink the chunks while the process grows, and give up when they are tiny."""
        is_rising = growth_bytes > self._high_bytes + self.budget_bytes * _RISE
        if not is_rising and growth_bytes < self.budget_bytes * _FULL:
            return
        self.rows = self._ceiling = max(1, min(self.rows, rows) // 2)
        if rows > max(_FEWEST_ROWS, self._most_rows // _FEW):
            return
        budget = format_given(self.budget_bytes)
        # A reader keeps memory from the first chunk on, such as a page of each column.
        result_bytes = kept_bytes - (self._first_kept_bytes or 0)
        is_close = kept_bytes > self.budget_bytes * _CLOSE
        if is_close and result_bytes > kept_bytes / 2:
            message = (
                f"the results so far take {format_bytes(kept_bytes)} of the budget of "
                f"{budget}; use --out FILE, which writes results to disk instead of "
                "keeping them, or a larger --memory"
            )
        else:
            message = (
                f"{format_count(rows, 'row')} at a time already take "
                f"{format_bytes(growth_bytes)} of the budget of {budget}; use a larger "
                "--memory, or --columns"
            )
        raise BudgetError(message)

    def _find_safe_step(self, rows: int, growth_bytes: int, chunk_bytes: int) -> float:
        """Return how many times larger the next chunk may be, whatever a row takes."""
        most_bytes = rows * self._least_slope * _MOST_EXPANSION
        worst_bytes = max(most_bytes, growth_bytes, chunk_bytes)
        return 1 + (self._limit_bytes - growth_bytes) / worst_bytes

    def _find_step(self, rows: int, seen_bytes: int) -> float:
        """Return how many times larger the next chunk may be.

        Memory that the process had free hides what a chunk takes until it is used up,
        so a chunk that seems to take less than the least does not allow a large step.
        """
        return _STEP if seen_bytes > rows * self._least_slope else _HIDDEN_STEP

    def _measure_slope(self, rows: int, growth_bytes: int, chunk_bytes: int) -> None:
        """Estimate what a row adds, from chunks of clearly different sizes."""
        if self._last is not None:
            last_rows, last_growth_bytes = self._last
            more = rows - last_rows
            if abs(more) < last_rows * _DIFFERENT:
                return
            slope = (growth_bytes - last_growth_bytes) / more
            self._slope = max(slope, chunk_bytes / rows, self._least_slope)
        self._last = (rows, growth_bytes)
