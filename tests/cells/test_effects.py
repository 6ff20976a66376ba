"""Finding the variable in which a cell accumulates."""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_memkit.cells.effects import find_accumulated

NAMESPACE: dict[str, Any] = {"np": np, "math": math, "model": object(), "rate": 2}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("total += len(chunk)", "total"),
        ("total = total + len(chunk)", "total"),
        ("model.partial_fit(chunk)", "model"),
        ("parts.append(chunk.sum())", "parts"),
        ("counts[chunk.name] = 1", "counts"),
        ("model.seen = len(chunk)", "model"),
        ("seen |= set(chunk)", "seen"),
        ("del cache['a']", "cache"),
        ("print(first)\ndel first", "first"),
        ("class Total:\n    pass\nTotal()\nn += 1", "n"),
        ("if n > 5:\n    pass\nn = len(chunk)", "n"),
        ("def f():\n    global n\n    n = n + 1\nf()", "n"),
        ("[parts := parts + [x] for x in chunk]", "parts"),
    ],
)
def test_accumulating(code: str, name: str) -> None:
    """The variable in which a cell keeps something for the next chunk is found."""
    assert find_accumulated(ast.parse(code), "chunk", NAMESPACE) == name


@pytest.mark.parametrize(
    "code",
    [
        "n = len(chunk)\nn + 1",
        "n = len(chunk)\nn += 1",
        "for i in range(3):\n    y = i\ny",
        "[i for i in chunk]",
        "{k: v for k, v in chunk.items()}",
        "np.save('x', chunk)",
        "print(len(chunk))",
        "chunk['r'] = 1\nchunk.r.sum()",
        "chunk.sort_values('a', inplace=True)",
        "r = chunk.a * rate\nr.sum()",
        "parts = []\nparts.append(chunk.sum())\nsum(parts)",
        "with open('x') as file:\n    file.write('a')",
        "def f(a):\n    b = a + 1\n    return b\nf(chunk)",
        "(lambda c: c.sum())(chunk)",
        "import math as m\nm.sqrt(len(chunk))",
        "a, b = len(chunk), 2\na + b",
        "model.predict(chunk).sum()",
        "try:\n    len(chunk)\nexcept TypeError as error:\n    print(error)",
        "match len(chunk):\n    case n:\n        print(n)",
        "async def f(a):\n    return a\nf(chunk)",
        "class Sums(dict):\n    pass\nSums()",
        "n = len(chunk)\ndel n",
        "(lambda rate: rate + 1)(2)\nlen(chunk) * rate",
    ],
)
def test_independent(code: str) -> None:
    """Nothing is found in a cell whose chunks are independent."""
    assert find_accumulated(ast.parse(code), "chunk", NAMESPACE) is None


NOTEBOOK = """
import logging
log, cache, seen, n = logging.getLogger(), {}, [], 0
class State: pass
state = State(); state.rows = 0
def count(c): state.rows += len(c); return len(c)
def keep(c): seen.append(len(c)); return len(c)
def add(c):
    global n
    n += len(c)
def outer(c): return keep(c)
def plain(c): log.info(len(c)); cache[1] = c; own = []; own.append(c); return own
"""


@pytest.fixture
def notebook(shell: InteractiveShell) -> dict[str, Any]:
    """The namespace of a shell with functions, whose source it knows."""
    shell.run_cell(NOTEBOOK).raise_error()
    return dict(shell.user_ns)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("count(chunk)", "state"),
        ("keep(chunk)", "seen"),
        ("add(chunk)", "n"),
        ("sum(map(outer, [chunk]))", "seen"),
        ("plain(chunk)", None),
    ],
)
def test_functions_of_the_notebook(
    notebook: dict[str, Any], code: str, name: str | None
) -> None:
    """What a function accumulates is found, unlike a log or a cache that it fills."""
    assert find_accumulated(ast.parse(code), "chunk", notebook) == name
