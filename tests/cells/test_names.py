"""The names in a piece of code."""

from __future__ import annotations

import ast

import pytest

from jupyter_memkit.cells.names import find_bound_names, find_global_names


@pytest.mark.parametrize(
    ("code", "read", "bound"),
    [
        ("y = x", {"x"}, {"y"}),
        ("x += 1", {"x"}, {"x"}),
        ("del x, y[0]", {"x", "y"}, {"x"}),
        ("import a.b as c, d.e", set(), {"c", "d"}),
        ("[n for n in x]", {"x"}, set()),
        ("{n: k for n, k in x}", {"x"}, set()),
        ("[y := n for n in x]", {"x", "y"}, set()),
        ("[[n for n in row] for row in x]", {"x"}, set()),
        ("def f(n):\n    k = n\n    return k + x", {"x"}, {"f"}),
        ("def f():\n    global x\n    x += 1", {"x"}, {"f"}),
        ("def f():\n    n = 1\n    def g():\n        return n", set(), {"f"}),
        ("class C(x):\n    n = y", {"x", "y"}, {"C"}),
        ("try:\n    pass\nexcept x as error:\n    pass", {"x"}, {"error"}),
    ],
)
def test_global_names(code: str, read: set[str], bound: set[str]) -> None:
    """Variables of functions and comprehensions are not those of the notebook."""
    found, set_here = find_global_names(ast.parse(code))
    assert (set(found), set_here) == (read, bound)


def test_names_bound_anywhere() -> None:
    """Every way of binding a name counts, in every scope."""
    code = """
import a.b, c as d
for e in []: pass
with f() as g: pass
def h(i, *j, k=0, **l): m = 1
class N: pass
try: pass
except F as o: pass
match x:
    case [p, *q]: pass
    case {"a": 1, **r}: pass
    case X() as s: pass
[t for t in x]
(u := 1)
lambda v: v
"""
    assert find_bound_names(ast.parse(code)) == set("adeghijklmNopqrstuv")
