"""The cells that set a variable and used it last."""

from __future__ import annotations

import pytest

from jupyter_memkit.cells.usage import NameUsage, find_usage


@pytest.mark.parametrize(
    ("cells", "name", "made_in", "used_in"),
    [
        (["", "x = 1", "y = 2", "print(x)"], "x", 1, 3),
        (["", "x = 1", "x = 2"], "x", 2, 2),
        (["", "import numpy as np", "import a.b"], "np", 1, 1),
        (["", "import a.b"], "a", 1, 1),
        (["", "from a import b as c"], "c", 1, 1),
        (["", "def f():\n    return x"], "f", 1, 1),
        (["", "def f():\n    return x"], "x", None, 1),
        (["", "class C: pass"], "C", 1, 1),
        (["", "for i in range(3): pass"], "i", 1, 1),
        (["", "get_ipython().run_line_magic('memls', 'df --exact')"], "df", None, 1),
        (
            ["", "get_ipython().run_cell_magic('time', '', 'total = sum(x)')"],
            "total",
            1,
            1,
        ),
        (["", "def f(): return x", "x = 1", "f()"], "x", 2, 3),
        (["", "def f(): return x", "def g(): return f()", "g()"], "x", None, 3),
        (["", "x = 1", "def f(x):\n    y = x\n    return y"], "x", 1, 1),
        (["", "def f(x):\n    y = x\n    return y"], "y", None, None),
        (["", "def f(x):\n    return g(x)", "f(1)"], "g", None, 2),
        (["", "[x for x in y]"], "x", None, None),
        (["", "this is no code", "x"], "x", None, 2),
        (["x = 1"] + ["pass"] * 300, "x", None, None),
    ],
)
def test_usage(
    cells: list[str], name: str, made_in: int | None, used_in: int | None
) -> None:
    """A cell's code counts, including magics and functions that it calls."""
    found = find_usage(cells).get(name, NameUsage())
    assert (found.made_in, found.used_in) == (made_in, used_in)
