"""The variables of a shell by their true sizes."""

from __future__ import annotations

import sys
from typing import Any, get_args

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.errors import MemkitError
from jupyter_memkit.measure.hidden import HolderKind
from jupyter_memkit.measure.process import read_rss_bytes
from jupyter_memkit.measure.shapes import read_shape, read_type
from jupyter_memkit.measure.sizes import sizes
from jupyter_memkit.track.user_variables import user_variables
from jupyter_memkit.track.variables import _GROUPS, list_variables


def run(shell: InteractiveShell, *cells: str) -> None:
    """Run cells as a user does, with numbers."""
    for cell in cells:
        shell.run_cell(cell, store_history=True).raise_error()


def names(shell: InteractiveShell, **options: Any) -> list[str]:
    """Return the names of the listed variables."""
    return [each.name for each in list_variables(shell, **options).variables]


def test_the_user_s_own(bare_shell: InteractiveShell) -> None:
    """Data is listed, the largest first, without objects of the program."""
    run(
        bare_shell,
        "import sys\nsmall = 1.5\nlarge = [1.5] * 1000",
        "def f(): pass\nclass C: pass\n_private = 3",
    )
    assert names(bare_shell) == ["large", "small"]
    listed = list_variables(bare_shell).variables[0]
    assert (listed.type, listed.shape, listed.made_in) == ("list", (1000,), 1)
    assert not listed.is_hidden


def test_names_of_ipython(bare_shell: InteractiveShell) -> None:
    """What IPython keeps of cells is not the user's, unlike a private name."""
    run(bare_shell, "_mine = [1.5] * 1000", "[2.5] * 1000", "!true")
    assert set(user_variables(bare_shell, program=True)) == {"_mine"}


def test_filters(bare_shell: InteractiveShell) -> None:
    """Names, types and sizes filter the list, but the total is that of all."""
    run(bare_shell, "df_a = [1.5] * 1000\ndf_b = 1.5\nother = 'x' * 5000")
    assert names(bare_shell, patterns=["df_*"]) == ["df_a", "df_b"]
    assert names(bare_shell, patterns=["df_?", "other"], types=["str"]) == ["other"]
    assert names(bare_shell, at_least_bytes=6000) == ["df_a"]
    listed = list_variables(bare_shell, patterns=["zzz*"])
    assert (listed.variables, listed.left_out) == ((), 3)
    assert listed.total_bytes > 13_000


def test_hidden(bare_shell: InteractiveShell) -> None:
    """Outputs and tracebacks are listed on request, each object once."""
    run(bare_shell, "named = [1.5] * 1000", "named", "[2.5] * 1000")
    bare_shell.run_cell("def f():\n    x = [3.5] * 9000\n    1 / 0\nf()")
    listed = list_variables(bare_shell, hidden=True).variables
    found = {each.name: each for each in listed}
    number = bare_shell.execution_count - 1
    assert found[f"Out[{number}]"].is_hidden
    assert found[f"Out[{number}]"].size.bytes > 8000
    assert not found["named"].is_hidden
    # It is already listed as a variable.
    assert f"Out[{number - 1}]" not in found
    assert "linecache.cache" in found
    tracebacks = [name for name in found if name.startswith(("sys.last", "the last"))]
    assert max(found[name].size.bytes for name in tracebacks) > 70_000
    assert {"f"} <= set(found)


def test_what_a_name_reaches_in_the_shell(bare_shell: InteractiveShell) -> None:
    """A variable that refers to the shell does not count what the shell keeps."""
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
    """Types and shapes are read by the libraries' code, not by the user's."""

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


def test_what_holds_data_is_listed_like_a_variable(
    bare_shell: InteractiveShell,
) -> None:
    """Closures, classes and private names that hold data are listed, but no modules."""
    run(
        bare_shell,
        "import sys\ndef outer():\n    held = [1.5] * 50_000\n"
        "    return lambda: held\nclosure = outer()",
        "class Held:\n    table = [2.5] * 50_000\n_private = [3.5] * 50_000",
        "_small = 1.5",
    )
    assert sorted(names(bare_shell)) == ["Held", "_private", "closure"]
    assert names(bare_shell, patterns=["_small", "sys"]) != []


def test_every_kind_has_a_group() -> None:
    """Every kind of hidden holder has a description in the listing."""
    assert set(_GROUPS) == set(get_args(HolderKind))


@pytest.mark.own_process
def test_the_remainder(bare_shell: InteractiveShell) -> None:
    """The rows add up to the process; displayed data is a known part of the rest."""
    run(bare_shell, "held = b'x' * 20_000_000", "b'y' * 10_000_000")
    listed = list_variables(bare_shell)
    assert listed.remainder is not None
    rss_bytes = read_rss_bytes()
    rows_bytes = listed.variables[0].size.bytes + listed.remainder.bytes
    assert abs(rows_bytes - rss_bytes) < 0.05 * rss_bytes
    assert 10_000_000 <= listed.remainder.parts["outputs"] < 10_100_000
    assert list_variables(bare_shell, patterns=["held"]).remainder is None


@pytest.mark.own_process
@pytest.mark.skipif(sys.platform == "win32", reason="has no memory streams")
def test_fragments_are_a_part(bare_shell: InteractiveShell) -> None:
    """What survivors keep in Python's heap is a known part of the rest."""
    run(bare_shell, "numbers = [float(n) for n in range(2_000_000)]")
    run(bare_shell, "survivors = numbers[::1000]\nnumbers.clear()")
    remainder = list_variables(bare_shell).remainder
    assert remainder is not None
    assert remainder.parts["free in Python's heap"] > 50_000_000
    assert remainder.other_bytes < 100_000_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patterns": ["pricse"]}, r"no variable 'pricse'; did you mean prices\?"),
        ({"patterns": ["zzz"]}, "no variable 'zzz'; %memls lists the variables"),
        ({"patterns": ["Out"]}, "'Out' is IPython's own; %memls --all lists"),
        ({"patterns": ["_1"]}, "'_1' is IPython's own; %memls --all lists"),
        ({"patterns": ["Out[2]"]}, r"'Out\[2\]' is IPython's own"),
        ({"patterns": ["prices[0]"]}, r"is a part of prices; .* sizeof\(prices\[0\]\)"),
        ({"patterns": ["prices.x"]}, r"'prices.x' is a part of prices"),
        ({"types": ["List"]}, r"of type 'List'; did you mean list\?"),
        ({"types": ["complex"]}, "of type 'complex'; %memls shows the types"),
    ],
)
def test_what_there_is_not(
    bare_shell: InteractiveShell, options: Any, message: str
) -> None:
    """An unknown name or type is refused, with the closest match."""
    run(bare_shell, "prices = [1.5]\nprices")
    with pytest.raises(MemkitError, match=message):
        list_variables(bare_shell, **options)


def test_a_type_is_found_without_its_dtype(bare_shell: InteractiveShell) -> None:
    """An array has the type `ndarray`, whatever its dtype."""
    run(bare_shell, "import numpy as np\nnumbers = np.arange(3)")
    assert names(bare_shell, types=["ndarray", "list"]) == ["numbers"]


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The variables in the order in which they are measured."""
    names: list[str] = []

    def measure(values: Any, **options: Any) -> Any:
        names.extend(values)
        return sizes(values, **options)

    monkeypatch.setattr("jupyter_memkit.track.variables.sizes", measure)
    return names


def test_named_variables_come_first(
    shell: InteractiveShell, measured: list[str]
) -> None:
    """A variable that is named is measured before the others, while there is time."""
    shell.run_cell("large = [[] for _ in range(1000)]; small = [1]")
    list_variables(shell, patterns=["small"])
    assert measured[0] == "small"
    assert "large" in measured


def test_the_program_comes_last(shell: InteractiveShell, measured: list[str]) -> None:
    """The user's data is measured first, and long containers after other data.

    A library of which all names were imported has thousands of objects and classes.
    """
    run(
        shell,
        "from string import *",
        "class Tool: ...\ndef use(): ...\nrows = [1]\ntool = Tool()\n_private = [1]",
    )
    list_variables(shell)
    assert measured[:2] == ["tool", "rows"]
    after = measured.index("ascii_letters")
    assert after < min(map(measured.index, ["Tool", "use", "_private", "Template"]))
