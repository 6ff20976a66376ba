"""The largest variables when the last cell ended."""

from __future__ import annotations

import pytest

from jupyter_memkit.track.largest import LargestVariables


def test_lower_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be measured in time is marked as a lower bound."""
    monkeypatch.setattr("jupyter_memkit.track.largest._BUDGET_S", 0.0)
    rows = [[number] for number in range(100_000)]
    largest = LargestVariables(lambda: {"rows": rows})
    largest.measure(1 << 20, None)
    (found,) = largest.latest
    assert found.name == "rows"
    assert found.bytes < 2_000_000
    assert found.accuracy == "at least"
