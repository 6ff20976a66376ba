"""The largest variables when the last cell ended, measured before they are needed.

When memory runs out there is no time to measure variables, and when the kernel has died
there is nothing left to measure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_memkit.measure.gauge import Gauge
from jupyter_memkit.measure.pace import Pace
from jupyter_memkit.measure.sizes.records import Accuracy
from jupyter_memkit.records import Record

# Variables are measured only in a kernel that could run out of memory.
_SHARE_WORTH_KNOWING = 0.02
_BUDGET_S = 0.05
_MOST = 5
# Smaller variables do not explain a death.
_LEAST_SHARE = 0.01
_NAME_LETTERS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeVariable(Record):
    """A variable, and what it held.

    Attributes
    ----------
    name : str
        The variable.
    bytes : int
        Its memory.
    accuracy : {"exact", "estimate", "at least"}
        The accuracy of that.
    """

    name: str
    bytes: int
    accuracy: Accuracy = "exact"


class LargestVariables:
    """Measures the user's variables after cells, at most a four-hundredth of the time.

    Parameters
    ----------
    variables : callable
        Returns the user's variables.
    """

    def __init__(self, variables: Callable[[], Mapping[str, Any]]) -> None:
        self._variables = variables
        self._pace = Pace(time.perf_counter, time.thread_time)
        self.latest: tuple[LargeVariable, ...] = ()
        """The variables, the largest first."""

    def measure(self, rss_bytes: int, limit: Gauge | None) -> None:
        """Measure them, if memory is worth knowing and it is time."""
        is_large = limit is None or rss_bytes > _SHARE_WORTH_KNOWING * limit.limit_bytes
        if is_large and self._pace.is_due():
            self._pace.timed(lambda: self._list(_LEAST_SHARE * rss_bytes))

    def _list(self, least_bytes: float) -> None:
        # Imported on first use, so that a kernel starts fast.
        from jupyter_memkit.measure.sizes import sizes  # noqa: PLC0415

        measured = sizes(self._variables(), budget_s=_BUDGET_S)
        ranked = sorted(measured.items(), key=lambda item: -item[1].bytes)
        self.latest = tuple(
            LargeVariable(
                name=name[:_NAME_LETTERS], bytes=size.bytes, accuracy=size.accuracy
            )
            for name, size in ranked[:_MOST]
            if size.bytes >= least_bytes
        )
