"""How hypothesis draws the examples of a random test: the same ones in every run.

``pytest --hypothesis-seed=N`` draws others.
"""

from __future__ import annotations

from hypothesis import HealthCheck, core, settings

STEADY = settings(
    derandomize=core.global_force_seed is None,
    database=None,
    # A busy machine may take any time for an example, and for drawing it.
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
