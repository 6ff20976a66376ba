"""A pointer to the memory of a native library marks a size as a lower bound."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from typing import Any

import pytest

from jupyter_memkit.measure.sizes import sizeof


class Handle(ctypes.c_void_p):
    """A pointer type of a library."""

    @property
    def value(self) -> Any:  # type: ignore[override] # the test shows that it never runs
        """Fail."""
        raise AssertionError


@pytest.mark.parametrize("kind", [ctypes.c_void_p, Handle])
def test_pointers(kind: type[ctypes.c_void_p]) -> None:
    """What a pointer refers to is not visible, unless it refers to nothing."""

    class Model:
        def __init__(self, address: int) -> None:
            self.handle = kind(address)

    size = sizeof(Model(12345))
    assert not size.exact
    assert len(size.opaque) == 1
    assert sizeof(Model(0)).exact


def test_numbers() -> None:
    """A number of the same size hides nothing."""
    assert sizeof([ctypes.c_uint64(12345), ctypes.c_double(1)]).exact


MODELS = {
    "xgboost": """
import xgboost
models = [
    xgboost.DMatrix(x),
    xgboost.train({}, xgboost.DMatrix(x, label=x[:, 0]), 1),
]
""",
    "lightgbm": """
import lightgbm
models = [
    lightgbm.Dataset(x).construct(),
    lightgbm.train({"verbose": -1}, lightgbm.Dataset(x, label=x[:, 0]), 1),
]
""",
}


@pytest.mark.ml
@pytest.mark.parametrize("library", MODELS)
def test_models(library: str) -> None:
    """The native part of tables and models of trees is not counted as nothing."""
    code = f"""
import numpy as np
from jupyter_memkit import sizeof
x = np.random.default_rng(0).random((1000, 5))
{MODELS[library]}
for each in models:
    print(sizeof(each).exact)
"""
    pytest.importorskip(library)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-2:] == ["False", "False"]
