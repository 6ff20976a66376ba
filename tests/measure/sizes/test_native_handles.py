"""A pointer to the memory of a native library marks a size as a lower bound."""

from __future__ import annotations

import ctypes
import datetime as dt
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn import neighbors

from jupyter_memkit.measure.sizes import sizeof, sizes


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


def test_capsules() -> None:
    """Only of a random generator it is known that its capsule has nothing else."""
    for generator in (np.random.default_rng(0), np.random.RandomState(0)):
        size = sizeof(generator)
        assert size.exact
        assert size.bytes < 5_000
    assert sizeof([dt.datetime_CAPI]).opaque == ("PyCapsule",)


@pytest.mark.parametrize("kind", [neighbors.KDTree, neighbors.BallTree])
def test_search_trees(kind: Any) -> None:
    """A tree of scikit-learn consists of its arrays, and shares that of the data."""
    points = np.random.default_rng(0).random((50_000, 5))
    tree = kind(points)
    found = sizes({"points": points, "tree": tree})
    assert found["tree"].shared_bytes >= points.nbytes
    assert sizeof(tree).exact
    assert sizeof(tree).bytes > points.nbytes + 8 * len(points)


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
