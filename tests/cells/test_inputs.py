"""Finding the variables that a cell reads."""

from __future__ import annotations

import ast
import sys

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from jupyter_memkit.cells.inputs import add_function_inputs, find_inputs

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
        ("match y:\n    case 1:\n        x = 1\nx", ("y", "x")),
        ("match y:\n    case [x, *rows] if x:\n        x, rows", ("y",)),
        ("match 1:\n    case x.y:\n        pass", ("x",)),
        ("match 1:\n    case f(z=1) if y:\n        pass", ("f", "y")),
        ("x: f\nx", ("f", "x")),
        ("y and (x := 1)\nx", ("y", "x")),
        ("(x := 1) and y\nx", ("y",)),
        ("1 < y < (x := 2)\nx", ("y", "x")),
        ("z = (x := 1) if y else 2\nx", ("y", "x")),
        ("[x for x in rows]", ("rows",)),
        ("def g(x):\n    return x + y", ("y",)),
        ("x = 1\ndef g():\n    return x", ()),
        ("def g():\n    global x\n    x = 1", ("x",)),
        ("class C(f):\n    z = x", ("f", "x")),
        ("lambda x, z=y: x", ("y",)),
        ("await f(x)", ("f", "x")),
        ("eval('x + y')", ("x", "y")),
        ("df.query('a > @x')", ("df", "x")),
        ("print('x')", ()),
    ],
)
def test_find_inputs(code: str, expected: tuple[str, ...]) -> None:
    """Exactly the variables that may be read before they are set are inputs."""
    assert sorted(find_inputs(ast.parse(code), KNOWN)) == sorted(expected)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="it has no `except*`")
def test_except_star() -> None:
    """A name that is set under ``try`` may not be, whatever the handlers are."""
    tree = ast.parse("try:\n    x = f()\nexcept* y:\n    pass\nx")
    assert sorted(find_inputs(tree, KNOWN)) == ["f", "x", "y"]


def test_names_in_texts_of_functions() -> None:
    """A function also reads the names in texts that it passes to calls as code."""
    code = """
def run(): return [df.query("a > @limit") for _ in "x"]
def say(): return print("limit")
df = limit = 1
"""
    namespace: dict[str, object] = {}
    exec(code, namespace)
    assert add_function_inputs(["run"], namespace) == ("run", "df", "limit")
    assert add_function_inputs(["say"], namespace) == ("say",)


def test_add_function_inputs() -> None:
    """Functions, including nested ones, add the variables they read, not attributes."""
    code = """
def first(a): return second(a.other)
def second(a): return [lambda: deep for _ in a]
deep = other = unused = 1
"""
    namespace: dict[str, object] = {}
    exec(code, namespace)
    found = add_function_inputs(["first"], namespace)
    assert found == ("first", "second", "deep")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%%bash\necho df $x {rows}", ()),
        ("%%bash -s {x} $y\necho df", ("x", "y")),
        ("%%writefile out.py\ndf = x", ()),
        ("!ls df.csv rows/", ()),
        ("!echo {x} $y ${rows[0]} df", ("x", "y", "rows")),
        ("!echo {x!r} {y:.2f} {f(rows):>3}", ("x", "y", "f", "rows")),
        ("!awk '{print df}' x.txt", ()),
        ("names = !ls df*", ()),
        ("%cd df", ()),
        ("%env df=x", ()),
        ("%pip install df", ()),
        ("%run df.py x", ()),
        ("%matplotlib inline", ()),
        ("%timeit -n 10 -r3 f(x)", ("f", "x")),
        ("%time rows = f(x)", ("f", "x")),
        ("%prun f(df.y)", ("f", "df")),
        ("took = %timeit -o f(x)", ("f", "x")),
        ("%%time\n!ls df\nrows = f(x)\nrows", ("f", "x")),
        ("%%time\nfor x in rows:\n    !echo df {y}", ("rows", "y")),
        ("%%capture df\n%%bash\necho x", ()),
        ("%%capture\n%cd df\nx", ("x",)),
        ("%%capture\n%%time\nf(x)", ("f", "x")),
        ("%%timeit x = 1\nf(x, y)", ("f", "x", "y")),
        ("x?", ("x",)),
        ("%pinfo x", ("x",)),
        ("%unknown df x", ()),
        ("def g():\n    !echo df {x}", ("x",)),
    ],
)
def test_magics(cell: str, expected: tuple[str, ...]) -> None:
    """Only the parts of magics that are expanded or run as code name variables."""
    tree = ast.parse(TransformerManager().transform_cell(cell))
    assert set(find_inputs(tree, KNOWN)) == set(expected)
