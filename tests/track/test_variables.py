"""The variables of a shell by their true sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.measure.shapes import read_shape, read_type
from jupyter_memkit.track.variables import list_variables


def run(shell: InteractiveShell, *cells: str) -> None:
    """Run cells as a user does, with their numbers."""
    for cell in cells:
        shell.run_cell(cell, store_history=True).raise_error()


def names(shell: InteractiveShell, **options: Any) -> list[str]:
    """Return the names of the variables that are listed."""
    return [each.name for each in list_variables(shell, **options).variables]


def test_the_user_s_own(bare_shell: InteractiveShell) -> None:
    """Data are listed, the largest first; what is the program's is not."""
    run(
        bare_shell,
        "import sys\nsmall = 1.5\nlarge = [1.5] * 1000",
        "def f(): pass\nclass C: pass\n_private = 3",
    )
    assert names(bare_shell) == ["large", "small"]
    listed = list_variables(bare_shell).variables[0]
    assert (listed.type, listed.shape, listed.made_in) == ("list", (1000,), 1)
    assert not listed.is_hidden


def test_filters(bare_shell: InteractiveShell) -> None:
    """Names, types and sizes choose; the sum stays that of all."""
    run(bare_shell, "df_a = [1.5] * 1000\ndf_b = 1.5\nother = 'x' * 5000")
    assert names(bare_shell, patterns=["df_*"]) == ["df_a", "df_b"]
    assert names(bare_shell, patterns=["df_?", "other"], types=["str"]) == ["other"]
    assert names(bare_shell, at_least_bytes=6000) == ["df_a"]
    listed = list_variables(bare_shell, patterns=["zzz"])
    assert (listed.variables, listed.left_out) == ((), 3)
    assert listed.total_bytes > 13_000


def test_hidden(bare_shell: InteractiveShell) -> None:
    """On request outputs and tracebacks are listed, each object once."""
    run(bare_shell, "named = [1.5] * 1000", "named", "[2.5] * 1000")
    bare_shell.run_cell("def f():\n    x = [3.5] * 9000\n    1 / 0\nf()")
    listed = list_variables(bare_shell, hidden=True).variables
    found = {each.name: each for each in listed}
    number = bare_shell.execution_count - 1
    assert found[f"Out[{number}]"].is_hidden
    assert found[f"Out[{number}]"].size.bytes > 8000
    assert not found["named"].is_hidden
    # It has a name already.
    assert f"Out[{number - 1}]" not in found
    assert "linecache.cache" in found
    tracebacks = [name for name in found if name.startswith(("sys.last", "the last"))]
    assert max(found[name].size.bytes for name in tracebacks) > 70_000
    assert {"f"} <= set(found)


def test_what_a_name_reaches_in_the_shell(bare_shell: InteractiveShell) -> None:
    """A name for the shell is not charged with all that the shell keeps."""
    run(bare_shell, "big = [1.5] * 100_000", "ip = get_ipython()\nheld = [ip]")
    (held,) = list_variables(bare_shell, patterns=["held"]).variables
    assert held.size.bytes < 10_000


@pytest.mark.parametrize(
    ("code", "kind", "shape"),
    [
        ("1.5", "float", None),
        ("'abc'", "str", (3,)),
        ("{1: 2}", "dict", (1,)),
        ("np.ones((2, 3), 'f4')", "ndarray float32", (2, 3)),
        ("pd.DataFrame({'a': [1, 2]})", "DataFrame", (2, 1)),
        ("pd.Series([1.5])", "Series float64", (1,)),
        ("pd.Index([1, 2])", "Index", (2,)),
        ("pl.DataFrame({'a': [1, 2, 3]})", "DataFrame", (3, 1)),
        ("pa.table({'a': [1, 2]})", "Table", (2, 1)),
        ("LyingArray((4,))", "LyingArray float64", (4,)),
        ("LyingList([1, 2])", "LyingList", (2,)),
    ],
)
def test_types_and_shapes(code: str, kind: str, shape: tuple[int, ...] | None) -> None:
    """Types and shapes are told by the libraries' own code, not the user's."""

    def refuse(_: Any) -> Any:
        raise RuntimeError

    class LyingArray(np.ndarray):
        shape = dtype = property(refuse)

    class LyingList(list[Any]):
        def __len__(self) -> int:
            raise RuntimeError

    known = {"np": np, "pd": pd, "pl": pl, "pa": pa}
    value = eval(code, known | {"LyingArray": LyingArray, "LyingList": LyingList})
    assert (read_type(value), read_shape(value)) == (kind, shape)
