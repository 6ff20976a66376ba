"""A variable whose value gets no smaller is left untouched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_memkit.techniques.arrays.policy import Policy
from jupyter_memkit.techniques.arrays.shrink_names import shrink_names

VALUES = {
    "number": lambda: np.array(5.0),
    "array": lambda: np.array([1, 2]),
    "series": lambda: pd.Series([1.0, 2.0]),
    "frame": lambda: pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": ["x", "y"]}),
    "wide frame": lambda: pd.DataFrame(np.ones((2, 100))),
}


@pytest.mark.parametrize("make", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("policy", [Policy(), Policy(float32=True)], ids=str)
@pytest.mark.parametrize("is_aliased", [False, True])
def test_untouched(make: Any, policy: Policy, *, is_aliased: bool) -> None:
    """The same object stays under all its names, and the record says so."""
    namespace = {"x": make()}
    address = id(namespace["x"])
    if is_aliased:
        namespace["y"] = namespace["x"]
    tried = shrink_names("x", policy=policy, dry_run=True, namespace=namespace)
    done = shrink_names("x", policy=policy, namespace=namespace)
    assert id(namespace["x"]) == address
    for shrunk in (tried, done):
        assert shrunk.before_bytes == shrunk.after_bytes
        (variable,) = shrunk.variables
        assert variable.before_type == variable.after_type
        assert variable.held == ()
        for part in variable.parts:
            assert part.before_dtype == part.after_dtype
            assert part.before_bytes == part.after_bytes


@pytest.mark.parametrize(
    "value",
    [
        np.arange(1000),
        pd.Series(np.arange(1000)),
        pd.DataFrame({"a": np.arange(1000), "b": 0.5}),
        pl.DataFrame({"a": np.arange(1000)}),
        pa.table({"a": np.arange(1000)}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_small_values_that_shrink(value: Any) -> None:
    """A dry run of a small value reports what is done."""
    namespace = {"x": value}
    tried = shrink_names("x", dry_run=True, namespace=namespace)
    assert namespace["x"] is value
    done = shrink_names("x", namespace=namespace)
    assert namespace["x"] is not value
    assert done.after_bytes < done.before_bytes
    dtypes = [
        [part.after_dtype for part in each.variables[0].parts] for each in (tried, done)
    ]
    assert dtypes[0] == dtypes[1]
