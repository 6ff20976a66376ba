"""Digests of data in memory: the same in every process, until the data change."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_memkit.techniques.chunked.sources.opening import open_source

N_ROWS = 1_000


def make_frame(change: int) -> pd.DataFrame:
    """Return a table with values of several types."""
    n = np.arange(N_ROWS)
    return pd.DataFrame(
        {
            "number": n / 7 + change,
            "text": [f"text {i + change}" for i in n],
            "day": pd.date_range("2020", periods=N_ROWS) + pd.Timedelta(change, "D"),
            "kind": pd.Categorical([str(i % 2 + change) for i in n]),
        }
    )


def make_rows(change: int) -> list[Any]:
    """Return rows of nested plain data."""
    return [{"a": [i, None], "b": (b"x", 1.5 + change)} for i in range(N_ROWS)]


MAKERS: list[Callable[[int], Any]] = [
    lambda change: np.arange(12.0).reshape(3, 4) + change,
    lambda change: np.asfortranarray(np.arange(12).reshape(3, 4) + change)[:, ::2],
    lambda change: np.array(["a", None, change], dtype=object),
    lambda change: np.array([(change, "a")], dtype=[("n", "i8"), ("t", "U3")]),
    make_frame,
    lambda change: make_frame(0).number + change,
    lambda change: make_frame(0).set_index(make_frame(change).number),
    lambda change: make_frame(0).rename(columns={"kind": f"kind {change}"}),
    lambda change: pd.DataFrame(np.zeros((3, 30_000))).assign(last=change),
    lambda change: pl.from_pandas(make_frame(change)),
    lambda change: pl.Series(range(change, change + N_ROWS)),
    lambda change: pa.Table.from_pandas(make_frame(change)),
    make_rows,
    lambda change: tuple(make_rows(change)),
    lambda change: range(change, N_ROWS + change),
    lambda change: {i: i + change for i in range(N_ROWS)},
    lambda change: deque([i + change for i in range(N_ROWS)]),
    lambda change: [np.zeros(3) + change],
    lambda change: ["long " * 100 + str(change)],
]


def digest(data: Any) -> str:
    """Return the fingerprint of data in memory."""
    return repr(open_source(data).fingerprint())


@pytest.mark.parametrize("make", MAKERS)
def test_changes_with_the_data(make: Callable[[int], Any]) -> None:
    """Equal data have the same fingerprint, and others of the same shape do not."""
    assert digest(make(0)) == digest(make(0))
    assert digest(make(0)) != digest(make(1))


@pytest.mark.parametrize("data", [[], {}, np.zeros((0, 3)), pd.DataFrame({"a": []})])
def test_no_rows(data: Any) -> None:
    """Data without any rows have a fingerprint too."""
    assert digest(data) == digest(data)


SCRIPT = """
from tests.techniques.chunked.sources.test_digests import MAKERS, digest
for make in MAKERS:
    print(digest(make(0)))
"""


def test_same_in_other_processes() -> None:
    """Neither addresses nor the hashes of a process are part of a fingerprint."""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    here = "".join(f"{digest(make(0))}\n" for make in MAKERS)
    assert outputs == {here}


class Odd:
    """An object whose own code must not run."""

    def __repr__(self) -> str:
        """Fail."""
        raise AssertionError

    __str__ = __repr__


def test_objects_of_the_user() -> None:
    """Of an object of the user's own class only the type counts."""
    assert digest([Odd()]) == digest([Odd()]) != digest([object()])
    table = pd.DataFrame({"a": [Odd()]})
    assert digest(table) == digest(table)
