"""Which variables a cell reads."""

from __future__ import annotations

import ast

import pytest

from jupyter_memkit.techniques.cell_inputs import add_function_inputs, find_inputs

KNOWN = {"df", "x", "y", "rows", "f"}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("df.sum()", ("df",)),
        ("df = read()\ndf.sum()", ()),
        ("df = df.head()", ("df",)),
        ("x += 1", ("x",)),
        ("x: int = 1\nx", ()),
        ("rows[0] = 1", ("rows",)),
        ("df.name = 'a'", ("df",)),
        ("del x", ("x",)),
        ("(x := 1) + x", ("x",)),
        ("other + 1", ()),
        ("import json as x\nx.dumps(y)", ("y",)),
        ("f'{x}'", ("x",)),
        ("if y:\n    x = 1\nx", ("y", "x")),
        ("if y:\n    x = 1\nelse:\n    x = 2\nx", ("y",)),
        ("for x in rows:\n    y = x\ny", ("rows", "y")),
        ("for rows[0] in y: pass", ("y", "rows")),
        ("while y:\n    x = 1", ("y",)),
        ("with open(y) as x:\n    x.read()", ("y",)),
        ("try:\n    x = 1\nexcept f as y:\n    y\nx", ("f", "x")),
        ("[x for x in rows]", ("rows",)),
        ("def g(x):\n    return x + y", ("y",)),
        ("x = 1\ndef g():\n    return x", ()),
        ("def g():\n    global x\n    x = 1", ("x",)),
        ("class C(f):\n    z = x", ("f", "x")),
        ("lambda x, z=y: x", ("y",)),
        ("await f(x)", ("f", "x")),
        ("eval('x + y')", ("x", "y")),
        ("df.query('a > @x')", ("df", "x")),
        ("get_ipython().run_line_magic('timeit', 'f(x)')", ("f", "x")),
        ("print('x')", ()),
    ],
)
def test_find_inputs(code: str, expected: tuple[str, ...]) -> None:
    """What is read before it is surely set comes from outside, and nothing else."""
    assert sorted(find_inputs(ast.parse(code), KNOWN)) == sorted(expected)


def test_add_function_inputs() -> None:
    """Functions add what they read, nested ones too, but no attributes."""
    code = """
def first(a): return second(a.other)
def second(a): return [lambda: deep for _ in a]
deep = other = unused = 1
"""
    namespace: dict[str, object] = {}
    exec(code, namespace)
    found = add_function_inputs(["first"], namespace)
    assert found == ("first", "second", "deep")
