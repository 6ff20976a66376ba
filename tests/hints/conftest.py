"""Isolates each test from the leaks of others."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_memkit.track.leaks import hidden

_TESTS = str(Path(__file__).parents[1])


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """Remove the figures and tracebacks of other tests."""
    plt = sys.modules.get("matplotlib.pyplot")
    if plt is not None:
        plt.close("all")
    for name in ("last_exc", "last_value", "last_traceback", "last_type"):
        if hasattr(sys, name):
            delattr(sys, name)
    yield
    gc.garbage.clear()


@pytest.fixture(autouse=True)
def tests_are_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules of tests, and all that they refer to, are not values of the user."""
    monkeypatch.setattr(hidden, "_LIBRARY_FOLDERS", (*hidden._LIBRARY_FOLDERS, _TESTS))
