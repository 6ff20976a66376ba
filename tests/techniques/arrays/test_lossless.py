"""Shrinking random frames loses nothing, nor does undoing it."""

from __future__ import annotations

import os
import warnings

import pandas as pd
from hypothesis import given, settings

from jupyter_memkit.techniques.arrays.policy import Policy
from jupyter_memkit.techniques.arrays.shrink import shrink
from jupyter_memkit.techniques.arrays.shrink_names import shrink_names
from jupyter_memkit.techniques.variables.undo import undo_names
from tests.steady import STEADY
from tests.techniques.arrays.random_frames import (
    assert_identical,
    assert_same,
    frames,
)

# For a longer run: MEMKIT_RANDOM_FRAMES=10000.
COUNT = int(os.environ.get("MEMKIT_RANDOM_FRAMES", "50"))

thorough = settings(STEADY, max_examples=COUNT)


@thorough
@given(frame=frames())
def test_shrink(frame: pd.DataFrame) -> None:
    """Every value is kept bit for bit."""
    before = frame.copy()
    with warnings.catch_warnings():
        # pandas warns about fractions of seconds with too many digits, which the test
        # creates.
        warnings.simplefilter("ignore")
        smaller = shrink(frame)
    assert_same(before, smaller)
    assert_identical(before, frame)


@thorough
@given(frame=frames())
def test_names(frame: pd.DataFrame) -> None:
    """A frame that is taken apart is complete afterwards, and undo restores it."""
    before = frame.copy()
    mine = {"frame": frame.copy()}
    mine["frame"].attrs = dict(frame.attrs)
    shrunk = shrink_names("frame", policy=Policy(), namespace=mine)
    assert_same(before, mine["frame"])
    (variable,) = shrunk.variables
    assert all(part.after_bytes <= part.before_bytes for part in variable.parts)
    assert len(variable.parts) == before.shape[1]
    if any(part.after_bytes < part.before_bytes for part in variable.parts):
        undo_names("frame", namespace=mine)
    assert_identical(before, mine["frame"])
