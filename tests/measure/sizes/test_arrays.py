"""Arrays over the memory of another object, and memory of an array besides its data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jupyter_memkit.measure.sizes import sizeof

MIB = 1024 * 1024


def test_windows() -> None:
    """Overlapping windows take no more memory than their array."""
    values = np.ones(MIB)
    windows = np.lib.stride_tricks.sliding_window_view(values, 100)
    assert windows.nbytes > 90 * values.nbytes
    size = sizeof(windows)
    assert size.bytes == pytest.approx(values.nbytes, rel=0.01)
    assert size.exact


def test_steps_over_foreign_memory() -> None:
    """A view of another library's memory counts from its first to its last byte."""

    class Foreign:
        def __init__(self, values: np.ndarray) -> None:
            self.__array_interface__ = values.__array_interface__

    values = np.ones((MIB, 2))
    # The owner of the memory is not visible here, so only the view's part counts.
    backwards = np.asarray(Foreign(values[::-2, 1]))
    assert sizeof(backwards).bytes == pytest.approx(values.nbytes, rel=0.01)


def test_description_of_a_buffer() -> None:
    """The description that an array keeps after a buffer export counts."""
    cases: list[tuple[Any, int]] = [
        (np.ones(3), 64 + 16),
        (np.ones((3, 3)), 80 + 16),
        (np.zeros(3, [("first name", "i4"), ("second", "f8")]), 64 + 32),
    ]
    for values, n_bytes in cases:
        before_bytes = sizeof(values).bytes
        memoryview(values).release()
        assert sizeof(values).bytes - before_bytes == n_bytes


@pytest.mark.skipif(
    not hasattr(getattr(np, "dtypes", None), "StringDType"), reason="needs NumPy 2"
)
def test_texts_of_variable_width() -> None:
    """The size of texts of variable width is a lower bound, below their memory."""
    values = np.array(["short"] * 100_000, dtype=np.dtypes.StringDType())
    size = sizeof(values)
    assert values.nbytes <= size.bytes < values.nbytes + 4096
    assert not size.exact
