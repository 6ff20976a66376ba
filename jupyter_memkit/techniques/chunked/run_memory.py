"""The memory of a run: measured with each chunk, so that the plan of rows can learn."""

from __future__ import annotations

import dataclasses

from jupyter_memkit.measure.peak import Peak, peak_meter
from jupyter_memkit.techniques.allocator import release_unused
from jupyter_memkit.techniques.chunked.budget import RowPlan
from jupyter_memkit.techniques.chunked.outcome import ChunkOutcome, JoinedOutcome


class RunMemory:
    """Measures the memory of a run from its start to its end.

    Parameters
    ----------
    n_workers : int
        The number of other processes that run the function.
    """

    def __init__(self, n_workers: int) -> None:
        self._n_workers = n_workers
        # What the process has free would hide what the run takes.
        release_unused()
        self._watch = peak_meter().open()
        self._worker_bytes = 0

    def measure(self, outcome: ChunkOutcome) -> int:
        """Return how much the process of a chunk has grown, in bytes."""
        if outcome.growth_bytes is None:
            return max(0, outcome.peak.peak_bytes - self._watch.before_bytes)
        self._worker_bytes = max(self._worker_bytes, outcome.growth_bytes)
        return outcome.growth_bytes

    def adjust(self, plan: RowPlan, outcome: ChunkOutcome, growth_bytes: int) -> None:
        """Let the plan learn from a chunk; free unused memory before it gives up.

        Raises
        ------
        BudgetError
            If even few rows exceed the budget.
        """
        kept_bytes = self._read_kept_bytes()
        if kept_bytes > plan.budget_bytes // 2:
            release_unused()
            kept_bytes = self._read_kept_bytes()
        chunk_bytes = outcome.peak.peak_bytes - outcome.peak.before_bytes
        rows = (
            outcome.chunk_rows if isinstance(outcome, JoinedOutcome) else outcome.rows
        )
        plan.learn(rows, growth_bytes, kept_bytes, chunk_bytes)

    def close(self) -> Peak:
        """End the measurement, and return the peak of all processes together."""
        peak = self._watch.close()
        return dataclasses.replace(
            peak,
            peak_bytes=peak.peak_bytes + self._worker_bytes * self._n_workers,
            exact=peak.exact and not self._n_workers,
        )

    def _read_kept_bytes(self) -> int:
        return peak_meter().read_rss_bytes() - self._watch.before_bytes
