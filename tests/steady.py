"""How hypothesis draws the examples of a random test: the same ones in every run."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

STEADY = settings(
    derandomize=True,
    database=None,
    # A busy machine may take any time for an example, and for drawing it.
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
