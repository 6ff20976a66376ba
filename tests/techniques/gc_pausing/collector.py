"""Reads the state of the collector that a pause may change."""

from __future__ import annotations

import gc
from dataclasses import dataclass

# Python 3.12 starts with a few hundred frozen objects.
_FROZEN_BY_PYTHON = 1000


@dataclass(frozen=True, slots=True)
class Collector:
    """The state that has to be restored when the last pause has ended."""

    enabled: bool
    thresholds: tuple[int, ...]
    has_frozen: bool


def read_collector() -> Collector:
    """Return its current state."""
    return Collector(
        enabled=gc.isenabled(),
        thresholds=gc.get_threshold(),
        has_frozen=gc.get_freeze_count() > _FROZEN_BY_PYTHON,
    )
